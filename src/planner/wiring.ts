import type { Emulation } from '../model/emulation.ts';
import { emulationOf } from '../model/emulation-values.ts';
import { internalRouterOf } from '../model/internal-router.ts';
import type { IpPrefix } from '../model/ip-prefix.ts';
import { MAX_INTERFACE_NAME_BYTES, namespaceOf } from '../model/names.ts';
import type { Overlay } from '../model/overlay.ts';
import { expandTopology, type Topology, type TopologyLink, type TopologySegment } from '../model/topology.ts';
import { VinetError } from '../model/vinet-error.ts';
import { type AddressBook, openAddressBook } from './address-book.ts';
import { type GuestPlan, guestAddresses } from './guest.ts';
import type { OverlayPlan } from './overlay-plan.ts';

/** One interface of a router or host: an end of a link, or its port on a segment. */
export interface Attachment {
  readonly interface: string;
  /** Name of the link or segment. */
  readonly name: string;
  readonly cost: number;
  readonly addresses: readonly IpPrefix[];
  /** For what is sent through it. */
  readonly emulation: Emulation | null;
  readonly isDown: boolean;
  /** What it leads to: `side` is the member's own end of the link. */
  readonly to:
    | { readonly kind: 'link'; readonly link: TopologyLink; readonly side: 0 | 1 }
    | { readonly kind: 'segment'; readonly segment: TopologySegment };
}

/** An overlay with what its plan decided: who is linked with whom, where, and by which addresses. */
export interface Wiring {
  readonly overlay: Overlay;
  readonly topology: Topology;
  readonly book: AddressBook;
  readonly nodeOf: (member: string) => string;
  /** Where a member stands: a node, or a member of the overlay below. */
  readonly siteOf: (member: string) => string;
  /** The routing table of a router that is a VRF. */
  readonly tableOf: (router: string) => number;
  /** By the names of `tunnel-list.ts`. */
  readonly numberOf: (tunnel: string) => number;
  readonly portOf: (tunnel: string) => number;
  /** By the names of `link-addresses.ts`. */
  readonly linkPairOf: (name: string) => number;
  /** The namespace that has a member's ends of links: of a host of another overlay, its internal router's there. */
  readonly namespaceOf: (member: string) => string;
  /** Of a router its own addresses; of a host, which has no others, those towards its first router. */
  readonly addressesOf: (member: string) => readonly IpPrefix[];
  /** What is known of a member that is another overlay's host; null of all others. */
  readonly guestOf: (member: string) => GuestPlan | null;
  /** Links in declared order, then segments. */
  readonly attachmentsOf: (member: string) => readonly Attachment[];
}

/**
 * OSPF's cost of a link where nothing is said. FRR would derive one from the interface's speed, which a veth
 * has and a tunnel has not: moving a router to another node would move the paths.
 */
export const DEFAULT_LINK_COST = 10;

/** Clear of the tables that Linux has by itself. */
const FIRST_VRF_TABLE = 1000;

/** Throws `inconsistent-plan` when the plan was made for another overlay. */
export function wireOverlay(overlay: Overlay, plan: OverlayPlan): Wiring {
  const { name } = overlay.metadata;
  const topology = nameLegs(expandTopology(overlay.spec), name);
  const book = openAddressBook(overlay.spec, plan.allocation);
  const attachments = attach(topology, book);
  const attachmentsOf = (member: string) => attachments.get(member) ?? [];
  const routers = new Set(topology.routers);
  const guests = new Map(Object.entries(plan.guests));
  const nodeOf = lookup(plan.placement, 'node');
  const indexOf = lookup(plan.allocation.routers, 'index');
  return {
    overlay,
    topology,
    book,
    nodeOf,
    siteOf: overlay.spec.underlay === undefined ? nodeOf : lookup(plan.sites, 'site'),
    tableOf: (router) => FIRST_VRF_TABLE + indexOf(router),
    numberOf: lookup(plan.numbers, 'number'),
    portOf: lookup(plan.ports, 'UDP port'),
    linkPairOf: lookup(plan.linkAddresses, 'link address'),
    namespaceOf(member) {
      const guest = guests.get(member);
      return guest === undefined
        ? namespaceOf(name, member)
        : namespaceOf(guest.home, internalRouterOf(member));
    },
    addressesOf(member) {
      const guest = guests.get(member);
      if (guest !== undefined) return guestAddresses(guest);
      return routers.has(member) ? book.loopbacks(member) : (attachmentsOf(member)[0]?.addresses ?? []);
    },
    guestOf: (member) => guests.get(member) ?? null,
    attachmentsOf,
  };
}

/** Whether what is between these members needs a tunnel. */
export function spansSites(wiring: Wiring, members: readonly string[]): boolean {
  const [first, ...others] = members;
  return first !== undefined && others.some((member) => wiring.siteOf(member) !== wiring.siteOf(first));
}

/** Nodes that some members stand on, sorted. */
export function nodesOf(wiring: Wiring, members: readonly string[]): string[] {
  return [...new Set(members.map(wiring.nodeOf))].sort();
}

/** In an internal router the routers of several overlays meet, which may be called the same. */
function nameLegs(topology: Topology, overlay: string): Topology {
  if (topology.guests.length === 0) return topology;
  const guests = new Set(topology.guests);
  const links = topology.links.map((link) => {
    if (!guests.has(link.ends[0])) return link;
    const leg = `${link.interfaces[0]}.${overlay}`.slice(0, MAX_INTERFACE_NAME_BYTES);
    return { ...link, interfaces: [leg, link.interfaces[1]] as const };
  });
  return { ...topology, links };
}

function attach(
  { routers, hosts, guests, links, segments }: Topology,
  book: AddressBook,
): Map<string, Attachment[]> {
  const members = [...routers, ...hosts, ...guests];
  const attachments = new Map<string, Attachment[]>(members.map((member) => [member, []]));
  for (const link of links) {
    for (const side of [0, 1] as const) {
      attachments.get(link.ends[side])?.push({
        interface: link.interfaces[side],
        addresses: book.linkAddresses(link.name, side),
        to: { kind: 'link', link, side },
        ...settingsAt(link, link.ends[side]),
      });
    }
  }
  for (const segment of segments) {
    for (const member of segment.members) {
      attachments.get(member)?.push({
        interface: segment.name,
        addresses: book.segmentAddresses(segment.name, member),
        to: { kind: 'segment', segment },
        ...settingsAt(segment, member),
      });
    }
  }
  return attachments;
}

function settingsAt(link: TopologyLink | TopologySegment, member: string) {
  const { name, cost, emulate, isDown } = link;
  return { name, cost: cost ?? DEFAULT_LINK_COST, emulation: emulationOf(emulate, member), isDown };
}

function lookup<T>(table: Readonly<Record<string, T>>, what: string): (name: string) => T {
  const values = new Map(Object.entries(table));
  return (name) => {
    const value = values.get(name);
    if (value !== undefined) return value;
    throw new VinetError('inconsistent-plan', `the overlay's plan has no ${what} for ${name}`, {
      context: { name },
    });
  };
}
