/** Runs tasks one after another, each whether or not the one before failed. */
export interface TaskQueue {
  run<T>(task: () => Promise<T>): Promise<T>;
  /** Resolves when everything that was queued has ended. */
  idle(): Promise<void>;
}

export function createTaskQueue(): TaskQueue {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(task) {
      const done = last.then(task);
      last = done.catch(() => {});
      return done;
    },
    async idle() {
      await last;
    },
  };
}
