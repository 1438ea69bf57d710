import { addressBits, type IpPrefix, nthAddress } from './ip-prefix.ts';

/**
 * How the range of an overlay's link layer is divided: into pairs of addresses, one for each link, and one for each
 * site of a segment, which uses the first of it only. Pairs are numbered from 0 and keep their number. The range's
 * first and last pair are left out: they hold its network and its broadcast address.
 */
export function linkPairRoom(range: Pick<IpPrefix, 'family' | 'length'>): number {
  const bits = addressBits(range.family) - range.length - 1;
  return bits < 1 ? 0 : 2 ** Math.min(bits, 40) - 2;
}

/** A single address: nothing but the other end of a tunnel is ever on its link. */
export function linkLayerAddressAt(range: IpPrefix, pair: number, end: 0 | 1): IpPrefix {
  return nthAddress(range, 2 * (pair + 1) + end, addressBits(range.family));
}
