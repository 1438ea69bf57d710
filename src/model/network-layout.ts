import { addressBits, addressCount, type IpPrefix, nthAddress, nthSubnet } from './ip-prefix.ts';
import type { TopologyKind } from './overlay.ts';

/**
 * How an overlay's network range is divided: the first half holds the routers' own addresses, the third
 * quarter the links (two addresses each, RFC 3021 and RFC 6164), the last quarter the segments. A bus is one
 * segment and has that quarter to itself; segments of a custom topology have a block each.
 * Things are numbered from 0 and keep their number, so what comes later moves nothing.
 */
export interface NetworkLayout {
  readonly routers: number;
  readonly links: number;
  readonly segments: number;
  /** Routers on one segment. */
  readonly members: number;
  readonly segmentLength: number;
}

/** What an overlay needs room for; `members` is the number of routers on its largest segment. */
export interface Room {
  readonly routers: number;
  readonly links: number;
  readonly segments: number;
  readonly members: number;
}

/** Routers that fit on one segment of a custom topology, whatever the range. */
export const MAX_CUSTOM_SEGMENT_MEMBERS = 254;

export function layoutOf(range: Pick<IpPrefix, 'family' | 'length'>, kind: TopologyKind): NetworkLayout {
  const hostBits = addressBits(range.family) - range.length;
  const quarterBits = hostBits - 2;
  const blockBits = kind === 'bus' ? quarterBits : Math.min(8, Math.max(3, quarterBits - 4));
  const hasSegments = quarterBits >= blockBits && blockBits >= 2;
  return {
    routers: Math.max(0, powerOf2(hostBits - 1) - 1),
    links: powerOf2(quarterBits - 1),
    segments: hasSegments ? powerOf2(quarterBits - blockBits) : 0,
    members: hasSegments ? powerOf2(blockBits) - 2 : 0,
    segmentLength: addressBits(range.family) - blockBits,
  };
}

export function hasRoom(layout: NetworkLayout, need: Room): boolean {
  return (
    need.routers <= layout.routers &&
    need.links <= layout.links &&
    need.segments <= layout.segments &&
    (need.segments === 0 || need.members <= layout.members)
  );
}

/** Length of the smallest prefix with room; null where none has. */
export function smallestLength(family: 4 | 6, kind: TopologyKind, need: Room): number | null {
  for (let length = addressBits(family); length >= 0; length--) {
    if (hasRoom(layoutOf({ family, length }, kind), need)) return length;
  }
  return null;
}

/** A router's own address, from the second address of the range on. */
export function loopbackAt(range: IpPrefix, index: number): IpPrefix {
  return nthAddress(range, index + 1, addressBits(range.family));
}

/** The prefix of a link: a /31 or a /127. */
export function linkPrefixAt(range: IpPrefix, index: number): IpPrefix {
  return nthSubnet(quarter(range, 2), index, addressBits(range.family) - 1);
}

export function segmentPrefixAt(range: IpPrefix, kind: TopologyKind, index: number): IpPrefix {
  return nthSubnet(quarter(range, 3), index, layoutOf(range, kind).segmentLength);
}

/** The address of one end of a link, or of a member of a segment, within its prefix. */
export function addressWithin(prefix: IpPrefix, index: number): IpPrefix {
  const isLink = addressCount(prefix) === 2n;
  return nthAddress(prefix, isLink ? index : index + 1, prefix.length);
}

function quarter(range: IpPrefix, index: number): IpPrefix {
  return nthSubnet(range, index, range.length + 2);
}

/** 2 to the given power as a plain number, 0 for negative ones; large enough is large enough. */
function powerOf2(exponent: number): number {
  return exponent < 0 ? 0 : 2 ** Math.min(exponent, 40);
}
