import { linkPairRoom } from '../model/link-layout.ts';
import { linkRange } from '../model/network-range.ts';
import type { Spec, Topology } from '../model/topology.ts';
import { assignIndexes, type IndexTable } from './index-table.ts';
import { sitesOf } from './tunnel-list.ts';

/**
 * Pairs of link addresses (`link-layout.ts`) by the name of their link, and by `segmentEndName` for each site of a
 * segment; empty without a link layer. Null when the range has no room.
 */
export function assignLinkAddresses(
  spec: Spec,
  { links, segments }: Topology,
  siteOf: (member: string) => string,
  previous: IndexTable,
): IndexTable | null {
  if (spec.links?.layers !== 2) return {};
  const range = linkRange(spec);
  const names = [
    ...links.map(({ name }) => name),
    ...segments.flatMap(({ name, members }) =>
      sitesOf(members, siteOf).map((site) => segmentEndName(name, site)),
    ),
  ];
  return assignIndexes(names, previous, { capacity: range === null ? 0 : linkPairRoom(range) });
}

/** Names hold no space. */
export function segmentEndName(segment: string, site: string): string {
  return `${segment} ${site}`;
}
