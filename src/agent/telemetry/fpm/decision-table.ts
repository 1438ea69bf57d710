import { VinetError } from '../../../model/vinet-error.ts';
import type { RouteDecision } from './route-decision.ts';

/** The routes that one router's zebra has chosen. */
export class DecisionTable {
  /** Protocol in the low byte, group of next hops above it. */
  readonly #chosen = new Map<string, number>();

  get size(): number {
    return this.#chosen.size;
  }

  /** Whether it changed anything; a decision that is only repeated does not. Fails with `protocol` when there are too many. */
  take({ key, protocol, nextHopGroup, chosen }: RouteDecision): boolean {
    const before = this.#chosen.get(key);
    if (!chosen) {
      // When another protocol's route took its place already, this one's end is old news.
      if (before === undefined || before % PROTOCOLS !== protocol) return false;
      return this.#chosen.delete(key);
    }
    const value = nextHopGroup * PROTOCOLS + protocol;
    if (value === before && nextHopGroup !== 0) return false;
    if (before === undefined && this.#chosen.size >= MAX_ROUTES)
      throw new VinetError('protocol', `more than ${MAX_ROUTES} routes`);
    this.#chosen.set(key, value);
    return true;
  }

  clear(): void {
    this.#chosen.clear();
  }

  /** Protocol numbers by key. */
  *entries(): Generator<{ readonly key: string; readonly protocol: number }> {
    for (const [key, value] of this.#chosen) yield { key, protocol: value % PROTOCOLS };
  }
}

/** More than the whole Internet has: who sends this many is no zebra. */
const MAX_ROUTES = 2_000_000;
const PROTOCOLS = 256;
