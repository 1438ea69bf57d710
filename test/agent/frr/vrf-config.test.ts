import { describe, expect, test } from 'vitest';
import { sectionsWithoutVrf } from '../../../src/agent/frr/shown-config.ts';
import { joinConfigs } from '../../../src/agent/frr/vrf-config.ts';
import { askOfVrf } from '../../../src/model/vrf-question.ts';
import { diffConfig } from '../../../src/planner/config-diff.ts';

/** Each has a namespace, and calls its interfaces what they are called there. */
const NONE: ReadonlyMap<string, string> = new Map();

describe('a configuration for several routers', () => {
  test('binds each interface and protocol to its router, and bears one name', () => {
    const config =
      'hostname r1\n!\ninterface r2\n ip ospf cost 5\n!\nrouter ospf\n ospf router-id 10.0.0.1\n!\n';
    const joined = joinConfigs('ring_frr_n1', [
      { vrf: 'r1', config, devices: NONE },
      { vrf: 'r3', config, devices: NONE },
    ]);
    expect(linesOf(joined)).toEqual([
      'hostname ring_frr_n1',
      ...['interface r2 vrf r1', ' ip ospf cost 5', 'router ospf vrf r1', ' ospf router-id 10.0.0.1'],
      ...['interface r2 vrf r3', ' ip ospf cost 5', 'router ospf vrf r3', ' ospf router-id 10.0.0.1'],
    ]);
    expect(sectionsWithoutVrf(joined, false)).toEqual([]);
  });

  test.each([
    ['router bgp 65001', 'router bgp 65001 vrf r1'],
    ['router isis vinet', 'router isis vinet vrf r1'],
    ['router ospf6', 'router ospf6 vrf r1'],
    ['debug ospf event', 'debug ospf event'],
  ])('says %s as %s', (alone, bound) => {
    expect(linesOf(joinConfigs('x', [{ vrf: 'r1', config: alone, devices: NONE }]))).toContain(bound);
  });

  test('puts what FRR takes in no other way into the VRF', () => {
    const config = 'hostname r1\n!\nip route 10.0.0.2/32 172.20.0.1 r2\nipv6 route fd00::/64 blackhole\n';
    expect(linesOf(joinConfigs('x', [{ vrf: 'r1', config, devices: NONE }]))).toEqual([
      'hostname x',
      'vrf r1',
      ' ip route 10.0.0.2/32 172.20.0.1 r2',
      ' ipv6 route fd00::/64 blackhole',
      'exit-vrf',
    ]);
  });

  test("keeps routers' names for lists, maps and profiles apart, where they are defined and where they are used", () => {
    const config = [
      'ip prefix-list in seq 5 permit 10.0.0.0/8',
      'route-map in permit 10',
      ' match ip address prefix-list in',
      'bfd',
      ' profile vinet',
      'router bgp 1',
      ' neighbor 10.0.0.2 route-map in in',
      ' neighbor 10.0.0.2 bfd profile vinet',
      ' neighbor 10.0.0.2 route-map other out',
    ].join('\n');
    expect(linesOf(joinConfigs('x', [{ vrf: 'r1', config, devices: NONE }])).slice(1)).toEqual([
      'ip prefix-list r1:in seq 5 permit 10.0.0.0/8',
      'route-map r1:in permit 10',
      ' match ip address prefix-list r1:in',
      'bfd',
      ' profile r1:vinet',
      'router bgp 1 vrf r1',
      ' neighbor 10.0.0.2 route-map r1:in in',
      ' neighbor 10.0.0.2 bfd profile r1:vinet',
      ' neighbor 10.0.0.2 route-map other out',
    ]);
  });

  test("names profiles as bfdd's configuration does, where they are not defined too", () => {
    const config =
      'interface r2\n ip ospf bfd profile vinet\nrouter bgp 1\n neighbor 10.0.0.2 bfd profile vinet\n';
    const lines = linesOf(joinConfigs('x', [{ vrf: 'r1', config, devices: NONE }]));
    expect(lines).toContain(' ip ospf bfd profile r1:vinet');
    expect(lines).toContain(' neighbor 10.0.0.2 bfd profile r1:vinet');
  });

  test('changes by the lines of the router that comes or goes', () => {
    const of = (vrf: string) => ({
      ...{ vrf, devices: NONE },
      config: 'interface lo\n ip ospf area 0.0.0.0\nip route 10.0.0.0/8 blackhole\n',
    });
    const [few, many] = [joinConfigs('x', [of('r1')]), joinConfigs('x', [of('r1'), of('r2')])];
    expect(diffConfig(few, many)).toEqual([
      ...['interface lo vrf r2', ' ip ospf area 0.0.0.0', 'exit'],
      ...['vrf r2', ' ip route 10.0.0.0/8 blackhole', 'exit'],
    ]);
    expect(diffConfig(many, few)).toEqual([
      ...['vrf r2', ' no ip route 10.0.0.0/8 blackhole', 'exit'],
      ...['interface lo vrf r2', ' no ip ospf area 0.0.0.0', 'exit'],
    ]);
  });

  test('calls interfaces as the kernel does where routers share a namespace', () => {
    const config = [
      ...['interface lo', ' ip ospf area 0', 'interface r2', ' description lo to r2'],
      ...[
        'router rip',
        ' network r2',
        ' passive-interface h1',
        'route-map m permit 5',
        ' match interface r2',
      ],
      ...['ip route 10.9.0.0/16 10.1.0.1 r2 20', 'ip route 10.8.0.0/16 lo'],
    ].join('\n');
    const devices = new Map(['lo', 'r2', 'h1'].map((name) => [name, name === 'lo' ? 'r1' : `r1.${name}`]));
    expect(linesOf(joinConfigs('x', [{ vrf: 'r1', config, devices }])).slice(1)).toEqual([
      ...['interface r1', ' ip ospf area 0', 'interface r1.r2', ' description lo to r2'],
      ...['router rip vrf r1', ' network r1.r2', ' passive-interface r1.h1'],
      ...['route-map r1:m permit 5', ' match interface r1.r2'],
      ...['vrf r1', ' ip route 10.9.0.0/16 10.1.0.1 r1.r2 20', ' ip route 10.8.0.0/16 r1', 'exit-vrf'],
    ]);
  });

  test('is refused where FRR has no VRFs', () => {
    expect(() =>
      joinConfigs('x', [{ vrf: 'r1', config: 'router babel\n network r2\n', devices: NONE }]),
    ).toThrow(/Babel/);
  });
});

test('what landed in the default VRF is found in a running configuration', () => {
  const running =
    'frr version 8.4.4\n!\ninterface lo\nexit\n!\ninterface r2\n ip ospf cost 5\nexit\n!\nrouter ospf\nexit\n!\nrouter ospf vrf r1\nexit\n';
  expect(sectionsWithoutVrf(running, false).map((section) => section.split('\n')[0])).toEqual([
    'interface r2',
    'router ospf',
  ]);
  expect(sectionsWithoutVrf(running, true).map((section) => section.split('\n')[0])).toEqual(['router ospf']);
});

test.each([
  ['show ip ospf neighbor json', 'show ip ospf vrf r1 neighbor json'],
  ['show  ip route', 'show ip route vrf r1'],
  ['show bgp summary json', 'show bgp vrf r1 summary json'],
  ['show isis neighbor', 'show isis vrf r1 neighbor'],
  ['show ip route vrf r2', null],
  ['show version', null],
  ['configure terminal', null],
])('%s is asked of a VRF as %s', (command, scoped) => {
  expect(askOfVrf(command, 'r1')).toBe(scoped);
});

function linesOf(config: string): string[] {
  return config.split('\n').filter((line) => line !== '' && line !== '!');
}
