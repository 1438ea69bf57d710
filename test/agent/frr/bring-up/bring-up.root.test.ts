import { afterEach, expect, test } from 'vitest';
import type { Frr } from '../../../../src/agent/frr/frr.ts';
import { type IpNamespace, ip } from '../ip-namespace.ts';
import { RouterBench } from '../router-bench.ts';
import { runningConfig } from '../running-config.ts';

const NAME = 'vt_frr-up';
const PEER = 'vt_frr-up2';
/** So rarely that no hello comes by itself during a test. */
const HELLO_S = 3_000;
const CONFIG = [
  ...['hostname r1', 'interface r2', ' ip ospf area 0.0.0.0', ' ip ospf network point-to-point'],
  ...[` ip ospf hello-interval ${HELLO_S}`, ' ip ospf dead-interval 12000'],
  ...['router ospf', ' ospf router-id 10.20.0.1', ' timers throttle spf 0 50 500', ''],
].join('\n');
const CALM = {
  commands: ['router ospf', ' timers throttle spf 1000 1000 5000'],
  undo: ['router ospf', ' timers throttle spf 0 50 500'],
};

const bench = new RouterBench();
afterEach(() => bench.clear());

test('an ospfd says hello when it is told to, and its configuration is what it was', async () => {
  const { frr } = await startRouter();
  const before = await runningConfig(NAME, 'ospfd');
  const said = await hellosSaid(frr);
  await frr.sayHello(NAME, ['interface r2']);
  await expect.poll(() => hellosSaid(frr), { timeout: 30_000 }).toBeGreaterThan(said);
  expect(await runningConfig(NAME, 'ospfd')).toEqual(before);
  expect(await frr.inspect(NAME, 'ospfd')).toBe(false);
});

test('what a daemon is given for a while is no drift, and is gone after that', async () => {
  const { frr, router } = await startRouter();
  const before = await runningConfig(NAME, 'ospfd');
  await frr.adjust(NAME, 'ospfd', CALM);
  expect(await runningConfig(NAME, 'ospfd')).toContain('router ospf timers throttle spf 1000 1000 5000');
  expect(await frr.inspect(NAME, 'ospfd')).toBe(false);
  expect(await driftOf(frr, router)).toBeNull();

  await frr.restore(NAME, 'ospfd');
  expect(await runningConfig(NAME, 'ospfd')).toEqual(before);
  expect(await frr.inspect(NAME, 'ospfd')).toBe(false);
  await frr.restore(NAME, 'ospfd');
  expect(await runningConfig(NAME, 'ospfd')).toEqual(before);
});

test('a change meanwhile finds the daemon as it is on record', async () => {
  const { frr, router } = await startRouter();
  await frr.adjust(NAME, 'ospfd', CALM);
  const commands = ['interface r2', ' ip ospf cost 7'];
  await frr.configure(
    NAME,
    'ospfd',
    commands,
    CONFIG.replace('interface r2\n', 'interface r2\n ip ospf cost 7\n'),
  );
  const running = await runningConfig(NAME, 'ospfd');
  expect(running).toContain('router ospf timers throttle spf 0 50 500');
  expect(running).toContain('interface r2 ip ospf cost 7');
  expect(await frr.inspect(NAME, 'ospfd')).toBe(false);
  expect(await driftOf(frr, router)).toBeNull();
});

test('who finds it so after the agent has died takes it for drift', async () => {
  const { frr, router } = await startRouter();
  await frr.adjust(NAME, 'ospfd', CALM);
  const next = await bench.openFrr();
  await next.observe(NAME, router.namespace);
  expect(await next.inspect(NAME, 'ospfd')).toBe(true);
  expect((await driftOf(next, router))?.commands).toContain(' timers throttle spf 0 50 500');
});

async function startRouter(): Promise<{ frr: Frr; router: IpNamespace }> {
  const frr = await bench.openFrr();
  const router = bench.makeNamespace(NAME);
  const peer = bench.makeNamespace(PEER);
  ip('link', 'add', 'r2', 'netns', NAME, 'type', 'veth', 'peer', 'name', 'r1', 'netns', PEER);
  router.ip('address', 'add', '172.20.0.0/31', 'dev', 'r2');
  for (const [end, link] of [
    [router, 'r2'],
    [peer, 'r1'],
  ] as const)
    end.ip('link', 'set', link, 'up');
  await frr.start(NAME, 'zebra', 'hostname r1\n', router.namespace);
  await frr.start(NAME, 'ospfd', CONFIG, router.namespace);
  await expect.poll(() => hellosSaid(frr), { timeout: 30_000 }).toBeGreaterThan(0);
  return { frr, router };
}

async function hellosSaid(frr: Frr): Promise<number> {
  const answer = await frr.ask(NAME, 'ospfd', 'show ip ospf interface traffic json');
  const { r2 } = answer as { readonly r2?: { readonly helloOut: number } };
  return r2?.helloOut ?? 0;
}

async function driftOf(frr: Frr, { namespace }: IpNamespace) {
  const daemons = await frr.observe(NAME, namespace);
  return daemons.find(({ daemon }) => daemon === 'ospfd')?.drift ?? null;
}
