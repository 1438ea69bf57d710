import { type IpPrefix, overlaps, parseIpPrefix } from './ip-prefix.ts';
import type { Spec } from './topology.ts';

/** Where an overlay's addresses come from when its file does not say. */
export const DEFAULT_NETWORK = '10.0.0.0/8';

/** The ranges of an overlay's network layer, at most one a family, IPv4 first. What is no prefix is left out. */
export function networkRanges(spec: Pick<Spec, 'addressing'>): IpPrefix[] {
  return textList(spec.addressing?.network ?? DEFAULT_NETWORK)
    .map(parseIpPrefix)
    .filter((range) => range !== null)
    .toSorted((a, b) => a.family - b.family);
}

/** Where the addresses of link headers come from when the file does not say: the first that the network leaves free. */
export const DEFAULT_LINK_RANGES = ['172.16.0.0/12', '100.64.0.0/10'] as const;

/** The range of an overlay's link layer: the first that the file says. Null where that is no prefix. */
export function linkRange(spec: Pick<Spec, 'addressing'>): IpPrefix | null {
  const said = textList(spec.addressing?.link);
  if (said.length > 0) return parseIpPrefix(said[0] ?? '');
  const network = networkRanges(spec);
  const free = DEFAULT_LINK_RANGES.map(parseIpPrefix).find(
    (range) => range !== null && !network.some((other) => overlaps(range, other)),
  );
  return free ?? null;
}

export function textList(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
