/** Texts of each index, in order; an index of nothing is not there. */
export function groupTexts<T extends { readonly index: number }>(
  entries: readonly T[],
  textOf: (entry: T) => string,
): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const entry of entries) {
    const group = groups.get(entry.index);
    if (group === undefined) groups.set(entry.index, [textOf(entry)]);
    else group.push(textOf(entry));
  }
  return groups;
}
