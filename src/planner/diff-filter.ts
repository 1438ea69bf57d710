import { isDeepStrictEqual } from 'node:util';
import { type EnvironmentFilter, isLinkFilter } from '../model/node-state.ts';

/** Whether both let the same packets in: of a link filter the kernel keeps no order, and no entry twice. */
export function isSameFilter(one: EnvironmentFilter | null, other: EnvironmentFilter | null): boolean {
  return isDeepStrictEqual(comparable(one), comparable(other));
}

function comparable(filter: EnvironmentFilter | null): unknown {
  if (filter === null || !isLinkFilter(filter)) return filter;
  return new Set(filter.accept.map((entry) => `${entry.interface} ${entry.source} ${entry.destination}`));
}
