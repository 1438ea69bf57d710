import { formatIpPrefix } from '../model/ip-prefix.ts';
import type { Node } from '../model/node.ts';
import type { EnvironmentState, NodeState, OverlayState } from '../model/node-state.ts';
import type { Overlay } from '../model/overlay.ts';
import type { Checked, Problem } from '../model/problem.ts';
import { type Fabric, routerEnvironment, segmentEnvironment } from './environments.ts';
import { planFabric } from './fabric.ts';
import { checkNodeFitness } from './node-fitness.ts';
import type { OverlayPlan } from './overlay-plan.ts';
import { planRouting } from './routing.ts';
import { nodesOf } from './underlay.ts';
import { wireOverlay } from './wiring.ts';

export interface PlannedOverlay {
  readonly overlay: Overlay;
  readonly plan: OverlayPlan;
}

/**
 * What every node should be, or everything that stands in the way: nodes that are not known, have no common
 * underlay, lack a capability or would hold more routers than they may. Nodes without any overlay are in it too.
 */
export function compileNodeStates(
  overlays: readonly PlannedOverlay[],
  nodes: ReadonlyMap<string, Node>,
  revision: number,
): Checked<Map<string, NodeState>> {
  const perNode = new Map<string, OverlayState[]>([...nodes.keys()].map((name) => [name, []]));
  const problems: Problem[] = [];
  for (const planned of overlays.toSorted((a, b) => compareNames(a.overlay, b.overlay))) {
    const states = compileOverlayStates(planned, nodes);
    if (!states.ok) problems.push(...states.problems);
    else for (const [node, state] of states.value) perNode.get(node)?.push(state);
  }
  const states = new Map([...perNode].map(([name, list]) => [name, { revision, overlays: list }]));
  for (const [name, state] of states) {
    const node = nodes.get(name);
    if (node !== undefined) problems.push(...checkNodeFitness(node, state));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: states };
}

/** One overlay's part of each node that it stands on. */
export function compileOverlayStates(
  { overlay, plan }: PlannedOverlay,
  nodes: ReadonlyMap<string, Node>,
): Checked<Map<string, OverlayState>> {
  const wiring = wireOverlay(overlay, plan);
  const fabric = planFabric(wiring, nodes);
  if (!fabric.ok) return fabric;
  const environments = compileEnvironments(fabric.value);
  const destinations =
    overlay.spec.routing?.protocol === 'none'
      ? []
      : wiring.topology.routers.flatMap((router) => wiring.book.loopbacks(router).map(formatIpPrefix));
  const { name } = overlay.metadata;
  return {
    ok: true,
    value: new Map(
      [...environments].map(([node, list]) => [node, { name, environments: list, destinations, names: [] }]),
    ),
  };
}

function compileEnvironments(fabric: Fabric): Map<string, EnvironmentState[]> {
  const { wiring } = fabric;
  const { routers, segments } = wiring.topology;
  const routing = planRouting(wiring);
  const perNode = new Map<string, EnvironmentState[]>(nodesOf(wiring, routers).map((node) => [node, []]));
  for (const router of routers) {
    perNode.get(wiring.nodeOf(router))?.push(routerEnvironment(fabric, router, routing(router)));
  }
  for (const segment of segments) {
    for (const node of nodesOf(wiring, segment.members)) {
      perNode.get(node)?.push(segmentEnvironment(fabric, segment, node));
    }
  }
  return perNode;
}

function compareNames(one: Overlay, other: Overlay): number {
  return one.metadata.name < other.metadata.name ? -1 : 1;
}
