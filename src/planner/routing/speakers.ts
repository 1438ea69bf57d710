import { asNumberOf } from '../../model/bgp-as.ts';
import { areaId, protocolsOf, type RoutingOptions, routingOptions } from '../../model/routing-options.ts';
import type { Protocol } from '../../model/routing-schema.ts';
import type { RoutingInterface } from '../../model/routing-state.ts';
import type { TopologySegment } from '../../model/topology.ts';
import type { Attachment, Wiring } from '../wiring.ts';

/** A router as the routing protocols see it. */
export interface Speaker {
  readonly name: string;
  readonly options: RoutingOptions;
  readonly protocols: readonly Protocol[];
  /** Its autonomous system; 0 where it does not speak BGP. */
  readonly as: number;
}

/** Who speaks what in an overlay. */
export interface Speakers {
  readonly wiring: Wiring;
  readonly all: readonly Speaker[];
  of(router: string): Speaker;
  /** Who speaks a protocol on a segment, by autonomous system: a segment may have thousands of members. */
  groupsOn(segment: TopologySegment, protocol: Protocol): readonly SpeakerGroup[];
}

export interface SpeakerGroup {
  readonly as: number;
  readonly count: number;
  /** OSPF areas of its routers. */
  readonly areas: ReadonlySet<string>;
}

export function findSpeakers(wiring: Wiring): Speakers {
  const { spec } = wiring.overlay;
  const { families, numberOf } = wiring.book;
  const all = wiring.topology.routers.map((name): Speaker => {
    const options = routingOptions(spec, name);
    const protocols = protocolsOf(options, families);
    const as = protocols.includes('bgp') ? asNumberOf(spec, name, numberOf(name)) : 0;
    return { name, options, protocols, as };
  });
  const byName = new Map(all.map((speaker) => [speaker.name, speaker]));
  const silent = (name: string): Speaker => ({ name, options: {}, protocols: [], as: 0 });
  const of = (router: string) => byName.get(router) ?? silent(router);
  const groups = new Map<string, SpeakerGroup[]>();
  return {
    wiring,
    all,
    of,
    groupsOn(segment, protocol) {
      const key = `${protocol} ${segment.name}`;
      const found = groups.get(key) ?? groupSpeakers(segment.members.map(of), protocol);
      groups.set(key, found);
      return found;
    },
  };
}

/** How many others on a link or segment are talked to in an interior protocol, and in which OSPF areas they are. */
export function peersOn(
  speakers: Speakers,
  speaker: Speaker,
  { to }: Attachment,
  protocol: Protocol,
): Pick<SpeakerGroup, 'count' | 'areas'> {
  if (to.kind === 'link') {
    const other = speakers.of(to.link.ends[to.side === 0 ? 1 : 0]);
    const isTalked = isTalkedTo(speaker, other, protocol);
    return { count: isTalked ? 1 : 0, areas: new Set(isTalked ? [ownArea(other, protocol)] : []) };
  }
  const groups = speakers.groupsOn(to.segment, protocol).filter(({ as }) => areTogether(speaker.as, as));
  return {
    count: groups.reduce((sum, { count }) => sum + count, 0) - 1,
    areas: new Set(groups.flatMap(({ areas }) => [...areas])),
  };
}

function groupSpeakers(members: readonly Speaker[], protocol: Protocol): SpeakerGroup[] {
  const groups = new Map<number, { as: number; count: number; areas: Set<string> }>();
  for (const member of members) {
    if (!member.protocols.includes(protocol)) continue;
    const group = groups.get(member.as) ?? { as: member.as, count: 0, areas: new Set<string>() };
    group.count += 1;
    group.areas.add(ownArea(member, protocol));
    groups.set(member.as, group);
  }
  return [...groups.values()];
}

/** Interior protocols do not cross the border between two autonomous systems. */
function areTogether(one: number, other: number): boolean {
  return one === 0 || other === 0 || one === other;
}

/** Who else is on a link or segment. */
export function othersOn({ to }: Attachment, router: string): readonly string[] {
  if (to.kind === 'segment') return to.segment.members.filter((member) => member !== router);
  return [to.link.ends[to.side === 0 ? 1 : 0]];
}

/**
 * Whether somebody at the far end is talked to in an interior protocol: one who speaks it too and is in the
 * same autonomous system, where both are in one.
 */
export function isTalkedTo(speaker: Speaker, other: Speaker, protocol: Protocol): boolean {
  return other.protocols.includes(protocol) && areTogether(speaker.as, other.as);
}

/** The router's own addresses and its links: passive where nobody is to be talked to in the protocol. */
export function interfacesOf(speakers: Speakers, speaker: Speaker, protocol: Protocol): RoutingInterface[] {
  const hidden = new Set(speaker.options.passive ?? []);
  const links = speakers.wiring.attachmentsOf(speaker.name).map((attachment): RoutingInterface => {
    const isUsed = peersOn(speakers, speaker, attachment, protocol).count > 0;
    return {
      name: attachment.interface,
      network: attachment.to.kind === 'link' ? 'point-to-point' : 'broadcast',
      cost: attachment.cost,
      passive: hidden.has(attachment.interface) || !isUsed,
    };
  });
  return [{ name: 'lo', network: 'loopback', cost: 0, passive: true }, ...links];
}

/** The area that a router is in itself; those of its links follow from both ends. */
export function ownArea({ options }: Speaker, protocol: Protocol): string {
  return areaId((protocol === 'ospf6' ? options.ospf6?.area : undefined) ?? options.ospf?.area);
}
