import { describe, expect, test } from 'vitest';
import { checkRouting } from '../../src/model/routing-check.ts';
import type { Spec } from '../../src/model/topology.ts';

const IPV6 = { network: 'fd00:20::/48' };
const BOTH = { network: ['10.20.0.0/16', 'fd00:20::/48'] };

function problemsOf(routing: Spec['routing'], rest: Partial<Spec> = {}): string[] {
  const spec = { ...rest, ...(routing === undefined ? {} : { routing }) };
  return checkRouting(spec, () => false).map(
    ({ code, path }) => `${code} ${path.replace('spec.routing.', '')}`,
  );
}

describe('what contradicts itself', () => {
  test.each<[Spec['routing'], Partial<Spec>, string]>([
    [{ protocol: ['ospf', 'ospf'] }, {}, 'duplicate-protocol protocol'],
    [{ protocol: ['ospf', 'static'] }, {}, 'protocol-alone protocol'],
    [{ protocol: ['none', 'bgp'] }, {}, 'protocol-alone protocol'],
    [{ protocol: 'ospf' }, { addressing: BOTH }, 'family-not-carried protocol'],
    [{ protocol: ['ospf', 'ripng'] }, {}, 'family-missing protocol'],
    [{ protocol: 'rip', bfd: { interval: '50ms' } }, {}, 'unused-field bfd'],
    [{ protocol: 'babel', maximumPaths: 2 }, {}, 'unused-field maximumPaths'],
    [{ protocol: 'isis', gracefulRestart: true }, {}, 'unused-field gracefulRestart'],
    [{ protocol: 'babel', defaultOriginate: 'always' }, {}, 'unused-field defaultOriginate'],
    [{ bfd: { interval: '5ms' } }, {}, 'wrong-value bfd.interval'],
    [{ bfd: { interval: '0.1s', multiplier: 3 }, protocol: 'none' }, {}, 'unused-field bfd'],
    [{ bfd: { interval: '50.5ms' } }, {}, 'wrong-value bfd.interval'],
    [{ authentication: {} }, {}, 'wrong-field authentication'],
    [{ authentication: { key: 'a', password: 'b' } }, {}, 'wrong-field authentication'],
    [{ authentication: { password: 'b', id: 1 } }, {}, 'wrong-field authentication'],
    [{ authentication: { password: 'nine-char' } }, {}, 'too-long authentication.password'],
    [{ authentication: { key: 'a', digest: 'hmac-sha-256' } }, {}, 'wrong-value authentication.digest'],
    [{ authentication: { password: 'a' } }, { addressing: IPV6 }, 'unused-field authentication'],
    [{ ospf: { area: '1.2.3.400' } }, {}, 'wrong-value ospf.area'],
    [{ ospf: { areas: { '0': 'stub' } } }, {}, 'wrong-value ospf.areas'],
    [{ pim: { rendezvousPoint: 'r1' } }, { addressing: IPV6 }, 'family-missing pim'],
    [{ pim: { rendezvousPoint: 'r1', groups: '10.0.0.0/8' } }, {}, 'invalid-prefix pim.groups'],
    [{ redistribute: [{ from: 'ospf', into: 'ospf' }] }, {}, 'wrong-value redistribute[0]'],
    [{ redistribute: [{ from: 'ospf6', into: 'rip' }] }, {}, 'wrong-value redistribute[0]'],
    [
      { redistribute: [{ from: 'bgp', into: 'ospf', routeMap: 'nowhere' }] },
      {},
      'unknown-name redistribute[0].routeMap',
    ],
    [{ bgp: { in: 'nowhere' } }, {}, 'unknown-name bgp.in'],
    [{ bgp: { neighbors: { r2: { out: 'nowhere' } } } }, {}, 'unknown-name bgp.neighbors.r2.out'],
    [
      { routeMaps: { m: [{ action: 'permit', match: { prefixList: 'nowhere' } }] } },
      {},
      'unknown-name routeMaps.m[0].match.prefixList',
    ],
    [
      { prefixLists: { p: [{ action: 'permit', prefix: '10/8' }] } },
      {},
      'invalid-prefix prefixLists.p[0].prefix',
    ],
    [
      { prefixLists: { p: [{ action: 'permit', prefix: '10.0.0.0/8', ge: 8 }] } },
      {},
      'wrong-value prefixLists.p[0]',
    ],
    [
      { prefixLists: { p: [{ action: 'permit', prefix: '10.0.0.0/8', ge: 24, le: 16 }] } },
      {},
      'wrong-value prefixLists.p[0]',
    ],
    [{ routes: [{ prefix: '10.1.2.3/8', blackhole: true }] }, {}, 'invalid-prefix routes[0].prefix'],
    [{ routes: [{ prefix: '10.0.0.0/8', via: 'fd00::1' }] }, {}, 'wrong-value routes[0].via'],
    [{ routes: [{ prefix: '10.0.0.0/8' }] }, {}, 'wrong-field routes[0]'],
    [{ routes: [{ prefix: '10.0.0.0/8', via: '10.0.0.1', blackhole: true }] }, {}, 'wrong-field routes[0]'],
  ])('is found in %j', (routing, rest, problem) => {
    expect(problemsOf(routing, rest)).toContain(problem);
  });

  test('of a router is told at the router, and not again where it only takes it over', () => {
    const routers: Spec['routers'] = {
      r1: { routing: { protocol: 'rip' } },
      r2: { routing: { bfd: { interval: '1ms' } }, frr: 'router frog' },
    };
    const found = problemsOf({ authentication: {} }, { routers });
    expect(found).toEqual([
      'wrong-field authentication',
      'wrong-value spec.routers.r2.routing.bfd.interval',
      'unknown-frr-line spec.routers.r2.frr',
    ]);
  });
});

test.each<[Spec['routing'], Partial<Spec>]>([
  [undefined, { addressing: BOTH }],
  [{ protocol: ['ospf', 'ospf6', 'bgp'], bgp: { mode: 'ibgp' } }, { addressing: BOTH }],
  [{ protocol: 'isis', isis: { level: '1-2' }, bfd: { interval: '0.05s' } }, { addressing: BOTH }],
  [{ protocol: 'none', routes: [{ prefix: '0.0.0.0/0', interface: 'r2' }] }, {}],
  [{ prefixLists: { p: [{ action: 'permit', prefix: '10.0.0.0/8', ge: 16, le: 24 }] } }, {}],
])('nothing is wrong with %j', (routing, rest) => {
  expect(problemsOf(routing, rest)).toEqual([]);
});
