import type { Overlay } from '../model/overlay.ts';
import type { Checked, Problem } from '../model/problem.ts';

/** The overlays that one's tunnels run over; empty where they run over the real network. */
export function basesOf({ spec }: Overlay): readonly string[] {
  return spec.underlay?.overlays ?? [];
}

/** The overlays whose hosts are members of this one too. */
export function homesOf({ spec }: Overlay): string[] {
  return [...new Set((spec.hosts ?? []).flatMap(({ home }) => home ?? []))];
}

/** The overlays that one cannot be without. */
export function neededBy(overlay: Overlay): string[] {
  return [...new Set([...basesOf(overlay), ...homesOf(overlay)])];
}

/**
 * Every overlay behind those that it rides on, or has hosts of, else by name. Refuses loops, naming each. One that is not
 * among them is no matter here.
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
    for (const base of neededBy(one.overlay)) visit(base, [...above, name]);
    if (done.has(name)) return;
    done.add(name);
    ordered.push(one);
  };
  for (const name of [...byName.keys()].sort()) visit(name, []);
  if (loops.length === 0) return { ok: true, value: ordered };
  return { ok: false, problems: loops.map((loop) => explainLoop(loop, byName)) };
}

function explainLoop(
  loop: readonly string[],
  byName: ReadonlyMap<string, { readonly overlay: Overlay }>,
): Problem {
  const isRide = loop.slice(0, -1).every((name, index) => {
    const overlay = byName.get(name)?.overlay;
    return overlay !== undefined && basesOf(overlay).includes(loop[index + 1] ?? '');
  });
  if (!isRide) {
    const message =
      loop.length === 2
        ? `overlay ${loop[0]} would have a host of its own as one of another overlay`
        : `overlays would need one another in a loop: ${loop.join(', which has hosts of or rides on ')}`;
    return { code: 'shared-host-loop', path: 'spec.hosts', message };
  }
  const message =
    loop.length === 2
      ? `overlay ${loop[0]} would ride on itself`
      : `overlays would ride on one another in a loop: ${loop.join(' on ')}`;
  return { code: 'underlay-loop', path: 'spec.underlay.overlays', message };
}

/**
 * All that ride on an overlay, or have hosts of it, at any depth, each before those that it needs: the order in which
 * they can go.
 */
export function ridersOf(overlays: Iterable<Overlay>, name: string): string[] {
  const riders = new Map<string, string[]>();
  for (const overlay of overlays)
    for (const base of neededBy(overlay))
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
