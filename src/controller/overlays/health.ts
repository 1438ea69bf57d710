import type { EnvironmentStatus, NodeStatus, OverlayPhase } from '../../model/status.ts';
import { nodesOfOverlay, type RouterDescription } from '../../planner/overlay-view.ts';
import type { StoredOverlay } from './inventory.ts';

/** How an overlay fares, from what its nodes last said. */
export interface Health {
  readonly phase: OverlayPhase;
  /** Why it is not ready, in one sentence; empty when it is. */
  readonly message: string;
  readonly routers: { readonly total: number; readonly ready: number };
  readonly routes: { readonly have: number; readonly want: number };
}

export interface HealthInput {
  readonly stored: StoredOverlay;
  readonly routers: readonly RouterDescription[];
  /** Overlays that ride on it, also those that are being deleted. */
  readonly riders: readonly string[];
  isConnected(node: string): boolean;
  statusOf(node: string): NodeStatus | null;
  readonly seen: ReadonlyMap<string, string>;
  /** Whether it was ready since its last change. */
  readonly wasReady: boolean;
}

/** Pure. */
export function assessHealth(input: HealthInput): Health {
  const { stored, routers } = input;
  const environments = environmentsOf(input);
  const own = routers.map(({ node, namespace }) => environments.get(keyOf(node, namespace)));
  const counts = {
    routers: { total: routers.length, ready: own.filter((one) => one?.phase === 'ready').length },
    routes: {
      have: own.reduce((sum, one) => sum + (one?.routes.have ?? 0), 0),
      // A router that has not reported yet wants a route to each of the others.
      want: own.reduce((sum, one) => sum + (one?.routes.want ?? routers.length - 1), 0),
    },
  };
  if (stored.deleting) return { phase: 'deleting', message: explainDeleting(input), ...counts };
  const broken = explainAbsence(input) ?? explainFailure([...environments.values()]) ?? explainLoss(input);
  if (broken !== null) return { phase: 'degraded', message: broken, ...counts };
  const unfinished = explainDeploying(input, own);
  const phase = (other: OverlayPhase) => (input.wasReady ? 'degraded' : other);
  if (unfinished !== null) return { phase: phase('deploying'), message: unfinished, ...counts };
  const missing = own.find((one) => one?.phase !== 'ready');
  if (missing === undefined) return { phase: 'ready', message: '', ...counts };
  const { ready, total } = counts.routers;
  const { routes, name } = missing;
  const message = `${ready} of ${total} routers are ready; ${name} has ${routes.have} of ${routes.want} routes`;
  return { phase: phase('converging'), message, ...counts };
}

/** "node n2 is not connected; it was last seen …" */
export function explainAway(node: string, seen: ReadonlyMap<string, string>): string {
  const time = seen.get(node);
  return `node ${node} is not connected; it was ${time === undefined ? 'never seen' : `last seen ${time}`}`;
}

/** Of all roles, by `keyOf`. */
function environmentsOf(input: HealthInput): Map<string, EnvironmentStatus> {
  const environments = new Map<string, EnvironmentStatus>();
  for (const node of nodesOfOverlay(input.stored.plan)) {
    const overlay = input.statusOf(node)?.overlays.find(({ name }) => name === input.stored.name);
    for (const one of overlay?.environments ?? []) environments.set(keyOf(node, one.namespace), one);
  }
  return environments;
}

function keyOf(node: string, namespace: string): string {
  return `${node} ${namespace}`;
}

function explainAbsence({ stored, isConnected, seen }: HealthInput): string | null {
  const away = nodesOfOverlay(stored.plan).find((node) => !isConnected(node));
  return away === undefined ? null : explainAway(away, seen);
}

function explainFailure(environments: readonly EnvironmentStatus[]): string | null {
  const failed = environments.find(({ phase }) => phase === 'failed');
  return failed === undefined ? null : `${failed.role} ${failed.name} failed: ${failed.message}`;
}

function explainLoss({ stored, statusOf }: HealthInput): string | null {
  const loser = nodesOfOverlay(stored.plan).find((node) =>
    statusOf(node)?.overlays.some(
      ({ name, lostGenerations }) => name === stored.name && lostGenerations.length > 0,
    ),
  );
  return loser === undefined ? null : `node ${loser} lost keys, and gets others`;
}

function explainDeploying(
  { stored, statusOf }: HealthInput,
  own: readonly (EnvironmentStatus | undefined)[],
): string | null {
  const pending = own.filter(
    (one) => one === undefined || one.phase === 'pending' || one.phase === 'removing',
  );
  if (pending.length > 0) return `${own.length - pending.length} of ${own.length} routers are up`;
  const late = nodesOfOverlay(stored.plan).find((node) => (statusOf(node)?.revision ?? 0) < stored.revision);
  return late === undefined ? null : `node ${late} is still bringing it up`;
}

function explainDeleting({ stored, riders, isConnected, seen }: HealthInput): string {
  if (riders.length > 0) return `waits for ${riders.join(', ')} to be gone, which needed it`;
  const away = stored.used.filter((node) => !isConnected(node));
  const [first] = away;
  if (first !== undefined) return `${explainAway(first, seen)}; it is cleaned when it returns`;
  return `still on ${stored.used.join(', ')}`;
}
