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
 * other; told to wait a little, they are done in half the time. They go back to their declared timers once all of
 * them have all their routes: until then the difference between what it was told and what is declared is held back.
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

  /** The router is given its declared timers. */
  end(namespace: string): void {
    if (this.since.delete(namespace)) this.over.add(namespace);
  }

  /** All routers have all their routes. True when some were settling, so that there is now something to be told. */
  endAll(): boolean {
    const settling = [...this.since.keys()];
    for (const namespace of settling) this.end(namespace);
    return settling.length > 0;
  }

  /** Whether a change is the one that `end` let through, and nobody else's doing. */
  explains(change: Change): boolean {
    return (
      change.kind === 'configure-daemon' &&
      (this.over.has(change.namespace) || this.since.has(change.namespace))
    );
  }

  /** All is as declared but for what `holds` kept back. */
  settled(held: readonly Change[]): void {
    const namespaces = new Set(held.map(({ namespace }) => namespace));
    for (const namespace of this.since.keys()) if (!namespaces.has(namespace)) this.since.delete(namespace);
    this.over.clear();
  }

  /** Milliseconds until a router has settled long enough; null when none is waiting. */
  nextInMs(): number | null {
    const left = [...this.since.values()]
      .map((since) => since + LONGEST_MS - this.now())
      .filter((ms) => ms > 0);
    return left.length === 0 ? null : Math.min(...left);
  }
}
