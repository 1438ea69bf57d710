import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitCommands } from '../../../../src/agent/frr/northbound/yang-edits.ts';
import { diffConfig } from '../../../../src/planner/config-diff.ts';

const INSTANCE = "/frr-isisd:isis/instance[area-tag='vinet'][vrf='default']";
const R2 = "/frr-interface:lib/interface[name='r2']";

test('a line says in YANG what it says in words', () => {
  expect(split('isisd', 'interface r2', ' isis metric 5', 'exit').edits).toEqual([
    { path: R2, value: '' },
    { path: `${R2}/frr-isisd:isis/metric/level-1`, value: '5' },
    { path: `${R2}/frr-isisd:isis/metric/level-2`, value: '5' },
  ]);
  expect(split('bfdd', 'bfd', ' profile vinet', '  receive-interval 50', ' exit', 'exit').edits).toEqual([
    { path: '/frr-bfdd:bfdd/bfd', value: '' },
    { path: "/frr-bfdd:bfdd/bfd/profile[name='vinet']", value: '' },
    { path: "/frr-bfdd:bfdd/bfd/profile[name='vinet']/required-receive-interval", value: '50000' },
  ]);
});

test('what is taken back takes what is below with it, once', () => {
  const said = split(
    'isisd',
    'router isis vinet',
    ' no redistribute ipv4 static level-2 route-map M',
    'exit',
  );
  expect(said.edits).toEqual([
    { path: INSTANCE, value: '' },
    { path: `${INSTANCE}/redistribute/ipv4[protocol='static'][level='level-2']`, value: null },
  ]);
});

test('what is said and taken back in one go is not said, and the other way round begins anew', () => {
  const instance = "/frr-ripd:ripd/instance[vrf='default']";
  expect(split('ripd', 'router rip', ' version 2', 'exit', 'no router rip').edits).toEqual([
    { path: instance, value: null },
  ]);
  expect(split('ripd', 'no router rip', 'router rip', 'exit').edits).toEqual([
    { path: instance, value: null },
    { path: instance, value: '' },
  ]);
});

test('in a VRF interfaces and routes bear its name', () => {
  expect(split('isisd', 'interface r2 vrf r1', 'exit').edits).toEqual([
    { path: "/frr-interface:lib/interface[name='r1:r2']", value: '' },
  ]);
  const [vrf, route] = split('staticd', 'vrf r1', ' ip route 10.1.2.3/16 172.20.0.1 r2 7', 'exit').edits;
  expect(vrf).toEqual({ path: "/frr-vrf:lib/vrf[name='r1']", value: '' });
  expect(route?.path).toContain(
    "[vrf='r1']/frr-staticd:staticd/route-list[prefix='10.1.0.0/16'][afi-safi='frr-routing:ipv4-unicast']" +
      "/path-list[table-id='0'][distance='7']" +
      "/frr-nexthops/nexthop[nh-type='ip4-ifindex'][vrf='r1'][gateway='172.20.0.1'][interface='r2']",
  );
});

test.each([
  ['10.0.0.0/8 blackhole 250', "[nh-type='blackhole'][vrf='default'][gateway=''][interface='(null)']"],
  ['10.0.0.0/8 r1', "[nh-type='ifindex'][vrf='default'][gateway=''][interface='r1']"],
  ['10.0.0.0/8 192.0.2.1', "[nh-type='ip4'][vrf='default'][gateway='192.0.2.1'][interface='(null)']"],
  ['fd00::/8 fd66::1 r1', "[nh-type='ip6-ifindex'][vrf='default'][gateway='fd66::1'][interface='r1']"],
])('the next hop of a static route over %s', (words, hop) => {
  const family = words.includes(':') ? 'ipv6' : 'ip';
  expect(split('staticd', `${family} route ${words}`).edits[0]?.path).toContain(hop);
});

test('a static route that goes takes the lists with it in which nothing else is', () => {
  const [hop, paths, list] = split('staticd', 'no ip route 10.0.0.0/8 192.0.2.1').edits;
  expect(hop?.path).toMatch(/\/nexthop\[nh-type='ip4'\][^/]*$/);
  expect(paths?.path).toMatch(/\/path-list\[table-id='0'\]\[distance='1'\]\[not\(frr-nexthops\/nexthop\)\]$/);
  expect(list?.path).toMatch(/\[afi-safi='frr-routing:ipv4-unicast'\]\[not\(path-list\)\]$/);
  expect([hop, paths, list].map((edit) => edit?.value)).toEqual([null, null, null]);
});

test('a section of which one line has no words in YANG is left whole, and others are not', () => {
  const unknown = ['router isis vinet', ' set-overload-bit on-startup 30', ' is-type level-1', 'exit'];
  const known = ['interface r2', ' isis passive', 'exit'];
  const { spoken, rest } = split('isisd', 'hostname r1', ...unknown, ...known);
  expect(rest).toEqual(['hostname r1', ...unknown]);
  expect(spoken).toEqual(known);
});

test('a name that would end a path of YANG is left to VTY', () => {
  expect(split('isisd', "interface x']/y", 'exit')).toMatchObject({ edits: [], spoken: [] });
});

test('other daemons have nothing in YANG', () => {
  expect(split('ospfd', 'interface r2', ' description x', 'exit')).toMatchObject({ edits: [] });
});

test('of what our templates say to these daemons only names, keys and route maps have no words in YANG', () => {
  const folder = new URL('../golden/', import.meta.url);
  const files = readdirSync(folder).filter((name) => /-(staticd|isisd|ripd|bfdd)\.conf$/.test(name));
  expect(files.length).toBeGreaterThan(5);
  for (const file of files) {
    const daemon = /-([a-z]+)\.conf$/.exec(file)?.[1] ?? '';
    const commands = diffConfig('', readFileSync(new URL(file, folder), 'utf8'));
    const left = splitCommands(daemon, commands).rest.filter((line) => /^\S/.test(line) && line !== 'exit');
    expect(left.filter((line) => !/^(hostname|key chain|route-map) /.test(line))).toEqual([]);
  }
});

test('no command is lost or given twice, whatever it says', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'interface r2',
      ' isis metric 5',
      'exit',
      'no router isis a',
      'router isis a',
      ' net 49.01',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.constantFrom('isisd', 'staticd', 'ospfd'), fc.array(line), (daemon, commands) => {
      const { spoken, rest } = splitCommands(daemon, commands);
      expect([...spoken, ...rest].toSorted()).toEqual(commands.toSorted());
    }),
  );
});

function split(daemon: string, ...commands: string[]) {
  return splitCommands(daemon, commands);
}
