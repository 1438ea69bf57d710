import type { Change } from '../../model/change.ts';
import type { DaemonName } from '../../model/node-state.ts';

/** Starting fewer routers than this at a time is no storm worth slowing anyone for. */
const STORM_FROM_ROUTERS = 8;
/** A router that never gets all its routes reacts fast again after this long. */
const LONGEST_MS = 60_000;

/** OSPF's delay before a computation of routes, hold time and its maximum, in ms, while many routers come up. */
const GENTLE_SPF = ' timers throttle spf 300 600 3000';
const SPF_LINE = /^ timers throttle spf .*$/m;

/**
 * While hundreds of routers come up together, each would compute its routes anew for every neighbour of every
 * other; told to wait a little, they are done in half the time. A router goes back to its declared timers once
 * it has all its routes: until then the difference between what it was told and what is declared is held back.
 * An agent that starts knows of no settling router, so whatever it finds is given its declared timers at once.
 */
export class Settling {
  private readonly now: () => number;
  private readonly since = new Map<string, number>();
  private readonly over = new Set<string>();

  constructor(now: () => number) {
    this.now = now;
  }

  /** The configuration to start a daemon with, when `routers` are started together. */
  begin(namespace: string, daemon: DaemonName, config: string, routers: number): string {
    if (daemon !== 'ospfd' || routers < STORM_FROM_ROUTERS) return config;
    const gentle = config.replace(SPF_LINE, GENTLE_SPF);
    if (gentle !== config) this.since.set(namespace, this.now());
    return gentle;
  }

  /** Whether a change only brings back declared timers, and it is too early for that. */
  holds(change: Change): boolean {
    const since = this.since.get(change.namespace);
    return change.kind === 'configure-daemon' && since !== undefined && this.now() - since < LONGEST_MS;
  }

  /** The router has all its routes. True when it was settling, so that it now has something to be told. */
  end(namespace: string): boolean {
    if (!this.since.delete(namespace)) return false;
    this.over.add(namespace);
    return true;
  }

  /** Whether a change is the one that `end` let through, and nobody else's doing. */
  explains(change: Change): boolean {
    return (
      change.kind === 'configure-daemon' &&
      (this.over.has(change.namespace) || this.since.has(change.namespace))
    );
  }

  /** All that may be changed is as declared. */
  settled(): void {
    this.over.clear();
  }

  /** Routers that are about to be removed settle no more. */
  forgetAllBut(wanted: ReadonlySet<string>): void {
    for (const namespace of this.since.keys()) if (!wanted.has(namespace)) this.since.delete(namespace);
  }

  /** Milliseconds until the longest settling router has had its time; null when none is. */
  nextInMs(): number | null {
    if (this.since.size === 0) return null;
    return Math.max(1, Math.min(...this.since.values()) + LONGEST_MS - this.now());
  }
}
