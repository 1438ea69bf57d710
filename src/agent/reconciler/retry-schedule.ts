/** When something that failed may be tried again: at once, then after pauses that double. Times in ms. */
export class RetrySchedule {
  private readonly now: () => number;
  private readonly firstPauseMs: number;
  private readonly longestPauseMs: number;
  private readonly entries = new Map<string, { failures: number; notBefore: number }>();

  constructor(now: () => number, firstPauseMs: number, longestPauseMs: number) {
    this.now = now;
    this.firstPauseMs = firstPauseMs;
    this.longestPauseMs = longestPauseMs;
  }

  failed(key: string): void {
    const failures = (this.entries.get(key)?.failures ?? 0) + 1;
    const pauseMs = Math.min(this.firstPauseMs * 2 ** (failures - 1), this.longestPauseMs);
    this.entries.set(key, { failures, notBefore: this.now() + pauseMs });
  }

  succeeded(key: string): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }

  mayTry(key: string): boolean {
    return (this.entries.get(key)?.notBefore ?? 0) <= this.now();
  }

  /**
   * Milliseconds until something may be tried that could not be at `since`, 0 when its pause is over by now; null when
   * there is no such thing.
   */
  nextInMs(since: number): number | null {
    const waiting = [...this.entries.values()]
      .map(({ notBefore }) => notBefore)
      .filter((time) => time > since);
    return waiting.length === 0 ? null : Math.max(0, Math.min(...waiting) - this.now());
  }
}
