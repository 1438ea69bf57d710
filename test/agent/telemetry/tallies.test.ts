import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as neighbors from '../../../src/agent/telemetry/neighbor-questions.ts';
import { tallyRoutes } from '../../../src/agent/telemetry/route-watch.ts';

describe('routes of a table', () => {
  const route = (prefix: string, protocol: string) => ({ prefix, protocol, nextHops: [], metric: 0 });

  it('are counted by family and protocol', () => {
    const table = [
      route('10.0.0.2/32', 'ospf'),
      route('10.0.0.3/32', 'ospf'),
      route('fd00::2/128', 'static'),
    ];
    expect([...tallyRoutes(table, { destinations: [], own: [], summarized: false }).routes]).toEqual([
      ['ipv4 ospf', 2],
      ['ipv6 static', 1],
    ]);
  });

  it('reach a destination by its own prefix only, and themselves always', () => {
    const table = [route('10.0.0.0/8', 'ospf'), route('10.0.0.2/32', 'ospf')];
    const destinations = ['10.0.0.1/32', '10.0.0.2/32', '10.0.0.3/32'];
    const wanted = { destinations, own: ['10.0.0.1/32'], summarized: false };
    const tally = tallyRoutes(table, wanted);
    expect([tally.reached, tally.destinations]).toEqual([2, 3]);
    expect(tallyRoutes(table, { ...wanted, summarized: true }).reached).toBe(3);
  });
});

describe('neighbours', () => {
  it('of OSPF are read as FRR 8 and later say them', () => {
    const answer = {
      neighbors: {
        '10.0.0.2': [{ nbrState: 'Full/-' }],
        '10.0.0.3': [{ state: 'Init/DROther' }, { state: 'Full/DR' }],
      },
    };
    expect(neighbors.ospfStates(answer)).toEqual(['Full', 'Init', 'Full']);
  });

  it('of BGP count once, however many families their session carries', () => {
    const peers = { '172.20.0.1': { state: 'Established' }, r3: { state: 'Idle (Admin)' } };
    expect(neighbors.bgpStates({ ipv4Unicast: { peers }, ipv6Unicast: { peers } })).toEqual([
      'Established',
      'Idle',
    ]);
  });

  it('whose routes are used are counted over all protocols, without those of BFD', () => {
    const tally = new Map([
      ['ospf Full', 2],
      ['ospf Init', 1],
      ['bgp Established', 3],
      ['bfd up', 4],
    ]);
    expect(neighbors.countFull(tally)).toBe(5);
  });

  it('are none or unknown in an answer that says something else', () => {
    const { ospfStates, ospf6States, isisStates, bgpStates, pimStates, bfdStates } = neighbors;
    for (const states of [ospfStates, ospf6States, isisStates, bgpStates, pimStates, bfdStates]) {
      fc.assert(fc.property(fc.anything(), (answer) => Array.isArray(states(answer))));
      expect(states(null)).toEqual([]);
    }
  });
});
