import type { Change } from '../model/change.ts';
import type { EnvironmentState, OverlayState } from '../model/node-state.ts';
import type { ObservedEnvironment } from '../model/observation.ts';
import type { EnvironmentPhase, EnvironmentStatus, NodeStatus, OverlayNodeStatus } from '../model/status.ts';
import { countConfigLines } from '../planner/config-diff.ts';
import { daemonHomes } from '../planner/shared-frr.ts';
import { lostGenerationsOf } from '../planner/used-keys.ts';
import type { Round } from './reconciler/reconciler.ts';

/** What is known of a router beside kernel objects and processes. */
export interface RouterTelemetry {
  routesOf(namespace: string): { readonly reached: number; readonly destinations: number } | null;
  neighborsOf(namespace: string): number;
  restartsOf(namespace: string, daemon: string): number;
  routeChangesOf(namespaces: readonly string[]): OverlayNodeStatus['routeChanges'];
}

/** What is known of a router's links beside their devices. */
export interface LinkWatch {
  /** Empty when all is well. */
  complaintOf(namespace: string): string;
}

/**
 * How the node fares, from the last look at it and what telemetry adds. Pure.
 * @param started routers whose daemons were started, or namespaces whose shared ones were, in the round that is still going on
 */
export function reportNode(
  round: Round,
  telemetry: RouterTelemetry,
  links: LinkWatch,
  started: ReadonlySet<string>,
): NodeStatus {
  const seen = new Map(
    round.observed.environments.map((environment) => [environment.namespace, environment]),
  );
  // A daemon that is told something new routes on meanwhile.
  const unsettled = new Set(
    round.changes.filter(({ kind }) => !ROUTED_THROUGH.has(kind)).map(({ namespace }) => namespace),
  );
  const wanted = new Set<string>();
  const overlays = round.desired.overlays.map((overlay): OverlayNodeStatus => {
    const homeOf = daemonHomes(overlay);
    const environments = overlay.environments.map((environment) => {
      wanted.add(environment.namespace);
      const home = homeOf(environment);
      const isPending = !started.has(home) && (unsettled.has(environment.namespace) || unsettled.has(home));
      const serving = { namespace: home, daemons: seen.get(home)?.daemons ?? [] };
      return reportEnvironment(overlay, environment, serving, isPending, round.failures, telemetry, links);
    });
    const routeChanges = telemetry.routeChangesOf(environments.map(({ namespace }) => namespace));
    const lostGenerations = lostGenerationsOf(overlay, round.observed);
    return { name: overlay.name, environments, routeChanges, lostGenerations };
  });
  const leftovers = round.observed.environments.filter(({ namespace }) => !wanted.has(namespace));
  return {
    revision: round.reachedRevision,
    overlays: addLeftovers(overlays, leftovers, round.failures),
  };
}

const ROUTED_THROUGH: ReadonlySet<Change['kind']> = new Set([
  ...(['configure-daemon', 'set-vrf', 'remove-vrf', 'set-hosts'] as const),
]);

function reportEnvironment(
  overlay: OverlayState,
  wanted: EnvironmentState,
  serving: Pick<ObservedEnvironment, 'namespace' | 'daemons'>,
  isPending: boolean,
  failures: ReadonlyMap<string, string>,
  telemetry: RouterTelemetry,
  linkWatch: LinkWatch,
): EnvironmentStatus {
  const { name, role, namespace, routing } = wanted;
  const routes = telemetry.routesOf(namespace);
  const want = role === 'router' && routing !== null ? overlay.destinations.length : 0;
  const have = Math.min(routes?.reached ?? 0, want);
  const failure = failures.get(namespace);
  return {
    name,
    role,
    namespace,
    phase: phaseOf(failure, isPending, have === want),
    message: failure ?? linkWatch.complaintOf(namespace),
    routes: { have, want },
    neighbors: { have: telemetry.neighborsOf(namespace), want: routing?.neighbors ?? 0 },
    daemons: (routing?.daemons ?? []).map((daemon) => {
      const running = serving.daemons.find((other) => other.daemon === daemon && other.healthy);
      const restarts = telemetry.restartsOf(serving.namespace, daemon);
      const drift = countConfigLines(running?.drift?.commands ?? []);
      return { daemon, pid: running?.pid ?? 0, restarts, drift, outdated: running?.outdated ?? false };
    }),
  };
}

function phaseOf(failure: string | undefined, isPending: boolean, complete: boolean): EnvironmentPhase {
  if (failure !== undefined) return 'failed';
  if (isPending) return 'pending';
  return complete ? 'ready' : 'converging';
}

/** Environments that no overlay wants any more and that are not gone yet. */
function addLeftovers(
  overlays: readonly OverlayNodeStatus[],
  leftovers: readonly ObservedEnvironment[],
  failures: ReadonlyMap<string, string>,
): OverlayNodeStatus[] {
  const all = new Map(overlays.map((overlay) => [overlay.name, [...overlay.environments]]));
  const known = new Map(overlays.map((overlay) => [overlay.name, overlay]));
  for (const { overlay, name, namespace, daemons } of leftovers) {
    const environments = all.get(overlay) ?? [];
    all.set(overlay, environments);
    environments.push({
      name,
      role: 'router',
      namespace,
      phase: 'removing',
      message: failures.get(namespace) ?? '',
      routes: { have: 0, want: 0 },
      neighbors: { have: 0, want: 0 },
      daemons: daemons.map(({ daemon, pid }) => ({ daemon, pid, restarts: 0, drift: 0, outdated: false })),
    });
  }
  return [...all].map(([name, environments]) => ({
    name,
    environments,
    routeChanges: known.get(name)?.routeChanges ?? null,
    lostGenerations: known.get(name)?.lostGenerations ?? [],
  }));
}
