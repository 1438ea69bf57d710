import { parseIpAddress } from '../model/ip-prefix.ts';
import type { EncapsulationName } from '../model/overlay.ts';
import { type LinkWrapping, SEGMENT_ENCAPSULATION } from './link-wrapping.ts';
import type { Site } from './sites.ts';
import { pairsOf, sitesOf } from './tunnel-list.ts';
import type { Wiring } from './wiring.ts';

/** Sites that tunnels join directly: two, or at one layer all those of a segment. */
export interface Road {
  /** Sorted. */
  readonly sites: readonly string[];
  /** Of the headers that cross from site to site. */
  readonly encapsulations: ReadonlySet<EncapsulationName>;
}

/** The addresses that the tunnels of a road end at, all of one family. */
export interface RoadEnds {
  readonly family: 4 | 6;
  readonly addressOf: ReadonlyMap<string, string>;
  /** The same as the far ends see them. */
  readonly seenAs: ReadonlyMap<string, string>;
}

export function listRoads(wiring: Wiring, wrapping: LinkWrapping): Road[] {
  const roads = new Map<string, { sites: readonly string[]; encapsulations: Set<EncapsulationName> }>();
  const add = (sites: readonly string[], encapsulation: EncapsulationName) => {
    const key = roadKey(sites);
    const road = roads.get(key) ?? { sites, encapsulations: new Set() };
    roads.set(key, road);
    road.encapsulations.add(encapsulation);
  };
  const { links, segments } = wiring.topology;
  const joined = [
    ...links.map((link) => ({ members: link.ends, encapsulation: wrapping.ofLink(link) })),
    ...segments.map(({ members }) => ({ members, encapsulation: SEGMENT_ENCAPSULATION })),
  ];
  for (const { members, encapsulation } of joined) {
    const sites = sitesOf(members, wiring.siteOf);
    if (sites.length < 2) continue;
    if (wrapping.layers === 1) add(sites, encapsulation);
    else for (const pair of pairsOf(sites)) add(pair, wrapping.physical);
  }
  return [...roads.values()];
}

/** The first address of each site in a family that all of them have, IPv4 preferred; null where none is common. */
export function findRoadEnds(sites: readonly Site[]): RoadEnds | null {
  for (const family of [4, 6] as const) {
    const found = sites.map((site) => [site.name, firstOf(site.addresses, family)] as const);
    const addressOf = new Map(found.filter((entry): entry is [string, string] => entry[1] !== null));
    if (addressOf.size < sites.length) continue;
    const seen = sites.flatMap(({ name, outside }) => {
      const address = firstOf(outside, family);
      return address === null ? [] : [[name, address] as const];
    });
    return { family, addressOf, seenAs: new Map([...addressOf, ...seen]) };
  }
  return null;
}

/** Names of sites hold no space. */
export function roadKey(sorted: readonly string[]): string {
  return sorted.join(' ');
}

function firstOf(addresses: readonly string[], family: 4 | 6): string | null {
  return addresses.find((text) => parseIpAddress(text)?.family === family) ?? null;
}
