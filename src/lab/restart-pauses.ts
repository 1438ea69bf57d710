/** A process that ran this long was well: when it dies, it is started again at once. */
const WELL_AFTER_MS = 5_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 4_000;

/** How long to wait before a dead process is started again: not at all, then 1 s, doubled up to 4 s. */
export class RestartPauses {
  private readonly last = new Map<string, { readonly startedAt: number; readonly pauseMs: number }>();

  /** In ms, for a process that is found dead and was started again at this time when it died before. */
  pauseAfterDeath(name: string, now: number): number {
    const last = this.last.get(name);
    if (last === undefined || now - last.startedAt >= WELL_AFTER_MS) return 0;
    return last.pauseMs === 0 ? FIRST_PAUSE_MS : Math.min(2 * last.pauseMs, LONGEST_PAUSE_MS);
  }

  started(name: string, pauseMs: number, now: number): void {
    this.last.set(name, { startedAt: now, pauseMs });
  }
}
