/** A key that two routers share whichever is named first. Names hold no space. */
export function pairKey(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

/** Numbers a name that is there already: `a` to `b-c` and `a-b` to `c` read the same. Given names hold no dot. */
export function numberNames(given: readonly string[]): (wanted: string) => string {
  const counts = new Map(given.map((name) => [name, 1]));
  return (wanted) => {
    const ordinal = (counts.get(wanted) ?? 0) + 1;
    counts.set(wanted, ordinal);
    return ordinal === 1 ? wanted : `${wanted}.${ordinal}`;
  };
}

/** `lan1`, `lan2`, … without those that something else is called. */
export function segmentNames(taken: readonly string[]): () => string {
  const names = new Set(taken);
  let ordinal = 0;
  return () => {
    do ordinal++;
    while (names.has(`lan${ordinal}`));
    return `lan${ordinal}`;
  };
}
