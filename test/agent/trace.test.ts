import { describe, expect, test } from 'vitest';
import { fillGaps, hasGaps, parseTraceroute } from '../../src/agent/trace.ts';

const TEXT = `traceroute to 10.20.0.4 (10.20.0.4), 255 hops max, 60 byte packets
 1  10.20.128.1  0.063 ms
 2  *
 3  10.20.128.5  0.121 ms
`;

describe('a trace', () => {
  test('is read hop by hop, silent ones included', () => {
    expect(parseTraceroute(TEXT)).toEqual([
      { ttl: 1, address: '10.20.128.1', rttMs: 0.063 },
      { ttl: 2, address: '', rttMs: 0 },
      { ttl: 3, address: '10.20.128.5', rttMs: 0.121 },
    ]);
  });

  test('has a gap where a hop kept silent before one that answered, not behind the last answer', () => {
    const hops = parseTraceroute(TEXT);
    expect(hasGaps(hops)).toBe(true);
    expect(hasGaps(hops.slice(0, 2))).toBe(false);
    expect(hasGaps([])).toBe(false);
  });

  test('takes from a second one only what the first does not know', () => {
    const again = TEXT.replace('2  *', '2  10.20.128.3  0.09 ms').replace('10.20.128.5', '10.20.128.99');
    expect(fillGaps(parseTraceroute(TEXT), parseTraceroute(again)).map(({ address }) => address)).toEqual([
      '10.20.128.1',
      '10.20.128.3',
      '10.20.128.5',
    ]);
  });
});
