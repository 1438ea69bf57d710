import { describe, expect, test } from 'vitest';
import { checkIsolation } from '../../src/model/isolation-check.ts';
import { checkOverlay } from '../../src/model/overlay-check.ts';
import type { Spec } from '../../src/model/topology.ts';
import { buildOverlay } from '../planner/overlay-builder.ts';

const VRF = { instance: 'shared', isolation: 'vrf' } as const;

describe('routers that are VRFs', () => {
  test.each<[string[], Partial<Spec>]>([
    [['spec.routing.isolation'], { routing: { isolation: 'vrf' } }],
    [['spec.routing.isolation'], { routing: { isolation: 'vrf', instance: 'dedicated' } }],
    [['spec.routing.bgp'], { routing: { ...VRF, protocol: 'bgp', bgp: { unnumbered: true } } }],
    [
      ['spec.routers.r2.routing.bgp'],
      {
        routing: { ...VRF, protocol: 'bgp' },
        routers: { r2: { routing: { bgp: { unnumbered: true } } } },
      },
    ],
    [['spec.hosts[1].home'], { routing: VRF, hosts: [host({}), host({ home: 'red' })] }],
    [['spec.hosts[0].overlays'], { routing: VRF, hosts: [host({ overlays: ['blue'] })] }],
  ])('are refused at %j for what they cannot be', (paths, spec) => {
    const problems = checkIsolation(spec);
    expect(problems.map(({ path }) => path)).toEqual(paths);
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(['not-in-vrf']));
  });

  test.each<[Partial<Spec>]>([
    [{ routing: VRF }],
    [{ routing: { ...VRF, protocol: ['ospf', 'bgp'], bfd: { interval: '50ms' } } }],
    [{ routing: { isolation: 'namespace' }, hosts: [host({ overlays: ['blue'] })] }],
    [{}],
  ])('can be %j', (spec) => {
    expect(checkIsolation(spec)).toEqual([]);
  });

  test.each([
    ['line', { routing: VRF }, []],
    ['namespaces', { routing: { instance: 'shared' } }, []],
    ['VRFs', { routing: VRF }, ['spec.routing.isolation']],
  ] as const)('have the names of interfaces in common: %s', (_, rest, paths) => {
    const long = rest.routing === VRF && paths.length === 0 ? 'r2' : 'amsterdam-west';
    const topology = { kind: 'custom' as const, routers: ['r1', long], links: [['r1', long]] };
    expect(checkOverlay(buildOverlay(topology, rest)).map(({ path }) => path)).toEqual(paths);
  });
});

function host(rest: { home?: string; overlays?: string[] }) {
  return { name: 'h', attach: 'r1', ...rest };
}
