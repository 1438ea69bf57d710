import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contains, type IpPrefix, overlaps, parseIpPrefix } from '../../src/model/ip-prefix.ts';
import {
  divideRange,
  hasRoom,
  layoutOf,
  linkPrefixAt,
  loopbackAt,
  segmentPrefixAt,
  smallestLength,
} from '../../src/model/network-layout.ts';

const kinds = fc.constantFrom('ring' as const, 'bus' as const, 'custom' as const);
const needs = fc.record({
  routers: fc.integer({ min: 1, max: 5000 }),
  links: fc.integer({ min: 0, max: 20_000 }),
  segments: fc.constantFrom(0, 1),
  members: fc.integer({ min: 1, max: 250 }),
});

function range(text: string): IpPrefix {
  const parsed = parseIpPrefix(text);
  if (parsed === null) throw new Error(text);
  return parsed;
}

describe('a range', () => {
  test('gives its halves and quarters to routers, links and segments', () => {
    const parts = divideRange(range('10.20.0.0/16'), 'custom');
    expect(loopbackAt(parts, 0)).toEqual(range('10.20.0.1/32'));
    expect(linkPrefixAt(parts, 1)).toEqual(range('10.20.128.2/31'));
    expect(segmentPrefixAt(parts, 2)).toEqual(range('10.20.194.0/24'));
    expect(segmentPrefixAt(divideRange(range('10.20.0.0/16'), 'bus'), 0)).toEqual(range('10.20.192.0/18'));
    expect(linkPrefixAt(divideRange(range('fd00:20::/48'), 'ring'), 0).length).toBe(127);
  });

  test('that is the smallest with room has room to its last address, and its half has not', () => {
    fc.assert(
      fc.property(kinds, needs, (kind, need) => {
        const length = smallestLength(4, kind, need);
        if (length === null) throw new Error('IPv4 has room for all of these');
        const layout = layoutOf({ family: 4, length }, kind);
        expect(hasRoom(layout, need)).toBe(true);
        expect(hasRoom(layoutOf({ family: 4, length: length + 1 }, kind), need)).toBe(false);

        const block: IpPrefix = { family: 4, value: 0n, length };
        const parts = divideRange(block, kind);
        const used = [
          loopbackAt(parts, need.routers - 1),
          ...(need.links > 0 ? [linkPrefixAt(parts, need.links - 1)] : []),
          ...(need.segments > 0 ? [segmentPrefixAt(parts, need.segments - 1)] : []),
        ];
        for (const [index, one] of used.entries()) {
          expect(contains(block, one)).toBe(true);
          expect(used.slice(index + 1).some((other) => overlaps(one, other))).toBe(false);
        }
      }),
    );
  });
});
