import { extendBurst, type RouteBurst } from '../../../model/route-burst.ts';
import { DecisionTable } from './decision-table.ts';
import type { RouteDecision } from './route-decision.ts';

/** What zebra knew before it connected arrives in one go; it tells of no change. */
const REPLAY_MS = 1_000;

/** The routes that zebra has chosen for one router, and when that changed. Times are in ms of one clock. */
export class DecisionLog {
  readonly decisions = new DecisionTable();
  #connectedAt: number;
  #lastDecisionAt = 0;
  #unsettled = 0;
  #burst: RouteBurst | null = null;
  #changes = 0;

  /** @param connectedAt when zebra began to tell */
  constructor(connectedAt = 0) {
    this.#connectedAt = connectedAt;
  }

  /** When zebra last connected or said something. */
  get lastHeardAt(): number {
    return Math.max(this.#connectedAt, this.#lastDecisionAt);
  }

  /** Latest changes; null when there were none. */
  get burst(): RouteBurst | null {
    return this.#burst;
  }

  /** Decisions that changed something. */
  get changes(): number {
    return this.#changes;
  }

  /** zebra tells everything anew. */
  begin(now: number): void {
    this.#connectedAt = now;
    this.decisions.clear();
  }

  /** Fails with `protocol` when there are too many routes. */
  take(decision: RouteDecision): void {
    if (this.decisions.take(decision)) this.#unsettled += 1;
  }

  /** Decisions were taken, all at this time. */
  settle(now: number): void {
    this.#lastDecisionAt = now;
    const changes = this.#unsettled;
    this.#unsettled = 0;
    if (changes === 0 || now - this.#connectedAt < REPLAY_MS) return;
    this.#changes += changes;
    this.note(now);
  }

  /** A route changed, whoever says so. */
  note(now: number): void {
    this.#burst = extendBurst(this.#burst, now);
  }
}
