import { BURST_PAUSE_MS, joinBursts, type RouteBurst } from '../../model/route-burst.ts';
import type { OverlayNodeStatus } from '../../model/status.ts';

/**
 * When the routes of one overlay came to rest, from what its nodes say of their latest route changes. Times are of the
 * controller's own clock, in ms: nodes say how long ago a change was.
 */
export class Convergence {
  readonly #clock: () => number;
  readonly #bursts = new Map<string, RouteBurst>();
  #committedAt: number | null = null;
  #readyAt: number | null = null;
  #tookMs: number | null;

  /** @param tookMs what was measured of the same change before; null where nothing was */
  constructor(clock: () => number, tookMs: number | null) {
    this.#clock = clock;
    this.#tookMs = tookMs;
  }

  /** From the acknowledged change to the last route of the last router, in ms; null until then. */
  get tookMs(): number | null {
    return this.#tookMs;
  }

  /** The latest route changes anywhere in the overlay; null where none is known of. */
  get latest(): RouteBurst | null {
    return joinBursts([...this.#bursts.values()]);
  }

  /** The change was acknowledged just now. */
  committed(): void {
    this.#committedAt = this.#clock();
  }

  /** Every router has every route. */
  ready(): void {
    this.#readyAt = this.#clock();
    this.#measure();
  }

  reported(node: string, changes: OverlayNodeStatus['routeChanges']): void {
    if (changes === null) {
      this.#bursts.delete(node);
      return;
    }
    const now = this.#clock();
    const burst = { first: now - changes.firstAgoMs, last: now - changes.lastAgoMs };
    const known = this.#bursts.get(node);
    if (known !== undefined && Math.abs(known.last - burst.last) < JITTER_MS) return;
    this.#bursts.set(node, burst);
    this.#measure();
  }

  /** A change that led to no route change, or to none that was told of, was over when the last router was ready. */
  #measure(): void {
    if (this.#committedAt === null || this.#readyAt === null) return;
    const changes = this.latest;
    if (changes !== null && changes.last > this.#committedAt && this.#isOfThisChange(changes))
      this.#tookMs = changes.last - this.#committedAt;
    else this.#tookMs ??= this.#readyAt - this.#committedAt;
  }

  /** Better routes may follow the first ones; those that come much later have another cause. */
  #isOfThisChange({ first, last }: RouteBurst): boolean {
    const readyAt = this.#readyAt ?? 0;
    return first <= readyAt && last <= readyAt + BURST_PAUSE_MS;
  }
}

/** The same change, said again, seems to have been at another time by what the message took. */
const JITTER_MS = 100;
