import { setTimeout as delay } from 'node:timers/promises';
import { SerialQueue } from '../../frr/serial-queue.ts';

/** Rest after each task, in times of what it took. */
const REST = 9;

/** Runs tasks one after the other, with so much rest between them that they never take more than a tenth of the time. */
export class PacedQueue {
  readonly #turns = new SerialQueue();

  run<T>(task: () => Promise<T>): Promise<T> {
    let tookMs = 0;
    const result = this.#turns.run(async () => {
      const began = performance.now();
      try {
        return await task();
      } finally {
        tookMs = performance.now() - began;
      }
    });
    void this.#turns.run(() => delay(REST * tookMs, undefined, { ref: false }));
    return result;
  }
}
