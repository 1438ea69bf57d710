import type { Namespace, Watch } from '../../kernel/kernel.ts';
import type { PacedQueue } from './paced-queue.ts';
import { findDifferences, NO_DIFFERENCES, type RouteDifferences } from './route-differences.ts';
import type { RouterDecisions } from './route-stream.ts';

/** Both sides have been quiet for this long before they are compared, and once more before anybody is told. */
const GRACE_MS = 1_000;
/** How often a router is looked at whose differences have been told. */
const RECHECK_MS = 5_000;

type HeardDecisions = Pick<RouterDecisions, 'isConnected' | 'lastHeardAt' | 'decisions'>;

export interface RouteAuditOptions {
  readonly now: () => number;
  /** Tables are read one after the other, whichever router's. */
  readonly turns: Pick<PacedQueue, 'run'>;
  /** Differences that last came, changed or went. */
  readonly onDifference: (before: RouteDifferences, after: RouteDifferences) => void;
}

/**
 * Compares one router's kernel table with what its zebra has chosen, soon after either of them changed. A
 * difference counts only when it is found twice, a grace apart: the two streams are never told at one moment.
 */
export class RouteAudit {
  readonly #namespace: Namespace;
  readonly #stream: HeardDecisions;
  readonly #options: RouteAuditOptions;
  #timer: NodeJS.Timeout | null = null;
  /** Set while nothing is due: the kernel then says when that may have changed. */
  #watch: Watch | null = null;
  #suspected = NO_DIFFERENCES;
  #confirmed = NO_DIFFERENCES;
  #working = false;
  #closed = false;

  constructor(namespace: Namespace, stream: HeardDecisions, options: RouteAuditOptions) {
    this.#namespace = namespace;
    this.#stream = stream;
    this.#options = options;
  }

  get differences(): RouteDifferences {
    return this.#confirmed;
  }

  /** Something may have changed; both are compared when they are quiet. */
  suspect(): void {
    this.#unwatch();
    this.#schedule(GRACE_MS);
  }

  close(): void {
    this.#closed = true;
    this.#unwatch();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #schedule(pauseMs: number): void {
    if (this.#timer !== null || this.#working || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#work();
    }, pauseMs);
    this.#timer.unref();
  }

  async #work(): Promise<void> {
    // Without zebra there is nothing to compare with; when it connects, this is called for again.
    if (!this.#stream.isConnected) return;
    const quietMs = this.#options.now() - this.#stream.lastHeardAt;
    if (quietMs < GRACE_MS) return this.#schedule(GRACE_MS - quietMs);
    this.#working = true;
    const found = await this.#options.turns.run(() => this.#compare()).catch(() => null);
    this.#working = false;
    if (this.#closed) return;
    if (found === null) this.#schedule(GRACE_MS);
    else this.#settle(found, intersect(found, this.#suspected));
  }

  /** Null when a decision came in while the table was read. */
  async #compare(): Promise<RouteDifferences | null> {
    if (this.#closed) return null;
    const heardAt = this.#stream.lastHeardAt;
    // Watched from before it is read, so that no change in between is lost.
    this.#watch ??= this.#namespace.watchRoutes(() => this.suspect());
    const table = await this.#namespace.readRoutes();
    return this.#stream.lastHeardAt === heardAt
      ? findDifferences(this.#stream.decisions, table, this.#namespace.table)
      : null;
  }

  #settle(found: RouteDifferences, confirmed: RouteDifferences): void {
    const before = this.#confirmed;
    this.#suspected = found;
    this.#confirmed = confirmed;
    if (!isSame(before, confirmed)) this.#options.onDifference(before, confirmed);
    if (!isSame(found, NO_DIFFERENCES)) this.#schedule(isSame(found, confirmed) ? RECHECK_MS : GRACE_MS);
    else if (this.#watch === null) this.#schedule(GRACE_MS);
  }

  #unwatch(): void {
    this.#watch?.close();
    this.#watch = null;
  }
}

function intersect(a: RouteDifferences, b: RouteDifferences): RouteDifferences {
  return {
    missing: a.missing.filter((entry) => b.missing.includes(entry)),
    stray: a.stray.filter((entry) => b.stray.includes(entry)),
  };
}

function isSame(a: RouteDifferences, b: RouteDifferences): boolean {
  return a.missing.join() === b.missing.join() && a.stray.join() === b.stray.join();
}
