import { isDeepStrictEqual } from 'node:util';
import { type EnvironmentFilter, isLinkFilter } from '../../model/node-state.ts';
import { describeBorder, readBorder } from './border-description.ts';
import {
  ACCEPTED_SETS,
  describeFilter,
  type FilterEntry,
  isFilterEntry,
  TABLE,
} from './filter-description.ts';
import { isObject, type NftObject, wordOf } from './nft.ts';

/**
 * Commands of one transaction after which the table is exactly this filter, whatever it was before.
 * @param drops what the counters begin at, in packets
 */
export function renderFilter(filter: EnvironmentFilter, drops: ReadonlyMap<string, number>): object[] {
  return [...renderRemoval(), ...describe(filter, drops).map((object) => ({ add: object }))];
}

/** The table is added first, for what is not there cannot be deleted. */
export function renderRemoval(): object[] {
  return [{ add: { table: TABLE } }, { delete: { table: TABLE } }];
}

/** The filter that a listing of the table shows; null when it is not just what rendering that filter gives. */
export function parseFilter(listing: readonly NftObject[]): EnvironmentFilter | null {
  const filter = readFilter(listing);
  if (filter === null) return null;
  return isDeepStrictEqual(comparable(listing), comparable(describe(filter, new Map()))) ? filter : null;
}

function describe(filter: EnvironmentFilter, drops: ReadonlyMap<string, number>): NftObject[] {
  return isLinkFilter(filter) ? describeFilter(filter, drops) : describeBorder(filter, drops);
}

/** Only an internal router looks at packets before they are routed. */
function readFilter(listing: readonly NftObject[]): EnvironmentFilter | null {
  if (listing.some(({ chain }) => chain?.name === 'prerouting')) return readBorder(listing);
  const accept = ACCEPTED_SETS.flatMap((name) => readEntries(listing, name));
  return accept.every(isFilterEntry) ? { accept } : null;
}

function readEntries(listing: readonly NftObject[], name: string): FilterEntry[] {
  const elements: unknown = listing.find(({ set }) => set?.name === name)?.set?.elem;
  return (Array.isArray(elements) ? elements : []).map((element: unknown) => {
    const key = isObject(element) && Array.isArray(element.concat) ? element.concat : [];
    return { interface: wordOf(key[0]), source: wordOf(key[1]), destination: wordOf(key[2]) };
  });
}

/** What two descriptions must have in common: no handles and counts, no order but that of a chain's rules. */
function comparable(objects: readonly NftObject[]): unknown[] {
  return objects
    .flatMap((object) => Object.entries(object))
    .filter(([kind]) => kind !== 'metainfo')
    .map(([kind, { handle: _handle, packets: _packets, bytes: _bytes, elem, ...rest }]) => ({
      key: JSON.stringify([kind, rest.name ?? rest.chain]),
      rest,
      elements: Array.isArray(elem) ? elem.map((element) => JSON.stringify(element)).sort() : [],
    }))
    .toSorted((a, b) => (a.key === b.key ? 0 : a.key < b.key ? -1 : 1));
}
