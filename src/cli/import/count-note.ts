/** A sentence that begins with a number, or none where it is 0. */
export function countNote(count: number, one: string, many: string): string[] {
  if (count === 0) return [];
  return [count === 1 ? `1 ${one}` : `${count} ${many}`];
}
