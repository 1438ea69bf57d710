import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tallyNeighbors } from '../../../src/agent/telemetry/neighbor-watch.ts';
import { tallyRoutes } from '../../../src/agent/telemetry/route-watch.ts';
import { parseTraceroute } from '../../../src/agent/trace.ts';

describe('routes of a table', () => {
  const route = (prefix: string, protocol: string) => ({ prefix, protocol, nextHops: [], metric: 0 });

  it('are counted by family and protocol', () => {
    const table = [
      route('10.0.0.2/32', 'ospf'),
      route('10.0.0.3/32', 'ospf'),
      route('fd00::2/128', 'static'),
    ];
    expect([...tallyRoutes(table, [], []).routes]).toEqual([
      ['ipv4 ospf', 2],
      ['ipv6 static', 1],
    ]);
  });

  it('reach a destination by its own prefix only, and themselves always', () => {
    const table = [route('10.0.0.0/8', 'ospf'), route('10.0.0.2/32', 'ospf')];
    const tally = tallyRoutes(table, ['10.0.0.1/32', '10.0.0.2/32', '10.0.0.3/32'], ['10.0.0.1/32']);
    expect([tally.reached, tally.destinations]).toEqual([2, 3]);
  });
});

describe('OSPF neighbours', () => {
  it('are counted by state, as FRR 8 and later say it', () => {
    const answer = {
      neighbors: {
        '10.0.0.2': [{ nbrState: 'Full/-' }],
        '10.0.0.3': [{ state: 'Init/DROther' }, { state: 'Full/DR' }],
      },
    };
    expect([...tallyNeighbors(answer)]).toEqual([
      ['Full', 2],
      ['Init', 1],
    ]);
  });

  it('are none in an answer that says something else', () => {
    fc.assert(fc.property(fc.anything(), (answer) => tallyNeighbors(answer).size >= 0));
    expect(tallyNeighbors(null).size).toBe(0);
  });
});

describe('a trace', () => {
  it('is read hop by hop, silence included', () => {
    const text = [
      'traceroute to 10.0.0.6 (10.0.0.6), 255 hops max, 60 byte packets',
      ' 1  10.0.128.1  0.093 ms',
      ' 2  *',
      ' 3  10.0.0.6  1.250 ms',
    ].join('\n');
    expect(parseTraceroute(text)).toEqual([
      { ttl: 1, address: '10.0.128.1', rttMs: 0.093 },
      { ttl: 2, address: '', rttMs: 0 },
      { ttl: 3, address: '10.0.0.6', rttMs: 1.25 },
    ]);
  });
});
