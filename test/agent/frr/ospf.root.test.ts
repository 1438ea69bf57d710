import { afterEach, expect, test } from 'vitest';
import type { Frr } from '../../../src/agent/frr/frr.ts';
import type { RoutingState } from '../../../src/model/routing-state.ts';
import { buildOspf, buildRouting, inArea, LOOPBACK, pointToPoint } from '../../model/routing-builder.ts';
import { type IpNamespace, ip } from './ip-namespace.ts';
import { RouterBench } from './router-bench.ts';

const bench = new RouterBench();
afterEach(() => bench.clear());

test('two routers become neighbours over a veth pair and learn each other, and zebra may die without harm', async () => {
  const frr = await bench.openFrr();
  const one = bench.makeNamespace('vt_ospf_r1');
  const two = bench.makeNamespace('vt_ospf_r2');
  ip('link', 'add', 'r2', 'netns', 'vt_ospf_r1', 'type', 'veth', 'peer', 'name', 'r1', 'netns', 'vt_ospf_r2');
  prepare(one, 'r2', '172.20.0.0/31', '10.20.0.1/32');
  prepare(two, 'r1', '172.20.0.1/31', '10.20.0.2/32');
  await Promise.all([
    startRouter(frr, 'vt_ospf_r1', one, routing('r1', '10.20.0.1', 'r2')),
    startRouter(frr, 'vt_ospf_r2', two, routing('r2', '10.20.0.2', 'r1')),
  ]);

  await expect.poll(() => ospfRoutes(one), { timeout: 30_000 }).toContain('10.20.0.2');
  await expect.poll(() => ospfRoutes(two), { timeout: 30_000 }).toContain('10.20.0.1');
  expect(await frr.ask('vt_ospf_r1', 'ospfd', 'show ip ospf neighbor json')).toMatchObject({
    neighbors: { '10.20.0.2': [{ nbrState: expect.stringContaining('Full') }] },
  });

  const zebra = (await frr.observe('vt_ospf_r1', one.namespace)).find(({ daemon }) => daemon === 'zebra');
  const died = new Promise((resolve) => frr.onDeath(resolve));
  process.kill(zebra?.pid ?? 0, 'SIGKILL');
  await died;
  expect(ospfRoutes(one)).toContain('10.20.0.2');
  await frr.start('vt_ospf_r1', 'zebra', zebra?.config ?? '', one.namespace);
  expect(ospfRoutes(one)).toContain('10.20.0.2');
});

function prepare(router: IpNamespace, link: string, address: string, loopback: string): void {
  router.ip('address', 'add', loopback, 'dev', 'lo');
  router.ip('address', 'add', address, 'dev', link);
  router.ip('link', 'set', link, 'up');
}

function routing(hostname: string, routerId: string, link: string): RoutingState {
  const ospf = buildOspf(inArea('0.0.0.0', LOOPBACK, pointToPoint(link, 5)));
  return buildRouting({ hostname, routerId, daemons: ['zebra', 'ospfd'], ospf });
}

async function startRouter(frr: Frr, name: string, router: IpNamespace, wanted: RoutingState): Promise<void> {
  for (const [daemon, config] of frr.render(wanted)) await frr.start(name, daemon, config, router.namespace);
}

function ospfRoutes(router: IpNamespace): string {
  return router.ip('route', 'show', 'proto', 'ospf');
}
