import type { Node } from '../model/node.ts';
import type { EnvironmentState, NodeState, OverlayState } from '../model/node-state.ts';
import type { Problem } from '../model/problem.ts';
import { needsOf } from './needs.ts';

/** Ports of a Linux bridge (BR_MAX_PORTS is 1024, and number 0 is not used). */
const MAX_BRIDGE_PORTS = 1023;

const PATH = 'spec.placement.nodes';

/** Why this node cannot be what it should: limits over all overlays, and capabilities by their names. */
export function checkNodeFitness(node: Node, state: NodeState): Problem[] {
  return [...checkLimit(node, state), ...state.overlays.flatMap((overlay) => checkOverlay(node, overlay))];
}

function checkLimit(node: Node, state: NodeState): Problem[] {
  const { members: limit } = node.limits;
  const counts = state.overlays.map(({ name, environments }) => ({
    name,
    count: environments.filter(({ role }) => role === 'router' || role === 'host').length,
  }));
  const need = counts.reduce((sum, { count }) => sum + count, 0);
  if (need <= limit) return [];
  const message = `node ${node.name} would hold ${need} routers and hosts and may hold ${limit}`;
  const hint = counts.map(({ name, count }) => `${name}: ${count}`).join(', ');
  return [{ code: 'node-limit', path: PATH, message, hint }];
}

function checkOverlay(node: Node, overlay: OverlayState): Problem[] {
  const { kernel, linkKinds, features, frr, frrRemark, daemons } = node.capabilities;
  const needs = needsOf(overlay.environments);
  const problems = [...needs.linkKinds]
    .filter((kind) => !linkKinds.includes(kind))
    .map((kind) => lacking(node, overlay, kind, `its kernel ${kernel} creates no ${kind} interfaces`));
  for (const feature of needs.features) {
    if (features.includes(feature)) continue;
    problems.push(lacking(node, overlay, feature, `its kernel ${kernel} has no ${feature}`));
  }
  if (needs.daemons.size > 0 && frr === '') {
    problems.push(lacking(node, overlay, 'frr', 'FRR is not installed there'));
  } else {
    for (const daemon of needs.daemons) {
      if (daemons.includes(daemon)) continue;
      const reason = `its FRR ${frr} comes without ${daemon}`;
      problems.push(lacking(node, overlay, daemon, frrRemark ? `${reason} (${frrRemark})` : reason));
    }
  }
  return [
    ...problems,
    ...overlay.environments.flatMap((environment) => checkBridge(node, overlay, environment)),
  ];
}

function lacking(node: Node, overlay: OverlayState, capability: string, reason: string): Problem {
  const message = `node ${node.name} lacks ${capability}, which overlay ${overlay.name} needs: ${reason}`;
  return { code: 'missing-capability', path: PATH, message };
}

function checkBridge(node: Node, overlay: OverlayState, environment: EnvironmentState): Problem[] {
  const ports = environment.links.filter(({ master }) => master !== null).length;
  if (ports <= MAX_BRIDGE_PORTS) return [];
  const message = `segment ${environment.name} of overlay ${overlay.name} has ${ports} ports on node ${node.name}, and a Linux bridge has at most ${MAX_BRIDGE_PORTS}`;
  return [{ code: 'too-many-ports', path: PATH, message, hint: 'place the routers on more nodes' }];
}
