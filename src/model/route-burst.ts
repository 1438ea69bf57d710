/** Route changes that followed one another without a longer pause: what one event led to. Times in ms. */
export interface RouteBurst {
  readonly first: number;
  readonly last: number;
}

/** Changes that are farther apart are about different events. OSPF's default dead interval here is 4 s. */
export const BURST_PAUSE_MS = 5_000;

/** The burst after one more change. */
export function extendBurst(burst: RouteBurst | null, now: number): RouteBurst {
  const first = burst !== null && now - burst.last <= BURST_PAUSE_MS ? burst.first : now;
  return { first, last: now };
}

/** The latest burst of several places as one; null where nothing ever changed. Pure. */
export function joinBursts(bursts: readonly RouteBurst[]): RouteBurst | null {
  const [latest, ...others] = [...bursts].sort((a, b) => b.last - a.last);
  if (latest === undefined) return null;
  let { first } = latest;
  for (const burst of others) {
    if (first - burst.last > BURST_PAUSE_MS) break;
    first = Math.min(first, burst.first);
  }
  return { first, last: latest.last };
}
