import { formatIpPrefix } from '../model/ip-prefix.ts';
import { namespaceOf, segmentNamespaceOf } from '../model/names.ts';
import type { EnvironmentState, LinkState, RoutingState, TunnelState } from '../model/node-state.ts';
import type { TopologySegment } from '../model/topology.ts';
import { groupKey, nodesOf, type TunnelEnds } from './underlay.ts';
import type { Attachment, Wiring } from './wiring.ts';

/** What environments are built from: the wiring, and how its tunnels reach the other nodes. */
export interface Fabric {
  readonly wiring: Wiring;
  readonly mtu: number;
  /** By `groupKey` of the nodes that a link or segment spans. */
  readonly tunnels: ReadonlyMap<string, TunnelEnds>;
}

export const SEGMENT_BRIDGE = 'br0';
export const SEGMENT_TUNNEL = 'vxlan0';

/** IANA's UDP port of VXLAN (RFC 7348, section 8); Linux's own default is an older one. */
const VXLAN_PORT = 4789;

export function routerEnvironment(
  fabric: Fabric,
  router: string,
  routing: RoutingState | null,
): EnvironmentState {
  const { wiring } = fabric;
  const { families } = wiring.book;
  return {
    name: router,
    role: 'router',
    namespace: namespaceOf(wiring.overlay.metadata.name, router),
    ipv4: families.includes(4),
    ipv6: families.includes(6),
    loopback: wiring.book.loopbacks(router).map(formatIpPrefix),
    routes: [],
    filter: null,
    links: wiring.attachmentsOf(router).map((attachment) => linkOf(fabric, router, attachment)),
    routing,
  };
}

/** One node's part of a segment: a bridge, a port for each router of the node, and a tunnel to the other nodes. */
export function segmentEnvironment(fabric: Fabric, segment: TopologySegment, node: string): EnvironmentState {
  const { wiring, mtu } = fabric;
  const overlay = wiring.overlay.metadata.name;
  const common = { link: segment.name, mtu, addresses: [], enabled: true, emulation: null };
  const port = { ...common, master: SEGMENT_BRIDGE };
  const nodes = nodesOf(wiring, segment.members);
  const bridge: LinkState = { ...common, kind: 'bridge', name: SEGMENT_BRIDGE, master: null };
  const ports = segment.members
    .filter((member) => wiring.nodeOf(member) === node)
    .map((member): LinkState => {
      const peer = { namespace: namespaceOf(overlay, member), name: segment.name };
      return { ...port, kind: 'veth', name: member, peer };
    });
  const tunnel: LinkState[] =
    nodes.length < 2
      ? []
      : [{ ...port, ...tunnelOf(fabric, segment.name, node, nodes, true), name: SEGMENT_TUNNEL }];
  return {
    name: segment.name,
    role: 'segment',
    namespace: segmentNamespaceOf(overlay, segment.name, node),
    ipv4: false,
    ipv6: false,
    loopback: [],
    routes: [],
    filter: null,
    links: [bridge, ...ports, ...tunnel],
    routing: null,
  };
}

function linkOf(fabric: Fabric, router: string, attachment: Attachment): LinkState {
  const { wiring, mtu } = fabric;
  const overlay = wiring.overlay.metadata.name;
  const { to } = attachment;
  const common = {
    name: attachment.interface,
    link: attachment.name,
    mtu,
    addresses: attachment.addresses.map(formatIpPrefix),
    master: null,
    enabled: true,
    emulation: null,
  };
  const node = wiring.nodeOf(router);
  if (to.kind === 'segment') {
    const namespace = segmentNamespaceOf(overlay, to.segment.name, node);
    return { ...common, kind: 'veth', peer: { namespace, name: router } };
  }
  const far = to.side === 0 ? 1 : 0;
  const farRouter = to.link.ends[far];
  if (wiring.nodeOf(farRouter) === node) {
    const peer = { namespace: namespaceOf(overlay, farRouter), name: to.link.interfaces[far] };
    return { ...common, kind: 'veth', peer };
  }
  const nodes = nodesOf(wiring, to.link.ends);
  return { ...common, ...tunnelOf(fabric, to.link.name, node, nodes, false) };
}

function tunnelOf(
  fabric: Fabric,
  name: string,
  node: string,
  nodes: readonly string[],
  learning: boolean,
): Pick<TunnelState, 'kind' | 'transport' | 'tunnel' | 'protections'> {
  const ends = fabric.tunnels.get(groupKey(nodes));
  const addressOf = (which: string) => ends?.addressOf.get(which) ?? '';
  return {
    kind: 'tunnel',
    transport: null,
    protections: [],
    tunnel: {
      kind: 'vxlan',
      vni: fabric.wiring.vniOf(name),
      port: VXLAN_PORT,
      local: addressOf(node),
      remotes: nodes.filter((other) => other !== node).map(addressOf),
      learning,
    },
  };
}
