import type { LinkView } from '../model/api.ts';
import { emulationOf } from '../model/emulation-values.ts';
import { formatIpPrefix, type IpPrefix } from '../model/ip-prefix.ts';
import { namespaceOf, sharedFrrNamespaceOf, vrfNamespaceOf } from '../model/names.ts';
import type { Node } from '../model/node.ts';
import type { EncapsulationName, Overlay } from '../model/overlay.ts';
import type { LinkSettings } from '../model/topology.ts';
import type { Bases } from './base-sites.ts';
import { planFabric } from './fabric.ts';
import { type LinkWrapping, wrappingOf } from './link-wrapping.ts';
import type { OverlayPlan } from './overlay-plan.ts';
import { basesOf } from './underlay-order.ts';
import { type Attachment, DEFAULT_LINK_COST, spansSites, type Wiring, wireOverlay } from './wiring.ts';

/** What is known of a router without asking its node. */
export interface RouterDescription {
  readonly name: string;
  /** The overlay itself. */
  readonly home: string;
  readonly node: string;
  readonly namespace: string;
  /** Of its own, without those of its links. */
  readonly addresses: string[];
  /** Routers that share a link with it, in the order of its links, each once. */
  readonly adjacent: string[];
  /** FRR's pathspace of the daemons that serve it. */
  readonly pathspace: string;
  /** Routing neighbours when all is well: one for each link, and everyone else on each segment. */
  readonly neighborsWanted: number;
}

/** What is known of a host without asking its node. */
export interface HostDescription {
  readonly name: string;
  readonly node: string;
  readonly namespace: string;
  readonly addresses: string[];
  /** The overlay that its environment is of: another one where that shares the host. */
  readonly home: string;
  /** The routers that it is attached to; the first one has its default route. */
  readonly adjacent: string[];
}

export function describeRouters(overlay: Overlay, plan: OverlayPlan): RouterDescription[] {
  const wiring = wireOverlay(overlay, plan);
  return wiring.topology.routers.map((router) => {
    const perLink = wiring.attachmentsOf(router).map((attachment) => neighborsBy(attachment, router));
    const [first = [], ...others] = perLink;
    const member = describeMember(wiring, router);
    const { instance, isolation } = overlay.spec.routing ?? {};
    const home = isolation === 'vrf' ? vrfNamespaceOf : sharedFrrNamespaceOf;
    return {
      ...member,
      pathspace: instance === 'shared' ? home(overlay.metadata.name, member.node) : member.namespace,
      // On a single segment nobody is there twice, and all routers of a bus have that many neighbours.
      adjacent: others.length === 0 ? first : [...new Set(perLink.flat())],
      neighborsWanted: perLink.reduce((sum, neighbors) => sum + neighbors.length, 0),
    };
  });
}

export function describeHosts(overlay: Overlay, plan: OverlayPlan): HostDescription[] {
  const wiring = wireOverlay(overlay, plan);
  const { hosts, guests } = wiring.topology;
  return [...hosts, ...guests].map((host) => ({
    ...describeMember(wiring, host),
    adjacent: wiring.attachmentsOf(host).flatMap(({ to }) => (to.kind === 'link' ? [to.link.ends[1]] : [])),
  }));
}

/** Every node that has anything of the overlay, sorted. */
export function nodesOfOverlay({ placement }: OverlayPlan): string[] {
  return [...new Set(Object.values(placement))].sort();
}

/** All links as they are to be; `mtu` is 0 while a node, or an overlay that it rides on, is not known. */
export function describeLinks(
  overlay: Overlay,
  plan: OverlayPlan,
  nodes: ReadonlyMap<string, Node>,
  bases: Bases,
): LinkView[] {
  const wiring = wireOverlay(overlay, plan);
  const wrapping = wrappingOf(overlay.spec);
  const fabric = planFabric(wiring, { nodes, bases });
  const { layers } = wrapping;
  const common = {
    overlay: overlay.metadata.name,
    mtu: fabric.ok ? fabric.value.mtu : 0,
    layers,
    underlay: basesOf(overlay)[0] ?? '',
  };
  const numberOf = (name: string, members: readonly string[]) =>
    spansSites(wiring, members) ? wiring.numberOf(name) : null;
  const links = wiring.topology.links.map((link): LinkView => {
    const { name, ends, interfaces, isDown } = link;
    const number = numberOf(name, ends);
    const views = ([0, 1] as const).map((side) =>
      endOf(wiring, ends[side], interfaces[side], wiring.book.linkAddresses(name, side), link),
    );
    const kind = number === null ? 'veth' : wrapping.ofLink(link);
    const outer = outerOf(wrapping, number, link.encapsulation);
    return { ...common, name, kind, ...outer, vni: number, down: isDown, ends: views };
  });
  const segments = wiring.topology.segments.map((segment): LinkView => {
    const { name, members, isDown } = segment;
    const number = numberOf(name, members);
    const views = members.map((member) =>
      endOf(wiring, member, name, wiring.book.segmentAddresses(name, member), segment),
    );
    const outer = outerOf(wrapping, number, segment.encapsulation);
    return { ...common, name, kind: 'segment', ...outer, vni: number, down: isDown, ends: views };
  });
  return [...links, ...segments];
}

/** What is around a tunnel, and whether anybody on its way can read it; a link without a number is no tunnel. */
function outerOf(
  { layers, physical, isProtected }: LinkWrapping,
  number: number | null,
  encapsulation: EncapsulationName,
): Pick<LinkView, 'physical' | 'encrypted'> {
  if (number === null) return { physical: null, encrypted: false };
  const isPrivate = isProtected || (layers === 2 ? physical : encapsulation) === 'wireguard';
  return { physical: layers === 2 ? physical : null, encrypted: isPrivate };
}

function describeMember(wiring: Wiring, name: string) {
  const home = wiring.guestOf(name)?.home ?? wiring.overlay.metadata.name;
  return {
    name,
    home,
    node: wiring.nodeOf(name),
    namespace: namespaceOf(home, name),
    addresses: wiring.addressesOf(name).map(formatIpPrefix),
  };
}

/** Routers only: a host is nobody's neighbour in routing. */
function neighborsBy({ to }: Attachment, router: string): string[] {
  if (to.kind === 'segment') return to.segment.members.filter((member) => member !== router);
  return to.link.isAccess ? [] : [to.link.ends[to.side === 0 ? 1 : 0]];
}

function endOf(
  wiring: Wiring,
  router: string,
  interfaceName: string,
  addresses: readonly IpPrefix[],
  { cost, emulate }: LinkSettings,
): LinkView['ends'][number] {
  return {
    router,
    node: wiring.nodeOf(router),
    interface: interfaceName,
    addresses: addresses.map(formatIpPrefix),
    cost: cost ?? DEFAULT_LINK_COST,
    emulation: emulationOf(emulate, router),
  };
}
