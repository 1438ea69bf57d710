import { RetrySchedule } from './retry-schedule.ts';

/** A daemon that lived this long had not crashed on what it was told; its next restart is immediate again. */
const STABLE_AFTER_MS = 60_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** Counts deaths of daemons and spaces their restarts: the first is immediate, a crash loop slows down. */
export class DaemonRestarts {
  private readonly now: () => number;
  private readonly schedule: RetrySchedule;
  private readonly deaths = new Map<string, { count: number; last: number }>();

  constructor(now: () => number) {
    this.now = now;
    this.schedule = new RetrySchedule(now, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  }

  died(namespace: string, daemon: string): void {
    const key = `${namespace} ${daemon}`;
    const before = this.deaths.get(key);
    const again = before !== undefined && this.now() - before.last < STABLE_AFTER_MS;
    if (again) this.schedule.failed(key);
    else this.schedule.succeeded(key);
    this.deaths.set(key, { count: (before?.count ?? 0) + 1, last: this.now() });
  }

  mayStart(namespace: string, daemon: string): boolean {
    return this.schedule.mayTry(`${namespace} ${daemon}`);
  }

  /** Restarts since the agent has known the daemon. */
  countOf(namespace: string, daemon: string): number {
    return this.deaths.get(`${namespace} ${daemon}`)?.count ?? 0;
  }

  /** As `RetrySchedule.nextInMs`. */
  nextInMs(since: number): number | null {
    return this.schedule.nextInMs(since);
  }

  forget(namespace: string): void {
    for (const key of this.deaths.keys())
      if (key.startsWith(`${namespace} `)) {
        this.deaths.delete(key);
        this.schedule.succeeded(key);
      }
  }
}
