import { type IpPrefix, parseIpPrefix } from './ip-prefix.ts';
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

export function textList(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
