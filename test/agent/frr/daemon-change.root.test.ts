import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { Frr } from '../../../src/agent/frr/frr.ts';
import { VtyClient } from '../../../src/agent/frr/vty-client.ts';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import type { DaemonName, RoutingState } from '../../../src/model/routing-state.ts';
import { diffConfig } from '../../../src/planner/config-diff.ts';
import { buildOspf, buildRouting, inArea, LOOPBACK } from '../../model/routing-builder.ts';
import { RouterBench } from './router-bench.ts';
import { runningConfig } from './running-config.ts';

const NAME = 'vt_frr-change';
const FRESH = 'vt_frr-fresh';
const RUNNING: readonly DaemonName[] = ['zebra', 'ospfd', 'staticd'];

const bench = new RouterBench();
afterEach(() => bench.clear());

test('a changed daemon holds what one that is started afresh holds', async () => {
  const frr = await bench.openFrr();
  const changed = bench.makeNamespace(NAME).namespace;
  const fresh = bench.makeNamespace(FRESH).namespace;
  const routers = fc.sample(arbitraryRouting(), { numRuns: 8, seed: 20 });
  let held = frr.render(EMPTY);
  await startAll(frr, NAME, held, changed);
  for (const routing of routers) {
    const wanted = frr.render(routing);
    for (const daemon of RUNNING) {
      const config = textOf(wanted, daemon);
      await frr.configure(NAME, daemon, diffConfig(textOf(held, daemon), config), config);
    }
    await startAll(frr, FRESH, wanted, fresh);
    for (const daemon of RUNNING) {
      expect(await runningConfig(NAME, daemon)).toEqual(await runningConfig(FRESH, daemon));
    }
    expect(new Set((await frr.observe(NAME, changed)).map(({ config }) => config))).toEqual(
      new Set(wanted.values()),
    );
    held = wanted;
  }
});

test('a refused change is told with its line and taken back as a whole', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  const config = textOf(frr.render(EMPTY), 'ospfd');
  await startAll(frr, NAME, frr.render(EMPTY), namespace);
  const before = await runningConfig(NAME, 'ospfd');
  const wanted = `${config}interface r7\n ip ospf cost 7\n!\ninterface r8\n ip ospf frog\n`;
  await expect(frr.configure(NAME, 'ospfd', diffConfig(config, wanted), wanted)).rejects.toMatchObject({
    code: 'rejected',
    message: expect.stringContaining('"ip ospf frog": % [OSPF] Unknown command'),
  });
  expect(await runningConfig(NAME, 'ospfd')).toEqual(before);
  expect((await frr.observe(NAME, namespace)).find(({ daemon }) => daemon === 'ospfd')?.config).toBe(config);
});

test('what a former agent left half-way is taken back on adoption', async () => {
  const starter = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  await startAll(starter, NAME, starter.render(EMPTY), namespace);
  const before = await runningConfig(NAME, 'ospfd');
  const config = textOf(starter.render(EMPTY), 'ospfd');
  starter.close();
  writeFileSync(`/etc/frr/${NAME}/ospfd.conf.new`, `${config}interface r7\n ip ospf cost 7\n`);
  const client = await VtyClient.connect(`/run/frr/${NAME}/ospfd.vty`);
  await client.configure(['interface r7', ' ip ospf cost 7'], 'stop', 10_000);
  client.close();
  expect(await runningConfig(NAME, 'ospfd')).not.toEqual(before);

  const adopter = await bench.openFrr();
  await adopter.observe(NAME, namespace);
  await expect.poll(() => runningConfig(NAME, 'ospfd'), { timeout: 10_000 }).toEqual(before);
});

test('many changes and questions at once do not get into each other', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  const config = textOf(frr.render(EMPTY), 'staticd');
  await startAll(frr, NAME, frr.render(EMPTY), namespace);
  const routes = Array.from({ length: 40 }, (_, index) => `ip route 10.9.${index}.0/24 172.20.0.1 r2`);
  const changes = routes.map((route) => frr.configure(NAME, 'staticd', [route], `${config}${route}\n`));
  const questions = routes.map(() => frr.ask(NAME, 'ospfd', 'show ip ospf json'));
  await Promise.all([...changes, ...questions]);
  const running = await runningConfig(NAME, 'staticd');
  expect(routes.filter((route) => !running.includes(route))).toEqual([]);
});

const EMPTY = buildRouting({ daemons: RUNNING, ospf: buildOspf([]) });

function arbitraryRouting(): fc.Arbitrary<RoutingState> {
  const link = fc.record({
    name: fc.constantFrom('r-2', 'r3', 'lan1'),
    network: fc.constantFrom('point-to-point' as const, 'broadcast' as const),
    cost: fc.integer({ min: 0, max: 65535 }),
    passive: fc.boolean(),
    area: fc.constantFrom('0.0.0.0', '0.0.0.1'),
  });
  const route = fc.record({
    prefix: fc.constantFrom('10.1.0.0/16', '10.2.0.0/16', 'fd01::/64'),
    interface: fc.constantFrom('r-2', 'r3'),
  });
  const ospf = fc
    .uniqueArray(link, { selector: ({ name }) => name })
    .map((links) => buildOspf([...inArea('0.0.0.0', LOOPBACK), ...links]));
  return fc
    .record({
      hostname: fc.constantFrom('r1', 'r-one'),
      timers: fc.constantFrom('fast' as const, 'default' as const),
      ospf,
      routes: fc.uniqueArray(route, { selector: ({ prefix }) => prefix }).map((routes) =>
        routes.map((one) => ({
          ...one,
          via: one.prefix.includes(':') ? 'fd00::1' : '172.20.0.1',
          distance: 0,
        })),
      ),
    })
    .map((some) => ({ ...EMPTY, ...some }));
}

async function startAll(
  frr: Frr,
  name: string,
  configs: ReadonlyMap<DaemonName, string>,
  namespace: Namespace,
): Promise<void> {
  for (const daemon of RUNNING) await frr.start(name, daemon, textOf(configs, daemon), namespace);
}

function textOf(configs: ReadonlyMap<DaemonName, string>, daemon: DaemonName): string {
  return configs.get(daemon) ?? '';
}
