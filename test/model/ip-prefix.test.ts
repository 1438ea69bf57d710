import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressBits,
  addressCount,
  contains,
  formatIpAddress,
  formatIpPrefix,
  type IpPrefix,
  networkOf,
  nthAddress,
  nthSubnet,
  overlaps,
  parseIpAddress,
  parseIpPrefix,
} from '../../src/model/ip-prefix.ts';

const prefixes: fc.Arbitrary<IpPrefix> = fc.constantFrom(4 as const, 6 as const).chain((family) =>
  fc.record({
    family: fc.constant(family),
    value: fc.bigInt(0n, (1n << BigInt(addressBits(family))) - 1n),
    length: fc.integer({ min: 0, max: addressBits(family) }),
  }),
);

function prefix(text: string): IpPrefix {
  const parsed = parseIpPrefix(text);
  if (parsed === null) throw new Error(`${text} is no prefix`);
  return parsed;
}

describe('a prefix', () => {
  test('is read back from what it is written as', () => {
    fc.assert(
      fc.property(prefixes, (one) => {
        expect(parseIpPrefix(formatIpPrefix(one))).toEqual(one);
      }),
    );
  });

  test('is written in the short form of RFC 5952', () => {
    expect(formatIpPrefix(prefix('FD00:0020:0000::0001/48'))).toBe('fd00:20::1/48');
  });

  test.each([
    '10.0.0.0',
    '10.0.0/8',
    '010.0.0.0/8',
    '0x0a.0.0.0/8',
    '10.0.0.256/32',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    ' 10.0.0.0/8',
    '10.0.0.0/8\n',
    '167772160/8',
    'fe80::1%eth0/64',
    'fd00::/129',
    'fd00:::/64',
    ':/0',
    '/0',
    '',
  ])('is not %j', (text) => {
    expect(parseIpPrefix(text)).toBeNull();
  });

  test('never throws on any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseIpPrefix(text)));
    fc.assert(fc.property(fc.stringMatching(/^[0-9a-f:./%]{0,60}$/), (text) => void parseIpAddress(text)));
  });

  test('contains its network, its first and its last address', () => {
    fc.assert(
      fc.property(prefixes, (one) => {
        const network = networkOf(one);
        expect(contains(one, network)).toBe(true);
        for (const n of [0n, addressCount(one) - 1n]) {
          expect(contains(one, nthAddress(network, n, addressBits(one.family)))).toBe(true);
        }
      }),
    );
  });

  test('overlaps another one exactly when one of the two contains the other', () => {
    fc.assert(
      fc.property(prefixes, prefixes, (one, other) => {
        expect(overlaps(one, other)).toBe(overlaps(other, one));
        expect(overlaps(one, other)).toBe(contains(one, other) || contains(other, one));
      }),
    );
    expect(overlaps(prefix('10.0.0.0/8'), prefix('10.255.0.0/16'))).toBe(true);
    expect(overlaps(prefix('10.0.0.0/8'), prefix('11.0.0.0/16'))).toBe(false);
    expect(overlaps(prefix('0.0.0.0/0'), prefix('::/0'))).toBe(false);
  });

  test('has numbered addresses and blocks, and none outside of it', () => {
    const block = prefix('10.20.0.0/16');
    expect(formatIpAddress(nthAddress(block, 258, 32))).toBe('10.20.1.2');
    expect(formatIpPrefix(nthSubnet(block, 3, 24))).toBe('10.20.3.0/24');
    expect(() => nthAddress(block, 65_536, 32)).toThrow(RangeError);
    expect(() => nthAddress(block, -1, 32)).toThrow(RangeError);
    expect(() => nthSubnet(block, 256, 24)).toThrow(RangeError);
    expect(() => nthSubnet(block, 0, 8)).toThrow(RangeError);
  });
});
