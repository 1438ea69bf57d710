import { addressBits, contains, type IpPrefix, parseIpPrefix } from '../../model/ip-prefix.ts';
import type { Route } from '../../model/route.ts';
import { errorText } from '../../model/vinet-error.ts';
import type { Namespace, Watch } from '../kernel/kernel.ts';
import { forEachAtOnce } from '../reconciler/worker-pool.ts';

/** Reading tables takes at most about this part of the time while routers converge. */
const SHARE_OF_TIME = 0.05;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** Routes that change mostly give way to others, many at a time: a complete router is read again after this. */
const SETTLE_MS = 1_000;
/** Tables that are read side by side; each takes the kernel some turns of the event loop. */
const READS_AT_ONCE = 8;

/** What a router's kernel table came to when it was last read. */
export interface RouteTally {
  /** Destinations of the overlay that the table has a route to, the router's own among them. */
  readonly reached: number;
  readonly destinations: number;
  /** Routes by `FAMILY PROTOCOL`, such as `ipv4 ospf`. */
  readonly routes: ReadonlyMap<string, number>;
}

/** What a router's table is held against. */
export interface WantedRoutes {
  readonly destinations: readonly string[];
  /** Addresses of the router itself. */
  readonly own: readonly string[];
  /** Whether a route to a whole range stands for those to its parts. */
  readonly summarized: boolean;
}

interface Watched {
  readonly namespace: Namespace;
  readonly wanted: WantedRoutes;
  tally: RouteTally;
  /** Set while every destination is reached: the kernel then says when that may have changed. */
  watch: Watch | null;
}

/**
 * Knows which routers have all their routes. A router that lacks some is read again and again, at a bounded
 * cost; one that has them all is left alone until the kernel says that a route came or went.
 */
export class RouteWatch {
  private readonly now: () => number;
  private readonly onChange: (namespace: string) => void;
  private readonly onError: (message: string) => void;
  private readonly watched = new Map<string, Watched>();
  private timer: { readonly handle: NodeJS.Timeout; readonly dueAt: number } | null = null;
  private sweeping = false;
  /** Some router lacked routes when last looked at. */
  private converging = false;
  private probe = 0;
  private lastFullSweep = 0;
  private fullSweepPauseMs = 0;

  constructor(options: {
    now: () => number;
    onChange: (namespace: string) => void;
    onError: (message: string) => void;
  }) {
    this.now = options.now;
    this.onChange = options.onChange;
    this.onError = options.onError;
  }

  /** Watches a router's table from now on; the same again, with nothing new, changes nothing. */
  follow(namespace: Namespace, wanted: WantedRoutes): void {
    const before = this.watched.get(namespace.name);
    if (before?.namespace === namespace && isSame(before.wanted, wanted)) return;
    this.unfollow(namespace.name);
    const tally = { reached: 0, destinations: wanted.destinations.length, routes: new Map<string, number>() };
    this.watched.set(namespace.name, { namespace, wanted, tally, watch: null });
    this.schedule(SHORTEST_PAUSE_MS);
  }

  unfollow(name: string): void {
    this.watched.get(name)?.watch?.close();
    this.watched.delete(name);
  }

  tallyOf(name: string): RouteTally | null {
    return this.watched.get(name)?.tally ?? null;
  }

  names(): readonly string[] {
    return [...this.watched.keys()];
  }

  close(): void {
    for (const name of this.names()) this.unfollow(name);
    this.unschedule();
  }

  private schedule(pauseMs: number): void {
    const dueAt = this.now() + pauseMs;
    if (this.sweeping || (this.timer !== null && this.timer.dueAt <= dueAt)) return;
    this.unschedule();
    const handle = setTimeout(() => {
      this.timer = null;
      void this.sweep();
    }, pauseMs);
    handle.unref();
    this.timer = { handle, dueAt };
  }

  private unschedule(): void {
    if (this.timer !== null) clearTimeout(this.timer.handle);
    this.timer = null;
  }

