import type { Spec } from './topology.ts';

/** First of the private numbers of 32 bits (RFC 6996) that vinet gives out; r1 gets it. */
export const FIRST_PRIVATE_AS = 4_200_000_001;
/** The one of an overlay whose routers are all in the same. */
export const COMMON_AS = 65_000;

/**
 * A router's autonomous system. Said of the router it is that one; said of the overlay it is the only one of
 * iBGP, or the one from which the routers of eBGP are numbered. `number` is the router's, from 0.
 */
export function asNumberOf(spec: Pick<Spec, 'routing' | 'routers'>, router: string, number: number): number {
  const own = spec.routers?.[router]?.routing?.bgp?.as;
  if (own !== undefined) return own;
  const { mode = 'ebgp', as } = spec.routing?.bgp ?? {};
  return mode === 'ibgp' ? (as ?? COMMON_AS) : (as ?? FIRST_PRIVATE_AS) + number;
}
