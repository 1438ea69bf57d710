import type { JoinedLink } from './joined-links.ts';

/** The parts of a graph that no link joins, largest first, those of one size in the file's order; as lists of ids. */
export function findComponents(ids: readonly string[], links: readonly JoinedLink[]): string[][] {
  const linksOf = new Map<string, JoinedLink[]>(ids.map((id) => [id, []]));
  for (const link of links) for (const member of link.members) linksOf.get(member)?.push(link);
  const seen = new Set<string>();
  const crossed = new Set<JoinedLink>();
  const components: string[][] = [];
  for (const start of ids) {
    if (seen.has(start)) continue;
    seen.add(start);
    const component = [start];
    // The list grows while it is walked: a search in breadth.
    for (const id of component) {
      for (const link of linksOf.get(id) ?? []) {
        if (crossed.has(link)) continue;
        crossed.add(link);
        for (const member of link.members) {
          if (seen.has(member)) continue;
          seen.add(member);
          component.push(member);
        }
      }
    }
    components.push(component);
  }
  return components.sort((a, b) => b.length - a.length);
}
