import { constants, setPriority } from 'node:os';
import { ChildReaper } from './child-reaper.ts';
import type { DetachedOptions, DetachedProcess } from './kernel.ts';
import type { NetworkThread } from './network-thread.ts';
import { loadPosixSpawn } from './posix-spawn.ts';

/** Starts processes that outlive this one; see `Namespace.startDetached`. */
export class DetachedProcesses {
  readonly #thread: NetworkThread;
  readonly #spawn = loadPosixSpawn();
  readonly #reaper = new ChildReaper();

  constructor(thread: NetworkThread) {
    this.#thread = thread;
  }

  /** @param fd of the namespace */
  start(
    fd: number,
    program: string,
    argv: readonly string[],
    { netns, files, ...options }: DetachedOptions,
  ): DetachedProcess {
    const start = () => this.#spawn(program, argv, options);
    const pid = this.#thread.inNamespace(fd, () => this.#thread.withView({ netns, files }, start));
    const ended = this.#reaper.watch(pid);
    // The agent may run at a higher priority, which is not for what it starts.
    if (ended() === null) setPriority(pid, constants.priority.PRIORITY_NORMAL);
    return { pid, ended };
  }

  /** They go on; how they end is not asked any more. */
  close(): void {
    this.#reaper.close();
  }
}
