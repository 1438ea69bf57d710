import type { FrrDeadlines } from './frr-daemon.ts';
import { isRunnable, processorTimeOf } from './process-table.ts';
import type { VtyClient } from './vty-client.ts';

/** A process that does not answer: processor time in ms that it had used when that began, and when last looked at. */
interface Silence {
  readonly pid: number;
  readonly since: number;
  readonly seen: number;
}

/** Tells a daemon that hangs from one that is busy. */
export class DaemonHealth {
  readonly #deadlines: Pick<FrrDeadlines, 'healthMs' | 'busyMs'>;
  #silence: Silence | null = null;

  constructor(deadlines: Pick<FrrDeadlines, 'healthMs' | 'busyMs'>) {
    this.#deadlines = deadlines;
  }

  /**
   * A daemon with hundreds of paths to compute may be busy for long, and on a crowded machine it has to wait for a
   * processor besides: only what it had of one is held against it.
   */
  async isWell(pid: number, client: Pick<VtyClient, 'answersWithin'>): Promise<boolean> {
    const { healthMs, busyMs } = this.#deadlines;
    const before = processorTimeOf(pid);
    if (await client.answersWithin(healthMs)) {
      this.#silence = null;
      return true;
    }
    const { since, seen } = this.#silence?.pid === pid ? this.#silence : { since: before, seen: before };
    const used = processorTimeOf(pid);
    this.#silence = { pid, since, seen: used };
    return (isRunnable(pid) || used > seen) && used - since < busyMs;
  }
}
