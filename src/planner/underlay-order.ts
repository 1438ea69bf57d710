import type { Overlay } from '../model/overlay.ts';
import type { Checked } from '../model/problem.ts';

/** The overlays that one's tunnels run over; empty where they run over the real network. */
export function basesOf({ spec }: Overlay): readonly string[] {
  return spec.underlay?.overlays ?? [];
}

/**
 * Every overlay behind those that it rides on, else by name. Refuses loops, naming each. A base that is not among
 * them is no matter here.
 */
export function orderByUnderlay<T extends { readonly overlay: Overlay }>(all: readonly T[]): Checked<T[]> {
  const byName = new Map(all.map((one) => [one.overlay.metadata.name, one]));
  const done = new Set<string>();
  const ordered: T[] = [];
  const loops: string[][] = [];
  const visit = (name: string, above: readonly string[]): void => {
    const one = byName.get(name);
    if (one === undefined || done.has(name)) return;
    const at = above.indexOf(name);
    if (at >= 0) {
      loops.push([...above.slice(at), name]);
      return;
    }
    for (const base of basesOf(one.overlay)) visit(base, [...above, name]);
    if (done.has(name)) return;
    done.add(name);
    ordered.push(one);
  };
  for (const name of [...byName.keys()].sort()) visit(name, []);
  if (loops.length === 0) return { ok: true, value: ordered };
  const problems = loops.map((loop) => ({
    code: 'underlay-loop',
    path: 'spec.underlay.overlays',
    message:
      loop.length === 2
        ? `overlay ${loop[0]} would ride on itself`
        : `overlays would ride on one another in a loop: ${loop.join(' on ')}`,
  }));
  return { ok: false, problems };
}

/** All that ride on an overlay, at any depth, each before those that it rides on: the order in which they can go. */
export function ridersOf(overlays: Iterable<Overlay>, name: string): string[] {
  const riders = new Map<string, string[]>();
  for (const overlay of overlays)
    for (const base of basesOf(overlay))
      riders.set(base, [...(riders.get(base) ?? []), overlay.metadata.name]);
  const seen = new Set([name]);
  const found: string[] = [];
  const visit = (base: string): void => {
    for (const rider of (riders.get(base) ?? []).toSorted()) {
      if (seen.has(rider)) continue;
      seen.add(rider);
      visit(rider);
      found.push(rider);
    }
  };
  visit(name);
  return found;
}
