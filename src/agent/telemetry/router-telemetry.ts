import type { EnvironmentState, NodeState, OverlayState } from '../../model/node-state.ts';
import type { ObservedEnvironment } from '../../model/observation.ts';
import { countConfigLines } from '../../planner/config-diff.ts';
import { daemonHomes } from '../../planner/shared-frr.ts';
import type { Frr } from '../frr/frr.ts';
import type { Namespace } from '../kernel/kernel.ts';
import type { DaemonRestarts } from '../reconciler/daemon-restarts.ts';
import type { Round } from '../reconciler/reconciler.ts';
import { unsettledNamespaces } from '../reconciler/unsettled.ts';
import type { RouterSample } from './agent-metrics.ts';
import { DecisionWatch, type DecisionWatchOptions } from './fpm/decision-watch.ts';
import { countFull } from './neighbor-questions.ts';
import { NeighborWatch } from './neighbor-watch.ts';
import { type RouteTally, RouteWatch } from './route-watch.ts';

export interface RouterTelemetryOptions {
  readonly frr: Pick<Frr, 'ask'>;
  readonly restarts: DaemonRestarts;
  readonly now: () => number;
  readonly find: (namespace: string) => Namespace | null;
  readonly onChange: () => void;
  readonly tell: DecisionWatchOptions['tell'];
  readonly log: (message: string) => void;
}

/** What is known of the routers beside their devices and processes: routes, neighbours, restarts. */
export class RouterTelemetry {
  private readonly options: RouterTelemetryOptions;
  private readonly routes: RouteWatch;
  private readonly neighbors: NeighborWatch;
  private readonly decisions: DecisionWatch;
  /** What of `routes` is reported. */
  private readonly shown = new Map<string, RouteTally>();
  private round: Round | null = null;

  constructor(options: RouterTelemetryOptions) {
    const { frr, now, onChange, tell, log } = options;
    this.options = options;
    this.neighbors = new NeighborWatch(frr, onChange);
    this.decisions = new DecisionWatch({ now, onChange, tell, log });
    this.routes = new RouteWatch({
      now,
      onChange: (namespace) => void this.show(namespace),
      onError: log,
    });
  }

  /** Follows exactly the routers that are wanted and stand as declared. */
  follow(round: Round): void {
    this.round = round;
    this.forgetUnwanted(round.desired);
    const unsettled = unsettledNamespaces(round.changes);
    for (const overlay of round.desired.overlays) {
      const homeOf = daemonHomes(overlay);
      for (const environment of overlay.environments) {
        const { namespace } = environment;
        if (!unsettled.has(namespace)) this.followRouter(overlay, environment, homeOf(environment));
      }
    }
  }

  /** Lets go of routers that are about to be removed. */
  forgetUnwanted(desired: NodeState): void {
    const wanted = new Set(
      desired.overlays.flatMap(({ environments }) => environments.map(({ namespace }) => namespace)),
    );
    const followed = new Set([...this.routes.names(), ...this.decisions.names()]);
    for (const namespace of followed) if (!wanted.has(namespace)) this.unfollow(namespace);
  }

  /** A router's zebra is about to be started. */
  expectZebra(namespace: Namespace): void {
    this.decisions.expectZebra(namespace);
  }

  /** A link of the router came, went or changed. */
  linksChanged(namespace: string): void {
    this.decisions.suspect(namespace);
  }

  routesOf(namespace: string): { reached: number; destinations: number } | null {
    return this.shown.get(namespace) ?? null;
  }

  /** Whether the router has every route that it should have. */
  isComplete(namespace: string): boolean {
    const tally = this.routes.tallyOf(namespace);
    return tally !== null && tally.reached === tally.destinations;
  }

  /** Neighbours whose routes are used. */
  neighborsOf(namespace: string): number {
    return countFull(this.neighbors.tallyOf(namespace));
  }

  restartsOf(namespace: string, daemon: string): number {
    return this.options.restarts.countOf(namespace, daemon);
  }

  routeChangesOf(namespaces: readonly string[]): { firstAgoMs: number; lastAgoMs: number } | null {
    const burst = this.decisions.burstOf(namespaces);
    if (burst === null) return null;
    const now = this.options.now();
    return { firstAgoMs: Math.round(now - burst.first), lastAgoMs: Math.round(now - burst.last) };
  }

  /** Every router as it was when last looked at. */
  samples(): RouterSample[] {
    const { round } = this;
    if (round === null) return [];
    const seen = new Map(
      round.observed.environments.map((environment) => [environment.namespace, environment]),
    );
    return round.desired.overlays.flatMap((overlay) => {
      const homeOf = daemonHomes(overlay);
      return overlay.environments
        .filter(({ role }) => role === 'router')
        .map((environment) => {
          const home = homeOf(environment);
          const serving = { namespace: home, daemons: seen.get(home)?.daemons ?? [] };
          return this.sample(overlay, environment, seen.get(environment.namespace), serving);
        });
    });
  }

  close(): void {
    this.routes.close();
    this.neighbors.close();
    this.decisions.close();
  }

  /** A router with all its routes is shown only when its neighbours are known too: nobody sees it ready without. */
  private async show(namespace: string): Promise<void> {
    const found = this.routes.tallyOf(namespace);
    if (found?.reached === found?.destinations) await this.neighbors.ask(namespace);
    const tally = this.routes.tallyOf(namespace);
    if (tally === null) return;
    this.shown.set(namespace, tally);
    this.options.onChange();
  }

  /** @param home namespace of the daemons that serve the router */
  private followRouter(overlay: OverlayState, environment: EnvironmentState, home: string): void {
    const { namespace, routing, loopback } = environment;
    const held = this.options.find(namespace);
    if (routing === null || held === null) return;
    this.routes.follow(held, {
      destinations: overlay.destinations,
      own: loopback,
      summarized: routing.summarized,
    });
    const zebra = this.options.find(home);
    if (zebra !== null) this.decisions.follow(held, zebra);
    else this.decisions.unfollow(namespace);
    this.neighbors.follow(namespace, routing);
  }

  private unfollow(namespace: string): void {
    this.routes.unfollow(namespace);
    this.shown.delete(namespace);
    this.neighbors.unfollow(namespace);
    this.decisions.unfollow(namespace);
    this.options.restarts.forget(namespace);
  }

  private sample(
    overlay: OverlayState,
    environment: EnvironmentState,
    seen: ObservedEnvironment | undefined,
    serving: Pick<ObservedEnvironment, 'namespace' | 'daemons'>,
  ): RouterSample {
    const { namespace, name, links, routing } = environment;
    const tally = this.routes.tallyOf(namespace);
    return {
      overlay: overlay.name,
      name,
      namespace,
      links: new Map(
        links.map((link) => {
          const up = seen?.links.some((found) => found.name === link.name && found.up) ?? false;
          return [link.name, { link: link.link, up }];
        }),
      ),
      daemons: (routing?.daemons ?? []).map((daemon) => {
        const found = serving.daemons.find((other) => other.daemon === daemon && other.healthy);
        return {
          daemon,
          up: found !== undefined,
          restarts: this.restartsOf(serving.namespace, daemon),
          drift: countConfigLines(found?.drift?.commands ?? []),
          outdated: found?.outdated ?? false,
        };
      }),
      destinations: routing === null ? 0 : overlay.destinations.length,
      reached: tally?.reached ?? 0,
      routes: tally?.routes ?? new Map(),
      neighbors: this.neighbors.tallyOf(namespace),
      decisions: this.decisions.sampleOf(namespace),
    };
  }
}
