import type { IpPrefix } from '../model/ip-prefix.ts';
import { layoutOf } from '../model/network-layout.ts';
import type { TopologyKind } from '../model/overlay.ts';
import type { Checked } from '../model/problem.ts';
import type { Topology } from '../model/topology.ts';
import { assignIndexes, type IndexTable } from './index-table.ts';

/**
 * What each thing of an overlay is numbered, and with that its address in every range (`network-layout.ts`).
 * The same number serves both address families.
 */
export interface Allocation {
  readonly routers: IndexTable;
  readonly links: IndexTable;
  readonly segments: IndexTable;
  /** Routers on each segment, by the segment's name. */
  readonly members: Readonly<Record<string, IndexTable>>;
}

/** Numbers stay with their names; a number that does not fit into a smaller range is given anew. */
export function allocate(
  topology: Topology,
  kind: TopologyKind,
  ranges: readonly IpPrefix[],
  previous: Allocation | null,
): Checked<Allocation> {
  const layouts = ranges.map((range) => layoutOf(range, kind));
  const room = (what: 'routers' | 'links' | 'segments' | 'members') =>
    Math.min(...layouts.map((layout) => layout[what]));
  const assign = (names: readonly string[], before: IndexTable | undefined, capacity: number) =>
    assignIndexes(names, before ?? {}, { capacity });

  const routers = assign(topology.routers, previous?.routers, room('routers'));
  const links = assign(namesOf(topology.links), previous?.links, room('links'));
  const segments = assign(namesOf(topology.segments), previous?.segments, room('segments'));
  const before = new Map(Object.entries(previous?.members ?? {}));
  const members: [string, IndexTable][] = [];
  for (const segment of topology.segments) {
    const table = assign(segment.members, before.get(segment.name), room('members'));
    if (table !== null) members.push([segment.name, table]);
  }
  if (routers === null || links === null || segments === null || members.length < topology.segments.length) {
    const message = 'is too small for the routers and links of this topology';
    return { ok: false, problems: [{ code: 'range-too-small', path: 'spec.addressing.network', message }] };
  }
  return { ok: true, value: { routers, links, segments, members: Object.fromEntries(members) } };
}

function namesOf(things: readonly { readonly name: string }[]): string[] {
  return things.map(({ name }) => name);
}
