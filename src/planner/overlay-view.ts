import type { LinkView } from '../model/api.ts';
import { formatIpPrefix, type IpPrefix } from '../model/ip-prefix.ts';
import { namespaceOf } from '../model/names.ts';
import type { Node } from '../model/node.ts';
import type { Overlay } from '../model/overlay.ts';
import { planFabric } from './fabric.ts';
import type { OverlayPlan } from './overlay-plan.ts';
import { type Attachment, DEFAULT_LINK_COST, spansNodes, type Wiring, wireOverlay } from './wiring.ts';

/** What is known of a router without asking its node. */
export interface RouterDescription {
  readonly name: string;
  readonly node: string;
  readonly namespace: string;
  /** Of its own, without those of its links. */
  readonly addresses: string[];
  /** Routers that share a link with it, in the order of its links, each once. */
  readonly adjacent: string[];
  /** Routing neighbours when all is well: one for each link, and everyone else on each segment. */
  readonly neighborsWanted: number;
}

export function describeRouters(overlay: Overlay, plan: OverlayPlan): RouterDescription[] {
  const wiring = wireOverlay(overlay, plan);
  return wiring.topology.routers.map((router) => {
    const perLink = wiring.attachmentsOf(router).map((attachment) => neighborsBy(attachment, router));
    const [first = [], ...others] = perLink;
    return {
      name: router,
      node: wiring.nodeOf(router),
      namespace: namespaceOf(overlay.metadata.name, router),
      addresses: wiring.book.loopbacks(router).map(formatIpPrefix),
      // On a single segment nobody is there twice, and all routers of a bus have that many neighbours.
      adjacent: others.length === 0 ? first : [...new Set(perLink.flat())],
      neighborsWanted: perLink.reduce((sum, neighbors) => sum + neighbors.length, 0),
    };
  });
}

/** All links as they are to be; `mtu` is 0 while a node is not known. */
export function describeLinks(
  overlay: Overlay,
  plan: OverlayPlan,
  nodes: ReadonlyMap<string, Node>,
): LinkView[] {
  const wiring = wireOverlay(overlay, plan);
  const fabric = planFabric(wiring, nodes);
  const common = { overlay: overlay.metadata.name, mtu: fabric.ok ? fabric.value.mtu : 0 };
  const vniOf = (name: string, members: readonly string[]) =>
    spansNodes(wiring, members) ? wiring.vniOf(name) : null;
  const links = wiring.topology.links.map(({ name, ends, interfaces, cost }): LinkView => {
    const vni = vniOf(name, ends);
    const views = ([0, 1] as const).map((side) =>
      endOf(wiring, ends[side], interfaces[side], wiring.book.linkAddresses(name, side), cost),
    );
    return { ...common, name, kind: vni === null ? 'veth' : 'vxlan', vni, ends: views };
  });
  const segments = wiring.topology.segments.map(({ name, members, cost }): LinkView => {
    const views = members.map((member) =>
      endOf(wiring, member, name, wiring.book.segmentAddresses(name, member), cost),
    );
    return { ...common, name, kind: 'segment', vni: vniOf(name, members), ends: views };
  });
  return [...links, ...segments];
}

function neighborsBy({ to }: Attachment, router: string): string[] {
  if (to.kind === 'segment') return to.segment.members.filter((member) => member !== router);
  return [to.link.ends[to.side === 0 ? 1 : 0]];
}

function endOf(
  wiring: Wiring,
  router: string,
  interfaceName: string,
  addresses: readonly IpPrefix[],
  cost: number | null,
): LinkView['ends'][number] {
  return {
    router,
    node: wiring.nodeOf(router),
    interface: interfaceName,
    addresses: addresses.map(formatIpPrefix),
    cost: cost ?? DEFAULT_LINK_COST,
  };
}
