import { addressBits, type IpPrefix, nthAddress, nthSubnet } from './ip-prefix.ts';
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

/** The parts of a range, each a block of its own. */
export interface NetworkParts {
  readonly routers: IpPrefix;
  readonly links: IpPrefix;
  readonly segments: IpPrefix;
  readonly segmentLength: number;
}

/** Expects a range with room for at least one router, and without bits set behind its length. */
export function divideRange(range: IpPrefix, kind: TopologyKind): NetworkParts {
  return {
    routers: nthSubnet(range, 0, range.length + 1),
    links: nthSubnet(range, 2, range.length + 2),
    segments: nthSubnet(range, 3, range.length + 2),
    segmentLength: layoutOf(range, kind).segmentLength,
  };
}

/** A router's own address, from the second address of the range on. */
export function loopbackAt({ routers }: NetworkParts, index: number): IpPrefix {
  return nthAddress(routers, index + 1, addressBits(routers.family));
}

/** The prefix of a link: a /31 or a /127. */
export function linkPrefixAt({ links }: NetworkParts, index: number): IpPrefix {
  return nthSubnet(links, index, addressBits(links.family) - 1);
}

export function segmentPrefixAt({ segments, segmentLength }: NetworkParts, index: number): IpPrefix {
  return nthSubnet(segments, index, segmentLength);
}

/** The address of one end of a link, within its prefix. */
export function linkAddressAt(prefix: IpPrefix, end: 0 | 1): IpPrefix {
  return nthAddress(prefix, end, prefix.length);
}

/** The address of a member of a segment, within its prefix: the first one means the network itself. */
export function memberAddressAt(prefix: IpPrefix, index: number): IpPrefix {
  return nthAddress(prefix, index + 1, prefix.length);
}

/** 2 to the given power as a plain number, 0 for negative ones; large enough is large enough. */
function powerOf2(exponent: number): number {
  return exponent < 0 ? 0 : 2 ** Math.min(exponent, 40);
}
