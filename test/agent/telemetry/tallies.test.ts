import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tallyNeighbors } from '../../../src/agent/telemetry/neighbor-watch.ts';
import { tallyRoutes } from '../../../src/agent/telemetry/route-watch.ts';

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
