import { joinBursts, type RouteBurst } from '../../../model/route-burst.ts';
import type { VinetEvent } from '../../../model/status.ts';
import { errorText } from '../../../model/vinet-error.ts';
import type { Namespace } from '../../kernel/kernel.ts';
import { PacedQueue } from './paced-queue.ts';
import { RouteAudit } from './route-audit.ts';
import type { RouteDifferences } from './route-differences.ts';
import { type RouterDecisions, RouteStream } from './route-stream.ts';
import { SharedRouteStream } from './shared-route-stream.ts';

/** Changes are gathered for this long before they are reported. */
const REPORT_PAUSE_MS = 500;
/** Routes that an event names; the others it counts. */
const NAMED_ROUTES = 3;

export interface DecisionWatchOptions {
  readonly now: () => number;
  /** Routes changed, a short while ago. */
  readonly onChange: () => void;
  readonly tell: (kind: VinetEvent['kind'], namespace: string, message: string) => void;
  readonly log: (message: string) => void;
}

/** What a router's zebra says of its routes, at the moment of a scrape. */
export interface DecisionSample {
  readonly isConnected: boolean;
  /** Decisions that changed something, since the agent was started. */
  readonly changes: number;
  /** Streams that broke the format, since the agent was started. */
  readonly broken: number;
  readonly missing: number;
  readonly stray: number;
  /** The latest changes; null where no route ever changed. */
  readonly latest: { readonly lastAgoMs: number; readonly durationMs: number } | null;
}

interface Listening {
  readonly namespace: Namespace;
  /** Where the zebra runs that serves the router: in its own namespace, or in one with others. */
  readonly home: Namespace;
  readonly stream: RouterDecisions;
  readonly audit: RouteAudit;
  broken: number;
}

interface SharedListening {
  readonly home: Namespace;
  readonly stream: SharedRouteStream;
}

/** Listens to the zebra of every router, compares it with the kernel, and knows when routes last changed. */
export class DecisionWatch {
  readonly #options: DecisionWatchOptions;
  readonly #routers = new Map<string, Listening>();
  readonly #shared = new Map<string, SharedListening>();
  readonly #turns = new PacedQueue();
  #reportTimer: NodeJS.Timeout | null = null;

  constructor(options: DecisionWatchOptions) {
    this.#options = options;
  }

  /** Listens from before a router's own zebra is started. */
  expectZebra(namespace: Namespace): void {
    const stream = this.#listen(namespace, namespace)?.stream;
    if (stream instanceof RouteStream) stream.expectZebra();
  }

  /**
   * Listens to a zebra that may have been running for long.
   * @param home where it runs; the router's own namespace unless it serves others too
   */
  follow(namespace: Namespace, home: Namespace): void {
    this.#listen(namespace, home);
  }

  unfollow(name: string): void {
    const router = this.#routers.get(name);
    if (router === undefined) return;
    this.#routers.delete(name);
    router.audit.close();
    router.stream.close();
    this.#closeUnused(router.home.name);
  }

  names(): readonly string[] {
    return [...this.#routers.keys()];
  }

  /** Something beside a route changed there: the kernel drops routes of a link that goes down without a word. */
  suspect(name: string): void {
    this.#routers.get(name)?.audit.suspect();
  }

  /** Null where nothing is listened to. */
  sampleOf(name: string): DecisionSample | null {
    const router = this.#routers.get(name);
    if (router === undefined) return null;
    const { stream, audit, broken } = router;
    const { missing, stray } = audit.differences;
    const { isConnected, changes, burst } = stream;
    const latest =
      burst === null
        ? null
        : { lastAgoMs: this.#options.now() - burst.last, durationMs: burst.last - burst.first };
    return { isConnected, changes, broken, missing: missing.length, stray: stray.length, latest };
  }

  /** The latest route changes of these routers together, in ms of the clock. */
  burstOf(names: readonly string[]): RouteBurst | null {
    return joinBursts(
      names.flatMap((name) => {
        const burst = this.#routers.get(name)?.stream.burst ?? null;
        return burst === null ? [] : [burst];
      }),
    );
  }

  close(): void {
    for (const name of this.names()) this.unfollow(name);
    if (this.#reportTimer !== null) clearTimeout(this.#reportTimer);
  }

  #listen(namespace: Namespace, home: Namespace): Listening | null {
    const { name } = namespace;
    const known = this.#routers.get(name);
    if (known?.namespace === namespace && known.home === home) return known;
    this.unfollow(name);
    try {
      const router = this.#open(namespace, home);
      this.#routers.set(name, router);
      return router;
    } catch (error) {
      this.#options.log(`decisions of ${name} are not listened to: ${errorText(error)}`);
      return null;
    }
  }

  #open(namespace: Namespace, home: Namespace): Listening {
    const { now } = this.#options;
    const onChange = () => {
      router.audit.suspect();
      this.#reportSoon(stream);
    };
    const onBroken = (reason: string) => this.#broke(home, reason);
    const stream =
      home === namespace
        ? new RouteStream(namespace, { now, onChange, onBroken })
        : this.#openShared(home, onBroken).follow(namespace, onChange);
    const audit = new RouteAudit(namespace, stream, {
      now,
      turns: this.#turns,
      onDifference: (before, after) => this.#tell(namespace.name, before, after),
    });
    const router: Listening = { namespace, home, stream, audit, broken: 0 };
    return router;
  }

  #openShared(home: Namespace, onBroken: (reason: string) => void): SharedRouteStream {
    const known = this.#shared.get(home.name);
    if (known?.home === home) return known.stream;
    // Routers that were followed where this namespace was before are followed anew, each when its turn comes.
    known?.stream.close();
    const stream = new SharedRouteStream(home, { now: this.#options.now, onBroken });
    this.#shared.set(home.name, { home, stream });
    return stream;
  }

  #closeUnused(home: string): void {
    const shared = this.#shared.get(home);
    if (shared === undefined || shared.stream.isUsed) return;
    this.#shared.delete(home);
    shared.stream.close();
  }

  #broke(home: Namespace, reason: string): void {
    for (const router of this.#routers.values()) if (router.home === home) router.broken += 1;
    this.#options.log(`decisions of ${home.name}: ${reason}`);
  }

  /** At most this often, also while a network does not come to rest. */
  #reportSoon(stream: RouterDecisions): void {
    if (stream.burst === null || this.#reportTimer !== null) return;
    this.#reportTimer = setTimeout(() => {
      this.#reportTimer = null;
      this.#options.onChange();
    }, REPORT_PAUSE_MS);
    this.#reportTimer.unref();
  }

  #tell(name: string, before: RouteDifferences, after: RouteDifferences): void {
    const { tell } = this.#options;
    const missing = after.missing.filter((route) => !before.missing.includes(route));
    const stray = after.stray.filter((route) => !before.stray.includes(route));
    if (missing.length > 0)
      tell('route-missing', name, `zebra chose ${enumerate(missing)}, and the kernel does not have it`);
    if (stray.length > 0)
      tell('route-stray', name, `the kernel has ${enumerate(stray)}, which zebra has not chosen`);
    if (after.missing.length + after.stray.length === 0)
      tell('routes-agree', name, 'the kernel has the routes that zebra chose');
  }
}

function enumerate(routes: readonly string[]): string {
  const named = routes.slice(0, NAMED_ROUTES).join(', ');
  return routes.length > NAMED_ROUTES ? `${named} and ${routes.length - NAMED_ROUTES} more` : named;
}
