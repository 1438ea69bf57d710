import { describe, expect, test } from 'vitest';
import { checkInstance } from '../../src/model/instance-check.ts';
import type { Spec } from '../../src/model/topology.ts';

describe('daemons that several routers share', () => {
  test.each<[string[], Partial<Spec>]>([
    [['spec.routing.protocol'], { routing: { instance: 'shared', protocol: 'babel' } }],
    [['spec.routing.gracefulRestart'], { routing: { instance: 'shared', gracefulRestart: true } }],
    [['spec.routing.pim'], { routing: { instance: 'shared', pim: { rendezvousPoint: 'r1' } } }],
    [
      ['spec.routers.r2.routing.protocol'],
      { routing: { instance: 'shared' }, routers: { r2: { routing: { protocol: ['ospf', 'babel'] } } } },
    ],
    [
      ['spec.routers.r2.frr'],
      { routing: { instance: 'shared' }, routers: { r2: { frr: 'router babel\n network r1' } } },
    ],
    [
      ['spec.routing.bfd'],
      {
        routing: {
          instance: 'shared',
          protocol: 'bgp',
          bgp: { unnumbered: true },
          bfd: { interval: '50ms' },
        },
      },
    ],
  ])('are refused at %j for what FRR cannot do with them', (paths, spec) => {
    expect(checkInstance(spec).map(({ path }) => path)).toEqual(paths);
  });

  test.each<[Partial<Spec>]>([
    [{ routing: { instance: 'shared', protocol: 'bgp', bgp: { unnumbered: true } } }],
    [{ routing: { instance: 'shared', protocol: ['ospf', 'bgp'], bfd: { interval: '50ms' } } }],
    [{ routing: { instance: 'dedicated', protocol: 'babel' } }],
    [{ routing: { instance: 'shared', protocol: 'bgp', gracefulRestart: true } }],
    [{ routing: { instance: 'shared', gracefulRestart: true }, addressing: { network: 'fd00:20::/48' } }],
    [{}],
  ])('can do %j', (spec) => {
    expect(checkInstance(spec)).toEqual([]);
  });
});
