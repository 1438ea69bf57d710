import type { EnvironmentState, OverlayState } from '../model/node-state.ts';
import type { ObservedEnvironment } from '../model/observation.ts';
import type { EnvironmentPhase, EnvironmentStatus, NodeStatus, OverlayNodeStatus } from '../model/status.ts';
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
 * @param started routers whose daemons were started in the round that is still going on
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
    round.changes.filter(({ kind }) => kind !== 'configure-daemon').map(({ namespace }) => namespace),
  );
  for (const namespace of started) unsettled.delete(namespace);
  const wanted = new Set<string>();
  const overlays = round.desired.overlays.map((overlay): OverlayNodeStatus => {
    const environments = overlay.environments.map((environment) => {
      wanted.add(environment.namespace);
      const found = seen.get(environment.namespace);
      return reportEnvironment(overlay, environment, found, unsettled, round.failures, telemetry, links);
    });
    const routeChanges = telemetry.routeChangesOf(environments.map(({ namespace }) => namespace));
    return { name: overlay.name, environments, routeChanges };
  });
  const leftovers = round.observed.environments.filter(({ namespace }) => !wanted.has(namespace));
  return {
    revision: round.reachedRevision,
    overlays: addLeftovers(overlays, leftovers, round.failures),
  };
}

function reportEnvironment(
  overlay: OverlayState,
  wanted: EnvironmentState,
  found: ObservedEnvironment | undefined,
  unsettled: ReadonlySet<string>,
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
    phase: phaseOf(failure, unsettled.has(namespace), have === want),
    message: failure ?? linkWatch.complaintOf(namespace),
    routes: { have, want },
    neighbors: { have: telemetry.neighborsOf(namespace), want: routing?.neighbors ?? 0 },
    daemons: (routing?.daemons ?? []).map((daemon) => {
      const running = found?.daemons.find((other) => other.daemon === daemon && other.healthy);
      return { daemon, pid: running?.pid ?? 0, restarts: telemetry.restartsOf(namespace, daemon) };
    }),
  };
}

function phaseOf(failure: string | undefined, unsettled: boolean, complete: boolean): EnvironmentPhase {
  if (failure !== undefined) return 'failed';
  if (unsettled) return 'pending';
  return complete ? 'ready' : 'converging';
}

/** Environments that no overlay wants any more and that are not gone yet. */
function addLeftovers(
  overlays: readonly OverlayNodeStatus[],
  leftovers: readonly ObservedEnvironment[],
  failures: ReadonlyMap<string, string>,
): OverlayNodeStatus[] {
  const all = new Map(overlays.map((overlay) => [overlay.name, [...overlay.environments]]));
  const routeChanges = new Map(overlays.map((overlay) => [overlay.name, overlay.routeChanges]));
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
      daemons: daemons.map(({ daemon, pid }) => ({ daemon, pid, restarts: 0 })),
    });
  }
  return [...all].map(([name, environments]) => ({
    name,
    environments,
    routeChanges: routeChanges.get(name) ?? null,
  }));
}
