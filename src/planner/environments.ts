import { formatIpAddress, formatIpPrefix } from '../model/ip-prefix.ts';
import { namespaceOf, segmentNamespaceOf, vrfNamespaceOf } from '../model/names.ts';
import type { EnvironmentState, KernelRoute, LinkState, VrfPlace } from '../model/node-state.ts';
import type { RoutingState } from '../model/routing-state.ts';
import type { TopologySegment } from '../model/topology.ts';
import { sitesOf } from './tunnel-list.ts';
import { type KeyedFabric, linkTunnel, segmentTunnelAt } from './tunnel-states.ts';
import type { Attachment, Wiring } from './wiring.ts';

export const SEGMENT_BRIDGE = 'br0';
export const SEGMENT_TUNNEL = 'vxlan0';

export function routerEnvironment(
  fabric: KeyedFabric,
  router: string,
  routing: RoutingState | null,
): EnvironmentState {
  const { wiring } = fabric;
  const { families } = wiring.book;
  return {
    name: router,
    role: 'router',
    namespace: namespaceOf(wiring.overlay.metadata.name, router),
    vrf: vrfOf(wiring, router),
    ipv4: families.includes(4),
    ipv6: families.includes(6) || needsIpv6(routing),
    loopback: wiring.book.loopbacks(router).map(formatIpPrefix),
    links: linksOf(fabric, router),
    routes: [],
    filter: null,
    otherNames: [],
    routing,
  };
}

function vrfOf({ overlay, nodeOf, tableOf }: Wiring, router: string): VrfPlace | null {
  if (overlay.spec.routing?.isolation !== 'vrf') return null;
  return { of: vrfNamespaceOf(overlay.metadata.name, nodeOf(router)), table: tableOf(router) };
}

/** Babel and unnumbered BGP talk over link-local addresses, whatever they carry. */
function needsIpv6(routing: RoutingState | null): boolean {
  return routing?.babel != null || routing?.bgp?.peers.some(({ unnumbered }) => unnumbered) === true;
}

/** A member without routing: all that it does not know goes to its first router. */
export function hostEnvironment(fabric: KeyedFabric, host: string): EnvironmentState {
  const { wiring } = fabric;
  const [attachment] = wiring.attachmentsOf(host);
  return {
    name: host,
    role: 'host',
    namespace: namespaceOf(wiring.overlay.metadata.name, host),
    vrf: null,
    ipv4: false,
    // What is not forwarded has no IPv6 at all, and a host that forwards is asked to by nobody.
    ipv6: wiring.book.families.includes(6),
    loopback: [],
    links: linksOf(fabric, host),
    routes: attachment === undefined ? [] : defaultRoutes(fabric, attachment),
    filter: null,
    otherNames: [],
    routing: null,
  };
}

/** One site's part of a segment: a bridge, a port for each member there and a tunnel to the other sites. */
export function segmentEnvironment(
  fabric: KeyedFabric,
  segment: TopologySegment,
  site: string,
): EnvironmentState {
  const { wiring, mtu } = fabric;
  const overlay = wiring.overlay.metadata.name;
  const common = { link: segment.name, mtu, addresses: [], enabled: true, emulation: null };
  const port = { ...common, master: SEGMENT_BRIDGE };
  const bridge: LinkState = { ...common, kind: 'bridge', name: SEGMENT_BRIDGE, master: null };
  const ports = segment.members
    .filter((member) => wiring.siteOf(member) === site)
    .map((member): LinkState => {
      const peer = { namespace: namespaceOf(overlay, member), name: segment.name };
      return { ...port, kind: 'veth', name: member, peer, enabled: !segment.isDown };
    });
  const isAlone = sitesOf(segment.members, wiring.siteOf).length < 2;
  const tunnel: LinkState[] = isAlone
    ? []
    : [{ ...port, ...segmentTunnelAt(fabric, segment, site), name: SEGMENT_TUNNEL }];
  return {
    name: segment.name,
    role: 'segment',
    namespace: segmentNamespaceOf(overlay, segment.name, site),
    vrf: null,
    ipv4: false,
    ipv6: false,
    loopback: [],
    routes: [],
    filter: null,
    otherNames: [],
    links: [bridge, ...ports, ...tunnel],
    routing: null,
  };
}

/** The interfaces of a router or host. */
export function linksOf(fabric: KeyedFabric, member: string): LinkState[] {
  return fabric.wiring.attachmentsOf(member).map((attachment) => linkOf(fabric, member, attachment));
}

function linkOf(fabric: KeyedFabric, member: string, attachment: Attachment): LinkState {
  const { wiring, mtu } = fabric;
  const overlay = wiring.overlay.metadata.name;
  const { to } = attachment;
  const common = {
    name: attachment.interface,
    link: attachment.name,
    mtu,
    addresses: attachment.addresses.map(formatIpPrefix),
    master: null,
    enabled: !attachment.isDown,
    emulation: attachment.emulation,
  };
  const site = wiring.siteOf(member);
  if (to.kind === 'segment') {
    const namespace = segmentNamespaceOf(overlay, to.segment.name, site);
    return { ...common, kind: 'veth', peer: { namespace, name: member } };
  }
  const far = to.side === 0 ? 1 : 0;
  const other = to.link.ends[far];
  if (wiring.siteOf(other) !== site) return { ...common, ...linkTunnel(fabric, to.link, to.side) };
  const peer = { namespace: wiring.namespaceOf(other), name: to.link.interfaces[far] };
  return { ...common, kind: 'veth', peer };
}

function defaultRoutes({ wiring }: KeyedFabric, { to, ...attachment }: Attachment): KernelRoute[] {
  if (to.kind === 'segment') return [];
  const router = wiring.book.linkAddresses(to.link.name, to.side === 0 ? 1 : 0);
  return router.map((address) => ({
    prefix: address.family === 4 ? '0.0.0.0/0' : '::/0',
    via: formatIpAddress(address),
    interface: attachment.interface,
  }));
}
