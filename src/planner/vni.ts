import type { Topology } from '../model/topology.ts';
import { assignIndexes, type IndexTable } from './index-table.ts';
import type { Placement } from './placement.ts';

/** VXLAN network identifiers by the name of their link or segment. */
export type VniTable = Readonly<Record<string, number>>;

/** Low numbers are what people configure by hand; RFC 7348 gives a VNI 24 bits. */
const FIRST_VNI = 1000;
const LAST_VNI = 2 ** 24 - 1;

/**
 * A VNI for each link and segment whose routers stand on different nodes. One that was given stays for as
 * long as the link is there, also while both ends share a node. `taken` are those of all other overlays.
 * Null when there are no more.
 */
export function allocateVnis(
  topology: Topology,
  placement: Placement,
  previous: VniTable,
  taken: ReadonlySet<number>,
): VniTable | null {
  const nodes = new Map(Object.entries(placement));
  const had = new Map(Object.entries(previous));
  const spans = (members: readonly string[]) => new Set(members.map((member) => nodes.get(member))).size > 1;
  const names = [
    ...topology.links.filter(({ name, ends }) => had.has(name) || spans(ends)),
    ...topology.segments.filter(({ name, members }) => had.has(name) || spans(members)),
  ].map(({ name }) => name);

  const table = assignIndexes(names, shift(previous, -FIRST_VNI), {
    capacity: LAST_VNI - FIRST_VNI + 1,
    taken: new Set([...taken].map((vni) => vni - FIRST_VNI)),
  });
  return table === null ? null : shift(table, FIRST_VNI);
}

function shift(table: IndexTable, by: number): IndexTable {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, value + by]));
}
