import { quote } from './document-path.ts';
import {
  addressBits,
  addressCount,
  formatIpPrefix,
  type IpPrefix,
  networkOf,
  overlaps,
  parseIpPrefix,
} from './ip-prefix.ts';
import { linkPairRoom } from './link-layout.ts';
import {
  hasRoom,
  layoutOf,
  MAX_CUSTOM_SEGMENT_MEMBERS,
  type Room,
  smallestLength,
} from './network-layout.ts';
import { linkRange, networkRanges, textList } from './network-range.ts';
import type { TopologyKind } from './overlay.ts';
import type { Damage } from './partial-document.ts';
import type { Problem } from './problem.ts';
import type { Spec, Topology } from './topology.ts';

/** Whether the ranges are good ones, apart from each other, and have room for the topology where that is known. */
export function checkAddressing(
  spec: Partial<Spec>,
  topology: Topology | null,
  isDamaged: Damage,
): Problem[] {
  const network = readRanges(spec, 'network');
  const link = readRanges(spec, 'link');
  const isSaid = spec.addressing?.network !== undefined || isDamaged(['spec', 'addressing', 'network']);
  const good = isSaid ? network.ranges : DEFAULT_RANGES;
  const kind = spec.topology?.kind;
  return [
    ...network.problems,
    ...link.problems,
    ...link.ranges.flatMap(({ path, range }) => {
      const other = good.find((candidate) => overlaps(candidate.range, range));
      if (other === undefined) return [];
      const message = `${formatIpPrefix(range)} overlaps ${formatIpPrefix(other.range)}, which addressing.network has`;
      return [problem('overlapping-ranges', path, message)];
    }),
    ...(topology === null || kind === undefined ? [] : checkRoom(kind, topology, good)),
    ...(topology === null || link.problems.length > 0 ? [] : checkLinkRoom(spec, topology)),
  ];
}

interface PlacedRange {
  readonly path: string;
  readonly range: IpPrefix;
}

/** Blocks that mean something else wherever they are used (RFC 6890, RFC 5771, RFC 4291). */
const FORBIDDEN = [
  ['0.0.0.0/8', '"this network"'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
  ['::/8', 'loopback and IPv4-mapped'],
  ['fe80::/10', 'link-local'],
  ['ff00::/8', 'multicast'],
].flatMap(([text = '', meaning = '']) => {
  const range = parseIpPrefix(text);
  return range === null ? [] : [{ range, meaning }];
});

const DEFAULT_RANGES: readonly PlacedRange[] = networkRanges({}).map((range) => ({
  path: 'spec.addressing.network',
  range,
}));

/** The ranges that can be used, one a family, and what is wrong with the others. */
function readRanges(
  spec: Partial<Spec>,
  field: 'network' | 'link',
): { ranges: PlacedRange[]; problems: Problem[] } {
  const value = spec.addressing?.[field];
  const ranges: PlacedRange[] = [];
  const problems: Problem[] = [];
  textList(value).forEach((text, index) => {
    const path = `spec.addressing.${field}${typeof value === 'string' ? '' : `[${index}]`}`;
    const range = parseIpPrefix(text);
    const found = range === null ? notAPrefix(path, text) : checkRange(path, range, ranges);
    problems.push(...found);
    if (range !== null && found.length === 0) ranges.push({ path, range });
  });
  return { ranges, problems };
}

function notAPrefix(path: string, text: string): Problem[] {
  const hint = 'an IPv4 or IPv6 prefix with its length, such as 10.20.0.0/16 or fd00:20::/48';
  return [problem('invalid-prefix', path, `${quote(text)} is no prefix`, hint)];
}

function checkRange(path: string, range: IpPrefix, others: readonly PlacedRange[]): Problem[] {
  const network = networkOf(range);
  if (network.value !== range.value) {
    const message = `${formatIpPrefix(range)} has bits set behind its length`;
    return [problem('host-bits', path, message, `the prefix is ${formatIpPrefix(network)}`)];
  }
  const forbidden = FORBIDDEN.find((block) => overlaps(block.range, range));
  if (forbidden !== undefined) {
    const message = `${formatIpPrefix(range)} holds ${forbidden.meaning} addresses (${formatIpPrefix(forbidden.range)})`;
    return [problem('forbidden-range', path, message, 'such as 10.20.0.0/16 or fd00:20::/48')];
  }
  const same = others.find((other) => other.range.family === range.family);
  if (same === undefined) return [];
  const message = `a second IPv${range.family} range beside ${formatIpPrefix(same.range)}: one a family is possible`;
  const code = overlaps(same.range, range) ? 'overlapping-ranges' : 'duplicate-family';
  return [problem(code, path, message)];
}

function checkRoom(kind: TopologyKind, topology: Topology, ranges: readonly PlacedRange[]): Problem[] {
  const need: Room = {
    routers: topology.routers.length,
    links: topology.links.length,
    segments: topology.segments.length,
    members: topology.segments.reduce((most, { members }) => Math.max(most, members.length), 0),
  };
  if (kind === 'custom' && need.members > MAX_CUSTOM_SEGMENT_MEMBERS) {
    const message = `a link of ${need.members} routers is too large: at most ${MAX_CUSTOM_SEGMENT_MEMBERS} may share one in a custom topology`;
    return [problem('too-large', 'spec.topology.links', message, 'use kind bus')];
  }
  return ranges
    .filter(({ range }) => !hasRoom(layoutOf(range, kind), need))
    .map(({ path, range }) => tooSmall(path, range, kind, need));
}

/** A segment needs an address at each site that has members; how many those are, only its placement says. */
function checkLinkRoom(spec: Partial<Spec>, { links, segments }: Topology): Problem[] {
  const range = spec.links?.layers === 2 ? linkRange(spec) : null;
  if (range === null) return [];
  const need = segments.reduce((sum, { members }) => sum + members.length, links.length);
  if (need <= linkPairRoom(range)) return [];
  const message = `${formatIpPrefix(range)} is too small: ${amount(need, 'link')} need ${2 * (need + 2)} addresses`;
  return [problem('range-too-small', 'spec.addressing.link', message)];
}

function tooSmall(path: string, range: IpPrefix, kind: TopologyKind, need: Room): Problem {
  const length = smallestLength(range.family, kind, need);
  const wanted = length === null ? null : 2n ** BigInt(addressBits(range.family) - length);
  const what = [
    amount(need.routers, 'router'),
    ...(need.links > 0 ? [amount(need.links, 'link')] : []),
    ...(need.segments > 0 ? [`${amount(need.segments, 'segment')} of up to ${need.members} routers`] : []),
  ].join(' and ');
  const message = `${formatIpPrefix(range)} is too small: it has ${addressCount(range)} addresses, and ${what} need ${wanted ?? 'more than there are'}`;
  if (length === null) return problem('range-too-small', path, message);
  return problem(
    'range-too-small',
    path,
    message,
    `${formatIpPrefix(networkOf({ ...range, length }))} would do`,
  );
}

function amount(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

function problem(code: string, path: string, message: string, hint?: string): Problem {
  return { code, path, message, ...(hint === undefined ? {} : { hint }) };
}
