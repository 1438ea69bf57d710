import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { daemonsNeeded, linesFor, readFrrLines } from '../../src/model/frr-lines.ts';

const LINES = `
router ospf
 area 0 range 10.0.0.0/8
!
interface r2
 description to the north
 ip ospf cost 77
 isis metric 5
exit
router bgp 65001
 neighbor 10.0.0.2 remote-as 65002
 address-family ipv4 unicast
  neighbor 10.0.0.2 activate
 exit-address-family
route-map up permit 10
 match tag 5
 set local-preference 200
ip route 10.66.0.0/16 blackhole
`;

describe('lines of an operator', () => {
  test('go to the daemons that understand them, with their sections', () => {
    const read = readFrrLines(LINES);
    expect(read.faults).toEqual([]);
    expect(linesFor(read, 'ospfd')).toEqual([
      'router ospf',
      ' area 0 range 10.0.0.0/8',
      'interface r2',
      ' ip ospf cost 77',
      'route-map up permit 10',
      ' match tag 5',
    ]);
    expect(linesFor(read, 'zebra')).toEqual([
      'interface r2',
      ' description to the north',
      'route-map up permit 10',
      ' match tag 5',
    ]);
    expect(linesFor(read, 'bgpd')).toEqual([
      'router bgp 65001',
      ' neighbor 10.0.0.2 remote-as 65002',
      ' address-family ipv4 unicast',
      '  neighbor 10.0.0.2 activate',
      'route-map up permit 10',
      ' match tag 5',
      ' set local-preference 200',
    ]);
    expect(linesFor(read, 'staticd')).toEqual(['ip route 10.66.0.0/16 blackhole']);
  });

  test('name the daemons that have to run for them', () => {
    expect(daemonsNeeded(readFrrLines(LINES))).toEqual(
      new Set(['ospfd', 'zebra', 'isisd', 'bgpd', 'staticd']),
    );
    expect(daemonsNeeded(readFrrLines('route-map up permit 10\n match tag 5')).size).toBe(0);
  });

  test.each([
    ['router frog', 'no daemon'],
    ['hostname other', 'vinet decides'],
    ['log file /tmp/log', 'vinet decides'],
    ['line vty', 'vinet decides'],
    ['interface r2\n ip address 10.0.0.1/8', 'declared in the overlay'],
    ['interface r2\n shutdown', 'declared in the overlay'],
    ['router ospf\narea 0 range 10.0.0.0/8', 'no daemon'],
  ])('that nobody may have are found: %j', (text, words) => {
    const { faults } = readFrrLines(text);
    expect(faults).toMatchObject([{ message: expect.stringContaining(words) }]);
  });

  test('are read whatever they hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const read = readFrrLines(text);
        for (const daemon of daemonsNeeded(read)) expect(linesFor(read, daemon).length).toBeGreaterThan(0);
      }),
    );
  });
});
