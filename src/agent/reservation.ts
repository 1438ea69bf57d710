/** A candidate that was prepared and neither came true nor was aborted is forgotten after this long. */
const LONGEST_MS = 60_000;

/** At most one deployment is being prepared on a node; its place is kept until it is settled. */
export class Reservation {
  private readonly now: () => number;
  private held: { readonly transaction: string; readonly until: number } | null = null;

  constructor(now: () => number) {
    this.now = now;
  }

  /** False when another transaction holds the node. */
  take(transaction: string): boolean {
    if (this.held !== null && this.held.transaction !== transaction && this.held.until > this.now())
      return false;
    this.held = { transaction, until: this.now() + LONGEST_MS };
    return true;
  }

  release(transaction: string): void {
    if (this.held?.transaction === transaction) this.held = null;
  }

  clear(): void {
    this.held = null;
  }
}
