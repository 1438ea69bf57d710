import type { JoinedLink } from './joined-links.ts';

export interface ParallelLinks {
  /** Links beyond the first between two routers. */
  readonly count: number;
  /** By router: letters of the longest `.2` that an interface named after it bears. */
  readonly suffixLengths: ReadonlyMap<string, number>;
}

/** Interfaces are named after the router at their far end, those of further links to it `paris.2`, `paris.3`, …. */
export function findParallels(links: readonly JoinedLink[]): ParallelLinks {
  const ordinals = new Map<string, number>();
  const suffixLengths = new Map<string, number>();
  let count = 0;
  for (const { members } of links) {
    if (members.length !== 2) continue;
    const key = JSON.stringify(members.toSorted());
    const ordinal = (ordinals.get(key) ?? 0) + 1;
    ordinals.set(key, ordinal);
    if (ordinal === 1) continue;
    count++;
    const length = `.${ordinal}`.length;
    for (const id of members) suffixLengths.set(id, Math.max(length, suffixLengths.get(id) ?? 0));
  }
  return { count, suffixLengths };
}
