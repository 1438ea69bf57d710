/** Numbers by name, from 0 on. Who has one keeps it, so that what is derived from it never changes. */
export type IndexTable = Readonly<Record<string, number>>;

/**
 * Gives each name a number below `capacity`: the one that it had, or the lowest free one. A number that was
 * freed by this very change is taken last: its former owner may not have been told yet.
 * Null when there are more names than numbers.
 */
export function assignIndexes(
  names: readonly string[],
  previous: IndexTable,
  options: { capacity: number; taken?: ReadonlySet<number> },
): IndexTable | null {
  const before = new Map(Object.entries(previous));
  const taken = options.taken ?? new Set<number>();
  const assigned = new Map<string, number>();
  const used = new Set<number>();
  for (const name of names) {
    const kept = before.get(name);
    if (kept === undefined || kept >= options.capacity || used.has(kept) || taken.has(kept)) continue;
    assigned.set(name, kept);
    used.add(kept);
  }
  const resting = new Set(before.values());
  const fresh = lowestFree(
    options.capacity,
    (index) => used.has(index) || taken.has(index) || resting.has(index),
  );
  const any = lowestFree(options.capacity, (index) => used.has(index) || taken.has(index));
  const table: [string, number][] = [];
  for (const name of names) {
    const index = assigned.get(name) ?? fresh() ?? any();
    if (index === null) return null;
    used.add(index);
    table.push([name, index]);
  }
  return Object.fromEntries(table);
}

/** Hands out ever higher numbers that are not in use; null when there are no more. */
function lowestFree(capacity: number, isUsed: (index: number) => boolean): () => number | null {
  let next = 0;
  return () => {
    while (next < capacity && isUsed(next)) next++;
    return next < capacity ? next++ : null;
  };
}
