import { parseIpPrefix } from '../../model/ip-prefix.ts';
import type { RoutingOptions } from '../../model/routing-options.ts';
import type { PrefixListState, RouteMapEntry, RouteMapState } from '../../model/routing-state.ts';

/** FRR numbers entries so that others fit in between. */
const STEP = 5;

/** Prefix lists by family: one that holds both is two, of the same name. */
export function planPrefixLists({ prefixLists = {} }: RoutingOptions): PrefixListState[] {
  return Object.entries(prefixLists).flatMap(([name, entries]) =>
    ([4, 6] as const).flatMap((family) => {
      const own = entries.flatMap(({ action, prefix, ge = 0, le = 0 }, index) =>
        parseIpPrefix(prefix)?.family === family
          ? [{ sequence: (index + 1) * STEP, action, prefix, ge, le }]
          : [],
      );
      return own.length === 0 ? [] : [{ name, family, entries: own }];
    }),
  );
}

export function planRouteMaps(
  { routeMaps = {} }: RoutingOptions,
  prefixLists: readonly PrefixListState[],
): RouteMapState[] {
  const has = (name: string, family: 4 | 6) =>
    prefixLists.some((list) => list.name === name && list.family === family);
  return Object.entries(routeMaps).map(([name, entries]) => ({
    name,
    entries: entries.flatMap(({ action, match = {}, set = {} }, index) => {
      const list = match.prefixList ?? '';
      // No route is of both families, and an entry matches when all of it does: each family has its own.
      const families = ([4, 6] as const).filter((family) => has(list, family));
      return (list === '' ? [0] : families).map(
        (family, at): RouteMapEntry => ({
          sequence: (index + 1) * STEP + at,
          action,
          matchPrefixList4: family === 4 ? list : '',
          matchPrefixList6: family === 6 ? list : '',
          matchInterface: match.interface ?? '',
          matchTag: match.tag ?? 0,
          matchMetric: textOf(match.metric),
          setTag: set.tag ?? 0,
          setMetric: textOf(set.metric),
          setLocalPreference: textOf(set.localPreference),
          setWeight: textOf(set.weight),
          setAsPathPrepend: set.asPathPrepend ?? [],
          setCommunities: set.communities ?? [],
        }),
      );
    }),
  }));
}

function textOf(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}
