import type { IpPrefix } from '../model/ip-prefix.ts';
import type { Overlay } from '../model/overlay.ts';
import { expandTopology, type Topology, type TopologyLink, type TopologySegment } from '../model/topology.ts';
import { VinetError } from '../model/vinet-error.ts';
import { type AddressBook, openAddressBook } from './address-book.ts';
import type { OverlayPlan } from './overlay-plan.ts';

/** One interface of a router: an end of a link, or its port on a segment. */
export interface Attachment {
  readonly interface: string;
  /** Name of the link or segment. */
  readonly name: string;
  readonly cost: number;
  readonly addresses: readonly IpPrefix[];
  /** What it leads to: `side` is the router's own end of the link. */
  readonly to:
    | { readonly kind: 'link'; readonly link: TopologyLink; readonly side: 0 | 1 }
    | { readonly kind: 'segment'; readonly segment: TopologySegment };
}

/** An overlay with what its plan decided: who is linked with whom, where, and by which addresses. */
export interface Wiring {
  readonly overlay: Overlay;
  readonly topology: Topology;
  readonly book: AddressBook;
  readonly nodeOf: (router: string) => string;
  readonly vniOf: (name: string) => number;
  /** Links in declared order, then segments. */
  readonly attachmentsOf: (router: string) => readonly Attachment[];
}

/**
 * OSPF's cost of a link where nothing is said. FRR would derive one from the interface's speed, which a veth
 * has and a tunnel has not: moving a router to another node would move the paths.
 */
export const DEFAULT_LINK_COST = 10;

/** Throws `inconsistent-plan` when the plan was made for another overlay. */
export function wireOverlay(overlay: Overlay, plan: OverlayPlan): Wiring {
  const topology = expandTopology(overlay.spec);
  const book = openAddressBook(overlay.spec, plan.allocation);
  const attachments = new Map<string, Attachment[]>(topology.routers.map((router) => [router, []]));
  for (const link of topology.links) {
    for (const side of [0, 1] as const) {
      attachments.get(link.ends[side])?.push({
        interface: link.interfaces[side],
        name: link.name,
        cost: link.cost ?? DEFAULT_LINK_COST,
        addresses: book.linkAddresses(link.name, side),
        to: { kind: 'link', link, side },
      });
    }
  }
  for (const segment of topology.segments) {
    for (const member of segment.members) {
      attachments.get(member)?.push({
        interface: segment.name,
        name: segment.name,
        cost: segment.cost ?? DEFAULT_LINK_COST,
        addresses: book.segmentAddresses(segment.name, member),
        to: { kind: 'segment', segment },
      });
    }
  }
  return {
    overlay,
    topology,
    book,
    nodeOf: lookup(new Map(Object.entries(plan.placement)), 'node'),
    vniOf: lookup(new Map(Object.entries(plan.vnis)), 'VNI'),
    attachmentsOf: (router) => attachments.get(router) ?? [],
  };
}

/** Whether what is between these routers needs a tunnel. */
export function spansNodes(wiring: Wiring, members: readonly string[]): boolean {
  const [first, ...others] = members;
  return first !== undefined && others.some((member) => wiring.nodeOf(member) !== wiring.nodeOf(first));
}

function lookup<T>(values: ReadonlyMap<string, T>, what: string): (name: string) => T {
  return (name) => {
    const value = values.get(name);
    if (value !== undefined) return value;
    throw new VinetError('inconsistent-plan', `the overlay's plan has no ${what} for ${name}`, {
      context: { name },
    });
  };
}
