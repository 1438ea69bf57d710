import type { DocumentPath } from './document-path.ts';

/**
 * A copy of a document without what stands at the given places, so that the rest can still be looked at.
 * Of a list's entry the whole list goes: the others would get new numbers.
 */
export function withoutPlaces(data: unknown, places: readonly DocumentPath[]): unknown {
  const drop: Branch = new Map();
  for (const place of places) markPlace(drop, keysOf(place));
  return copyWithout(data, drop);
}

/** The keys down to what goes; null where it goes itself. */
type Branch = Map<string, Branch | null>;

function keysOf(place: DocumentPath): string[] {
  const firstIndex = place.findIndex((step) => typeof step === 'number');
  return (firstIndex < 0 ? place : place.slice(0, firstIndex)).map(String);
}

function markPlace(branch: Branch, [key, ...rest]: readonly string[]): void {
  if (key === undefined) return;
  const below = branch.get(key);
  if (below === null) return;
  if (rest.length === 0) {
    branch.set(key, null);
    return;
  }
  const next: Branch = below ?? new Map();
  branch.set(key, next);
  markPlace(next, rest);
}

function copyWithout(data: unknown, drop: Branch): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return data;
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, value]) => {
      const below = drop.get(key);
      if (below === null) return [];
      return [[key, below === undefined ? value : copyWithout(value, below)]];
    }),
  );
}
