import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as neighbors from '../../../src/agent/telemetry/neighbor-questions.ts';
import { babelStates, ripStates } from '../../../src/agent/telemetry/neighbor-texts.ts';
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

  it('of RIP are those that it heard from, silent once what they said has timed out', () => {
    expect(ripStates(RIP_STATUS)).toEqual(['Up', 'Silent', 'Silent']);
    expect(ripStates(RIPNG_STATUS)).toEqual(['Up', 'Silent']);
    expect(ripStates(RIP_STATUS.slice(0, RIP_STATUS.indexOf('Gateway')))).toEqual([]);
  });

  it('of RIP are found whatever stands between them', () => {
    const noise = fc.stringMatching(/^[A-Za-z \n]{0,20}$/);
    const source = fc.tuple(fc.ipV4(), fc.nat(), fc.nat(), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(source, fc.nat({ max: 59 }), noise)),
        fc.nat({ max: 59 }),
        (all, timeout) => {
          const lines = all.map(([words, age, text]) => `${words.join(' ')} 00:00:${pad(age)}\n ${text}`);
          const answer = `Timeout after ${timeout} seconds\nRouting Information Sources:\n${lines.join('\n')}\n`;
          expect(ripStates(answer)).toEqual(all.map(([, age]) => (age <= timeout ? 'Up' : 'Silent')));
        },
      ),
    );
  });

  it('of Babel are up when both hear each other', () => {
    const line = (rx: number, tx: number) =>
      `Neighbour fe80::1 dev r2 reach ffff rxcost ${rx} txcost ${tx} rtt 0.000 rttcost 0.\n`;
    expect(babelStates(line(96, 96) + line(96, 65_535) + line(65_535, 96))).toEqual(['Up', 'OneWay', 'Lost']);
  });

  it('are none in texts of other kinds, which take no longer than they are long', () => {
    for (const states of [ripStates, babelStates]) {
      fc.assert(fc.property(fc.oneof(fc.anything(), fc.string()), (answer) => states(answer).length <= 1));
      expect(states(`Sources:${' \n'.repeat(1_000_000)}Neighbour`)).toEqual([]);
      expect(states('Timeout after '.repeat(200_000))).toEqual([]);
    }
  });

  it('are none or unknown in an answer that says something else', () => {
    const { ospfStates, ospf6States, isisStates, bgpStates, pimStates, bfdStates } = neighbors;
    for (const states of [ospfStates, ospf6States, isisStates, bgpStates, pimStates, bfdStates]) {
      fc.assert(fc.property(fc.anything(), (answer) => Array.isArray(states(answer))));
      expect(states(null)).toEqual([]);
    }
  });
});

function pad(number: number): string {
  return String(number).padStart(2, '0');
}

const RIP_STATUS = `Routing Protocol is "rip"
  Sending updates every 5 seconds with +/-50%, next due in 2 seconds
  Timeout after 15 seconds, garbage collect after 10 seconds
  Default version control: send version 2, receive any version
    Interface        Send  Recv   Key-chain
    r2               2     1 2
  Routing for Networks:
    172.20.0.0/31
  Routing Information Sources:
    Gateway          BadPackets BadRoutes  Distance Last Update
    172.20.0.1               0         0       120   00:00:03
    172.20.0.5               0         3       120   00:00:16
    172.20.0.9               1         0       120   1d02h00m
  Distance: (default is 120)
`;

const RIPNG_STATUS = `Routing Protocol is "RIPng"
  Timeout after 180 seconds, garbage collect after 120 seconds
  Routing Information Sources:
    Gateway          BadPackets BadRoutes  Distance Last Update
    fe80::a8aa:1
                     0          0       120      00:02:59
    fe80::a8aa:2
                     0          0       120      00:03:01
`;
