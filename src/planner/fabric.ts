import { linkRange } from '../model/network-range.ts';
import type { Checked, Problem } from '../model/problem.ts';
import { ENCAPSULATION_BY_NAME } from './encapsulations/encapsulations.ts';
import { type LinkWrapping, SEGMENT_ENCAPSULATION, wrappingOf } from './link-wrapping.ts';
import { findRoadEnds, listRoads, type Road, type RoadEnds, roadKey } from './roads.ts';
import { findSites, type Ground, type Site } from './sites.ts';
import { innerMtu, type Wrapping } from './tunnel-mtu.ts';
import { spansSites, type Wiring } from './wiring.ts';

/** How an overlay's tunnels reach from site to site. */
export interface Fabric {
  readonly wiring: Wiring;
  readonly wrapping: LinkWrapping;
  readonly sites: ReadonlyMap<string, Site>;
  /** By `roadKey` of the sites that a tunnel joins. */
  readonly roads: ReadonlyMap<string, RoadEnds>;
  /** Bytes: one MTU for all links, so that no router's neighbour has another one (OSPF would not peer). */
  readonly mtu: number;
  /** `layers: 2`: that of the tunnels between sites. */
  readonly physicalMtu: number;
}

/** How the sites of an overlay reach each other, or why they cannot. */
export function planFabric(wiring: Wiring, ground: Ground): Checked<Fabric> {
  const found = findSites(wiring, ground);
  if (!found.ok) return found;
  const sites = found.value;
  const wrapping = wrappingOf(wiring.overlay.spec);
  const problems: Problem[] = [];
  const roads = new Map<string, RoadEnds>();
  const listed = listRoads(wiring, wrapping);
  for (const road of listed) {
    const ends = findRoadEnds(road.sites.map((name) => sites.get(name)).filter((site) => site !== undefined));
    if (ends === null) problems.push(withoutCommonFamily(wiring, road.sites));
    else roads.set(roadKey(road.sites), ends);
  }
  const fabric = { wiring, wrapping, sites, roads, ...mtusOf(wiring, wrapping, sites, listed, roads) };
  problems.push(...checkSources(fabric, listed), ...checkTranslations(fabric, listed), ...checkMtu(fabric));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: fabric };
}

function mtusOf(
  wiring: Wiring,
  wrapping: LinkWrapping,
  sites: ReadonlyMap<string, Site>,
  listed: readonly Road[],
  roads: ReadonlyMap<string, RoadEnds>,
): Pick<Fabric, 'mtu' | 'physicalMtu'> {
  const isSingle = wrapping.layers === 1;
  const crossing = listed.flatMap(({ sites: joined, encapsulations }): Wrapping[] => {
    const family = roads.get(roadKey(joined))?.family ?? 4;
    const isProtected = isSingle && wrapping.isProtected;
    return [...encapsulations].map((encapsulation) => ({ encapsulation, family, isProtected }));
  });
  const smallest = [...sites.values()].reduce((least, { mtu }) => Math.min(least, mtu), Infinity);
  const physicalMtu = smallestWithin(smallest, crossing);
  const mtu = isSingle ? physicalMtu : smallestWithin(physicalMtu, linkHeaders(wiring, wrapping));
  return { mtu, physicalMtu };
}

/** What is left in a packet by the largest of some headers; all of it where there is none. */
function smallestWithin(mtu: number, wrappings: readonly Wrapping[]): number {
  return wrappings.reduce((least, wrapping) => Math.min(least, innerMtu(mtu, wrapping)), mtu);
}

/** `layers: 2`: the headers of members' own tunnels. */
function linkHeaders(wiring: Wiring, wrapping: LinkWrapping): Wrapping[] {
  const { topology, overlay } = wiring;
  const family = linkRange(overlay.spec)?.family ?? 4;
  const links = topology.links.filter(({ ends }) => spansSites(wiring, ends)).map(wrapping.ofLink);
  const segments = topology.segments.filter(({ members }) => spansSites(wiring, members));
  return [...links, ...segments.map(() => SEGMENT_ENCAPSULATION)].map((encapsulation) => ({
    encapsulation,
    family,
    isProtected: wrapping.isProtected,
  }));
}

