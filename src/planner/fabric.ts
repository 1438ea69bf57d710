import type { Node } from '../model/node.ts';
import type { Checked, Problem } from '../model/problem.ts';
import type { Fabric } from './environments.ts';
import { commonUnderlay, groupKey, nodesOf, overlayMtu, type TunnelEnds, tunnelGroups } from './underlay.ts';
import type { Wiring } from './wiring.ts';

/** Smallest MTUs that the protocols allow: RFC 791 and RFC 8200, section 5. */
const MINIMUM_MTU = { 4: 576, 6: 1280 } as const;

/** How the nodes of an overlay reach each other, or why they cannot. */
export function planFabric(wiring: Wiring, nodes: ReadonlyMap<string, Node>): Checked<Fabric> {
  const unknown = findUnknownNodes(wiring, nodes);
  if (unknown.length > 0) return { ok: false, problems: unknown };
  const pick = (names: readonly string[]) =>
    names.map((name) => nodes.get(name)).filter((node) => node !== undefined);

  const problems: Problem[] = [];
  const tunnels = new Map<string, TunnelEnds>();
  for (const group of tunnelGroups(wiring)) {
    const ends = commonUnderlay(pick(group));
    if (ends === null) problems.push(withoutCommonUnderlay(wiring, group));
    else tunnels.set(groupKey(group), ends);
  }
  const members = pick(nodesOf(wiring, wiring.topology.routers));
  const mtu = overlayMtu(members, [...tunnels.values()]);
  problems.push(...checkMtu(wiring, mtu));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: { wiring, mtu, tunnels } };
}

function findUnknownNodes(wiring: Wiring, nodes: ReadonlyMap<string, Node>): Problem[] {
  const { metadata, spec } = wiring.overlay;
  const wanted = [
    ...spec.placement.nodes.map((node, index) => ({ node, path: `spec.placement.nodes[${index}]` })),
    ...Object.entries(spec.routers ?? {}).flatMap(([router, { node }]) =>
      node === undefined ? [] : [{ node, path: `spec.routers.${router}.node` }],
    ),
  ];
  const known = [...nodes.keys()].sort();
  const hint = known.length === 0 ? 'no node has joined yet' : `known nodes: ${known.join(', ')}`;
  return wanted
    .filter(({ node }) => !nodes.has(node))
    .map(({ node, path }) => ({
      code: 'unknown-node',
      path,
      message: `overlay ${metadata.name} wants node ${node}, which is not known`,
      hint,
    }));
}

function withoutCommonUnderlay(wiring: Wiring, group: readonly string[]): Problem {
  return {
    code: 'no-common-underlay',
    path: 'spec.placement.nodes',
    message: `nodes ${group.join(', ')} have no address family in common, so overlay ${wiring.overlay.metadata.name} has no tunnel among them`,
    hint: 'give each of these nodes an IPv4 address, or each an IPv6 address',
  };
}

function checkMtu(wiring: Wiring, mtu: number): Problem[] {
  const needed = Math.max(...wiring.book.families.map((family) => MINIMUM_MTU[family]));
  if (mtu >= needed) return [];
  return [
    {
      code: 'mtu-too-small',
      path: 'spec.placement.nodes',
      message: `links of overlay ${wiring.overlay.metadata.name} would have an MTU of ${mtu} bytes, and need ${needed}`,
      hint: 'raise the MTU of the nodes',
    },
  ];
}
