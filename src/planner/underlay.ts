import { parseIpAddress } from '../model/ip-prefix.ts';
import type { Node } from '../model/node.ts';
import { spansNodes, type Wiring } from './wiring.ts';

/** The addresses that tunnels among some nodes end at, all of one family. */
export interface TunnelEnds {
  readonly family: 4 | 6;
  readonly addressOf: ReadonlyMap<string, string>;
}

/** Bytes that VXLAN adds: inner Ethernet 14, VXLAN 8, UDP 8, outer IP 20 or 40 (RFC 7348, section 5). */
const VXLAN_OVERHEAD = { 4: 50, 6: 70 } as const;

/** The first address of each node in a family that all of them have, IPv4 preferred; null where none is common. */
export function commonUnderlay(nodes: readonly Node[]): TunnelEnds | null {
  for (const family of [4, 6] as const) {
    const found = nodes.map((node) => [node.name, firstAddress(node, family)] as const);
    const addressOf = new Map(found.filter((entry): entry is [string, string] => entry[1] !== null));
    if (addressOf.size === nodes.length) return { family, addressOf };
  }
  return null;
}

/** The node sets that are joined by tunnels: pairs for links, more for segments. Each set once, sorted. */
export function tunnelGroups(wiring: Wiring): string[][] {
  const { links, segments } = wiring.topology;
  const groups = new Map<string, string[]>();
  for (const members of [...links.map(({ ends }) => ends), ...segments.map((segment) => segment.members)]) {
    if (!spansNodes(wiring, members)) continue;
    const nodes = nodesOf(wiring, members);
    groups.set(groupKey(nodes), nodes);
  }
  return [...groups.values()];
}

export function nodesOf(wiring: Wiring, routers: readonly string[]): string[] {
  return [...new Set(routers.map(wiring.nodeOf))].sort();
}

/** Node names hold no space. */
export function groupKey(sortedNodes: readonly string[]): string {
  return sortedNodes.join(' ');
}

/** Bytes: one MTU for the whole overlay, so that no router's neighbour has another one (OSPF would not peer). */
export function overlayMtu(nodes: readonly Node[], tunnels: readonly TunnelEnds[]): number {
  const smallest = Math.min(...nodes.map(({ mtu }) => mtu));
  return smallest - Math.max(0, ...tunnels.map(({ family }) => VXLAN_OVERHEAD[family]));
}

function firstAddress(node: Node, family: 4 | 6): string | null {
  return node.underlay.find((text) => parseIpAddress(text)?.family === family) ?? null;
}
