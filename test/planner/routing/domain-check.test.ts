import { describe, expect, test } from 'vitest';
import type { Spec } from '../../../src/model/topology.ts';
import { NO_BASES } from '../../../src/planner/base-sites.ts';
import { compileOverlay } from '../../../src/planner/overlay-plan.ts';
import { NOTHING_TAKEN } from '../../../src/planner/tunnel-numbers.ts';
import { buildOverlay, codesOf } from '../overlay-builder.ts';

const LINE: Spec['topology'] = { kind: 'line', routers: 4 };
const IPV4 = { addressing: { network: '10.20.0.0/16' } };

function codes(topology: Spec['topology'], rest: Partial<Spec>): string[] {
  const overlay = buildOverlay(topology, { ...IPV4, ...rest });
  return codesOf(compileOverlay({ overlay, previous: null, taken: NOTHING_TAKEN, bases: NO_BASES }));
}

describe('routers that would not route together', () => {
  test.each<[string, Partial<Spec>]>([
    ['routes-not-exchanged', { routers: { r3: { routing: { protocol: 'isis' } } } }],
    ['routes-not-exchanged', { routers: { r4: { routing: { protocol: ['rip', 'bgp'] } } } }],
    ['no-interior-protocol', { routing: { protocol: 'bgp', bgp: { mode: 'ibgp' } } }],
    [
      'areas-apart',
      { routers: { r2: { routing: { ospf: { area: 1 } } }, r3: { routing: { ospf: { area: '0.0.0.2' } } } } },
    ],
    ['unknown-router', { routing: { pim: { rendezvousPoint: 'r9' } } }],
    ['unknown-router', { routing: { protocol: 'bgp', bgp: { neighbors: { r9: {} } } } }],
    ['unknown-interface', { routers: { r1: { routing: { passive: ['r3'] } } } }],
    ['wrong-value', { routing: { protocol: 'bgp', bgp: { as: 4_294_967_293 } } }],
  ])('are found: %s of %j', (code, rest) => {
    expect(codes(LINE, rest)).toEqual([code]);
  });

  test('are those that RIP counts to infinity', () => {
    expect(codes({ kind: 'line', routers: 17 }, { routing: { protocol: 'rip' } })).toEqual(['too-far']);
    expect(codes({ kind: 'line', routers: 16 }, { routing: { protocol: 'rip' } })).toEqual([]);
  });
});

test.each<[string, Partial<Spec>]>([
  ['a border router redistributes', border()],
  ['systems of their own have an interior protocol', systems()],
  ['one area is joined to the backbone', { routers: { r4: { routing: { ospf: { area: 1 } } } } }],
])('routers route together where %s', (_, rest) => {
  expect(codes(LINE, rest)).toEqual([]);
});

test('a bus of thousands is looked at in no time worth telling', () => {
  expect(codes({ kind: 'bus', routers: 3000 }, { addressing: { network: '10.0.0.0/8' } })).toEqual([]);
});

function border(): Partial<Spec> {
  const redistribute = [
    { from: 'ospf' as const, into: 'isis' as const },
    { from: 'isis' as const, into: 'ospf' as const },
  ];
  return {
    routers: {
      r2: { routing: { protocol: ['ospf', 'isis'], redistribute } },
      r3: { routing: { protocol: 'isis' } },
      r4: { routing: { protocol: 'isis' } },
    },
  };
}

function systems(): Partial<Spec> {
  const as = (number: number) => ({ routing: { bgp: { as: number } } });
  return {
    routing: { protocol: ['ospf', 'bgp'] },
    routers: { r1: as(65001), r2: as(65001), r3: as(65002), r4: as(65002) },
  };
}
