import type { Node } from '../../model/node.ts';
import type { NodeState, OverlayState } from '../../model/node-state.ts';
import { formatProblem } from '../../model/problem.ts';
import { VinetError } from '../../model/vinet-error.ts';
import { compileOverlayStates } from '../../planner/node-states.ts';
import type { Inventory } from './inventory.ts';
import { wantedOverlays } from './riders.ts';
import { withUpgrade } from './upgrade.ts';

/**
 * What every known node should be by what is stored. Limits and capabilities are not asked here: what was
 * accepted once stays wanted. Fails with `uncompilable` when an overlay has no state over these nodes, for
 * sending a node less than everything would make it tear the rest down.
 */
export function compileDesiredStates(
  inventory: Inventory,
  nodes: ReadonlyMap<string, Node> = inventory.nodes,
): Map<string, NodeState> {
  const perNode = new Map<string, OverlayState[]>([...nodes.keys()].map((node) => [node, []]));
  const wanted = wantedOverlays(inventory);
  for (const [name, planned] of wanted) {
    const states = compileOverlayStates(planned, nodes, wanted);
    if (!states.ok) throw uncompilable(name, states.problems.map(formatProblem).join('; '));
    for (const [node, state] of states.value)
      perNode.get(node)?.push(withUpgrade(node, state, inventory.upgrade));
  }
  const revision = inventory.desiredRevision;
  return new Map([...perNode].map(([node, overlays]) => [node, { revision, overlays }]));
}

function uncompilable(overlay: string, why: string): VinetError {
  return new VinetError('uncompilable', `overlay ${overlay} cannot stand on these nodes: ${why}`, {
    context: { overlay },
  });
}
