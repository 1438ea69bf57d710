import { isDeepStrictEqual } from 'node:util';
import type { LinkFilter } from '../model/node-state.ts';

/** Whether both accept the same packets: the kernel keeps no order, and no entry twice. */
export function isSameFilter(one: LinkFilter | null, other: LinkFilter | null): boolean {
  if (one === null || other === null) return one === other;
  return isDeepStrictEqual(keysOf(one), keysOf(other));
}

function keysOf({ accept }: LinkFilter): Set<string> {
  return new Set(accept.map((entry) => `${entry.interface} ${entry.source} ${entry.destination}`));
}
