import { hasInternalRouter, internalRouterOf } from '../model/internal-router.ts';
import { pairKey } from '../model/link-names.ts';
import type { Spec, Topology } from '../model/topology.ts';
import { needsOwnPort, SEGMENT_ENCAPSULATION, wrappingOf } from './link-wrapping.ts';

/** Something that has a number of its own, such as a tunnel, by the name under which a plan remembers it. */
export interface NumberedTunnel {
  readonly name: string;
  /** Whether it leads from one site to another; else it may keep what it has, and needs nothing. */
  readonly spans: boolean;
  readonly hasOwnPort: boolean;
}

/** In declared order: links, segments, then the pairs of sites and the internal routers that need a number. */
export function listTunnels(
  spec: Spec,
  { links, segments }: Topology,
  siteOf: (member: string) => string,
): NumberedTunnel[] {
  const wrapping = wrappingOf(spec);
  const { isProtected } = wrapping;
  const own = [
    ...links.map((link) => ({
      name: link.name,
      sites: sitesOf(link.ends, siteOf),
      encapsulation: wrapping.ofLink(link),
    })),
    ...segments.map(({ name, members }) => ({
      name,
      sites: sitesOf(members, siteOf),
      encapsulation: SEGMENT_ENCAPSULATION,
    })),
  ];
  const pairs = new Map<string, boolean>();
  for (const { name, sites } of own) {
    for (const [one, other] of pairsOf(sites)) {
      // Keys are between two sites: a link that moves has others, told apart by another number.
      if (isProtected) pairs.set(protectedPairName(name, one, other), false);
      if (wrapping.layers === 2) pairs.set(physicalName(one, other), needsOwnPort(wrapping.physical, false));
    }
  }
  return [
    ...own.map(({ name, sites, encapsulation }) => ({
      name,
      spans: sites.length > 1,
      hasOwnPort: needsOwnPort(encapsulation, isProtected),
    })),
    ...[...pairs].map(([name, hasOwnPort]) => ({ name, spans: true, hasOwnPort })),
    ...(spec.hosts ?? []).filter(hasInternalRouter).map(({ name }) => ({
      name: systemName(internalRouterOf(name)),
      spans: true,
      hasOwnPort: false,
    })),
  ];
}

/** Names of links hold no space, so no link is called so. */
export function physicalName(one: string, other: string): string {
  return pairKey(one, other);
}

export function protectedPairName(tunnel: string, one: string, other: string): string {
  return `${tunnel} ${pairKey(one, other)}`;
}

/** An internal router's autonomous system has a number that no other one of the controller has. */
export function systemName(internalRouter: string): string {
  return `AS of ${internalRouter}`;
}

/** The sites of some members, sorted, each once. */
export function sitesOf(members: readonly string[], siteOf: (member: string) => string): string[] {
  return [...new Set(members.map(siteOf))].sort();
}

export function pairsOf(sorted: readonly string[]): [string, string][] {
  return sorted.flatMap((one, index) =>
    sorted.slice(index + 1).map((other): [string, string] => [one, other]),
  );
}