  /**
   * Routers of an overlay get their last routes at about the same time. So one of them is looked at often,
   * and all of them only when that one is complete or a while has passed.
   */
  private async sweep(): Promise<void> {
    this.sweeping = true;
    const startedAt = this.now();
    if (!this.converging) this.lastFullSweep = startedAt;
    const incomplete = this.incomplete();
    const scout = incomplete[this.probe++ % Math.max(1, incomplete.length)];
    if (scout !== undefined) await this.read(scout);
    const all = scout?.watch !== null || startedAt - this.lastFullSweep >= this.fullSweepPauseMs;
    if (all) {
      const others = incomplete.filter((entry) => entry !== scout);
      await forEachAtOnce(others, READS_AT_ONCE, async (entry) => {
        if (this.watched.get(entry.namespace.name) === entry) await this.read(entry, scout?.watch !== null);
      });
      this.lastFullSweep = this.now();
      this.fullSweepPauseMs = Math.min(LONGEST_PAUSE_MS, (this.now() - startedAt) / SHARE_OF_TIME);
    }
    this.sweeping = false;
    this.converging = this.incomplete().length > 0;
    if (this.converging) this.schedule(SHORTEST_PAUSE_MS);
  }

  private incomplete(): Watched[] {
    return [...this.watched.values()].filter((entry) => entry.watch === null);
  }

  /** @param isLikely whether the table is probably complete: it is watched before it is read, and read only once then */
  private async read(entry: Watched, isLikely = false): Promise<void> {
    const { namespace } = entry;
    let isOutdated = false;
    const open = () =>
      namespace.watchRoutes(() => {
        isOutdated = true;
        this.routesChanged(entry);
      });
    let watch: Watch | null = null;
    try {
      if (isLikely) watch = open();
      let tally = await this.tally(entry);
      if (isComplete(tally) && watch === null) {
        // Read once more, so that no change between reading and watching is lost.
        watch = open();
        tally = await this.tally(entry);
      }
      if (this.watched.get(namespace.name) !== entry) return watch?.close();
      const changed = tally.reached !== entry.tally.reached;
      entry.tally = tally;
      if (isComplete(tally) && !isOutdated) entry.watch = watch;
      else watch?.close();
      if (changed) this.onChange(namespace.name);
    } catch (error) {
      watch?.close();
      if (this.watched.get(namespace.name) === entry)
        this.onError(`routes of ${namespace.name}: ${errorText(error)}`);
    }
  }

  private async tally({ namespace, wanted }: Watched): Promise<RouteTally> {
    return tallyRoutes(await namespace.readRoutes(), wanted);
  }

  private routesChanged(entry: Watched): void {
    if (entry.watch === null) return;
    entry.watch.close();
    entry.watch = null;
    this.schedule(SETTLE_MS);
  }
}

function isSame(a: WantedRoutes, b: WantedRoutes): boolean {
  return a.summarized === b.summarized && sameList(a.destinations, b.destinations) && sameList(a.own, b.own);
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}

function isComplete(tally: RouteTally): boolean {
  return tally.reached === tally.destinations;
}

export function tallyRoutes(table: readonly Route[], wanted: WantedRoutes): RouteTally {
  const prefixes = new Set(wanted.own);
  const routes = new Map<string, number>();
  for (const route of table) {
    prefixes.add(route.prefix);
    const key = `${route.prefix.includes(':') ? 'ipv6' : 'ipv4'} ${route.protocol}`;
    routes.set(key, (routes.get(key) ?? 0) + 1);
  }
  const ranges = wanted.summarized ? rangesOf(prefixes) : [];
  const reached = wanted.destinations.filter(
    (destination) => prefixes.has(destination) || isCovered(destination, ranges),
  ).length;
  return { reached, destinations: wanted.destinations.length, routes };
}

/** What may stand for many destinations; links and single addresses stand for themselves. */
function rangesOf(prefixes: ReadonlySet<string>): IpPrefix[] {
  return [...prefixes]
    .map(parseIpPrefix)
    .filter((range) => range !== null)
    .filter(({ family, length }) => length < addressBits(family) - 1);
}

function isCovered(destination: string, ranges: readonly IpPrefix[]): boolean {
  if (ranges.length === 0) return false;
  const prefix = parseIpPrefix(destination);
  return prefix !== null && ranges.some((range) => contains(range, prefix));
}