function withoutCommonFamily({ overlay }: Wiring, sites: readonly string[]): Problem {
  const { name } = overlay.metadata;
  const [base] = overlay.spec.underlay?.overlays ?? [];
  const where = base === undefined ? 'nodes' : `members of ${base},`;
  const each = base === undefined ? 'of these nodes ' : '';
  return {
    code: 'no-common-underlay',
    path: 'spec.placement.nodes',
    message: `${where} ${sites.join(', ')} have no address family in common, so overlay ${name} has no tunnel among them`,
    hint: `give each ${each}an IPv4 address, or each an IPv6 address`,
  };
}

/**
 * A router sends from the address of whichever interface its route says, and the far end of these tunnels would
 * not know it. A host has but one.
 */
function checkSources(
  { wiring, sites }: Pick<Fabric, 'wiring' | 'sites'>,
  roads: readonly Road[],
): Problem[] {
  const { name } = wiring.overlay.metadata;
  const used = new Set(roads.flatMap(({ encapsulations }) => [...encapsulations]));
  const unbound = [...used].filter((encapsulation) => !ENCAPSULATION_BY_NAME[encapsulation].bindsAddress);
  const ends = new Set(roads.flatMap((road) => road.sites));
  const router = [...sites.values()].find((site) => ends.has(site.name) && !site.sendsFromAddress);
  if (router === undefined) return [];
  return unbound.map((encapsulation) => ({
    code: 'unsteady-source',
    path: 'spec.links.encapsulation',
    message: `a ${encapsulation} tunnel of overlay ${name} cannot end at ${router.name}: Linux does not bind it to an address, and a router has several`,
    hint: `place ${name} on hosts, or use vxlan, gre, gue or ipip`,
  }));
}

/** One tunnel needs the same two UDP ports both ways, and nothing in its packets may depend on their addresses. */
function checkTranslations(
  { wiring, wrapping, roads }: Pick<Fabric, 'wiring' | 'wrapping' | 'roads'>,
  listed: readonly Road[],
): Problem[] {
  const isEsp = wrapping.layers === 1 && wrapping.isProtected;
  const found = listed.flatMap(({ sites, encapsulations }) => {
    const ends = roads.get(roadKey(sites));
    const site = sites.find((name) => ends?.seenAs.get(name) !== ends?.addressOf.get(name));
    if (site === undefined) return [];
    return [...encapsulations]
      .filter((encapsulation) => isEsp || !ENCAPSULATION_BY_NAME[encapsulation].crossesNat)
      .map((encapsulation) => ({ site, what: isEsp ? 'an ipsec' : `a ${encapsulation}` }));
  });
  const problems = found.map(({ site, what }): [string, Problem] => [
    `${site} ${what}`,
    {
      code: 'behind-nat',
      path: 'spec.links.encapsulation',
      message: `${what} tunnel of overlay ${wiring.overlay.metadata.name} does not get through the address translation in front of ${site}`,
      hint: 'use gue or wireguard there, and ipsec with layers: 2 only',
    },
  ]);
  return [...new Map(problems).values()];
}

/** Smallest MTUs that the protocols allow: RFC 791 and RFC 8200, section 5. */
const MINIMUM_MTU = { 4: 576, 6: 1280 } as const;

function checkMtu({ wiring, wrapping, mtu, physicalMtu }: Omit<Fabric, 'roads'>): Problem[] {
  const { overlay, book } = wiring;
  const needed = Math.max(...book.families.map((family) => MINIMUM_MTU[family]));
  const linkFamily = linkRange(overlay.spec)?.family ?? 4;
  const isRoomy = wrapping.layers === 1 || physicalMtu >= MINIMUM_MTU[linkFamily];
  if (mtu >= needed && isRoomy) return [];
  return [
    {
      code: 'mtu-too-small',
      path: 'spec.placement.nodes',
      message: isRoomy
        ? `links of overlay ${overlay.metadata.name} would have an MTU of ${mtu} bytes, and need ${needed}`
        : `the link layer of overlay ${overlay.metadata.name} would have an MTU of ${physicalMtu} bytes, and IPv6 needs ${MINIMUM_MTU[6]}`,
      hint: 'raise the MTU of the nodes',
    },
  ];
}
