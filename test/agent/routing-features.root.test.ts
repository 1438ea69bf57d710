import { afterEach, expect, it } from 'vitest';
import type { Overlay } from '../../src/model/overlay.ts';
import { daemonPids, inside, ping, until } from '../machine.ts';
import { receiveGroup, sendToGroup } from '../multicast.ts';
import { ip, type NodeBench, openNodeBench } from './node-bench.ts';

type Spec = Overlay['spec'];

let bench: NodeBench | null = null;
afterEach(async () => {
  await bench?.close();
  bench = null;
});

async function deploy(spec: Omit<Spec, 'placement'>): Promise<NodeBench> {
  bench ??= await openNodeBench('vtf', 1);
  bench.deploy([
    {
      apiVersion: 'vinet/v1',
      kind: 'Overlay',
      metadata: { name: 'vtf' },
      spec: { placement: { nodes: ['n1'] }, addressing: { network: '10.20.0.0/16' }, ...spec },
    },
  ]);
  await bench.ready();
  return bench;
}

it('joins a part with OSPF and a part with BGP at a border router, and shows what each redistributes', async () => {
  const both = { from: 'ospf', into: 'bgp' } as const;
  await deploy({
    topology: { kind: 'line', routers: 5 },
    routing: { protocol: 'ospf', timers: 'fast' },
    routers: {
      r3: {
        routing: {
          protocol: ['ospf', 'bgp'],
          redistribute: [both, { from: 'bgp', into: 'ospf', routeMap: 'tagged' }],
          routeMaps: { tagged: [{ action: 'permit', set: { tag: 77 } }] },
        },
      },
      r4: { routing: { protocol: 'bgp' } },
      r5: { routing: { protocol: 'bgp' } },
    },
  });
  expect(ping('vtf_r1', '10.20.0.5')).toBe(true);
  expect(vtysh('vtf_r1', 'show ip route 10.20.0.5/32')).toContain('tag 77');
  expect(ip('-n', 'vtf_r5', 'route', 'show', '10.20.0.1')).toContain('proto bgp');
});

it('has areas with a border router between them, digests in every packet, and a default route where it is asked for', async () => {
  const routing: Spec['routing'] = {
    protocol: 'ospf',
    authentication: { key: 'secret', id: 5 },
    gracefulRestart: true,
    ospf: { areas: { 1: 'totally-stub' } },
  };
  const routers: Spec['routers'] = {
    r1: { routing: { defaultOriginate: 'always' } },
    r3: { routing: { ospf: { area: 1 } } },
  };
  await deploy({ topology: { kind: 'line', routers: 3 }, routing, routers });
  expect(ping('vtf_r3', '10.20.0.1')).toBe(true);
  expect(vtysh('vtf_r2', 'show ip ospf')).toContain('This router is an ABR');
  expect(vtysh('vtf_r2', 'show ip ospf interface r3')).toContain('Cryptographic authentication enabled');
  expect(ip('-n', 'vtf_r3', 'route')).toMatch(/^default .*proto ospf/m);
  expect(ip('-n', 'vtf_r3', 'route')).not.toContain('10.20.0.1 ');
  await until(
    () => /^default .*proto ospf/m.test(ip('-n', 'vtf_r2', 'route')),
    () => ip('-n', 'vtf_r2', 'route'),
  );

  // All of it changes while the daemons run.
  expect(vtysh('vtf_r2', 'show ip ospf')).toContain('Area ID: 0.0.0.1');
  const daemons = daemonPids('vtf_');
  await deploy({
    topology: { kind: 'line', routers: 3 },
    routing: { protocol: 'ospf', gracefulRestart: true },
  });
  await until(
    () => ping('vtf_r3', '10.20.0.1') && ip('-n', 'vtf_r3', 'route').includes('10.20.0.1 '),
    () => ip('-n', 'vtf_r3', 'route'),
  );
  expect(daemonPids('vtf_')).toEqual(daemons);
  expect(vtysh('vtf_r2', 'show ip ospf')).not.toContain('Area ID: 0.0.0.1');
  await until(
    () => !ip('-n', 'vtf_r2', 'route').includes('default'),
    () => ip('-n', 'vtf_r2', 'route'),
  );
});

it("gives an operator's own lines the last word, and takes them back", async () => {
  const topology: Spec['topology'] = { kind: 'ring', routers: 4 };
  const frr = 'interface r2\n ip ospf cost 500\nip route 10.66.0.0/16 blackhole\n';
  await deploy({ topology, routers: { r1: { frr } } });
  await until(
    () => ip('-n', 'vtf_r1', 'route', 'show', '10.20.0.2').includes('dev r4'),
    () => ip('-n', 'vtf_r1', 'route'),
  );
  expect(ip('-n', 'vtf_r1', 'route')).toContain('blackhole 10.66.0.0/16');
  await deploy({ topology });
  await until(
    () =>
      ip('-n', 'vtf_r1', 'route', 'show', '10.20.0.2').includes('dev r2') &&
      !ip('-n', 'vtf_r1', 'route').includes('blackhole'),
    () => ip('-n', 'vtf_r1', 'route'),
  );
});

it('carries a multicast group to every host that joined it', async () => {
  await deploy({
    topology: { kind: 'ring', routers: 4 },
    routing: { protocol: 'ospf', pim: { rendezvousPoint: 'r2' } },
    hosts: [
      { name: 'source', attach: 'r1' },
      { name: 'one', attach: 'r3' },
      { name: 'two', attach: 'r4' },
    ],
  });
  const receivers = ['one', 'two'].map((host) => receiveGroup(`vtf_${host}`));
  try {
    await until(
      () =>
        receivers.every(({ heard }) => {
          sendToGroup('vtf_source');
          return heard() > 0;
        }),
      () => vtysh('vtf_r1', 'show ip mroute'),
      40,
    );
  } finally {
    for (const { stop } of receivers) stop();
  }
});

function vtysh(namespace: string, command: string): string {
  return inside(namespace, 'vtysh', '-N', namespace, '-c', command) ?? '';
}
