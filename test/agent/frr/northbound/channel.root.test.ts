import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DaemonChannel } from '../../../../src/agent/frr/northbound/daemon-channel.ts';
import { NorthboundChannel } from '../../../../src/agent/frr/northbound/northbound-channel.ts';
import type { DaemonName } from '../../../../src/model/routing-state.ts';
import { diffConfig } from '../../../../src/planner/config-diff.ts';
import { MODULE_FOLDER } from '../module-folder.ts';
import { ChannelBench } from './channel-bench.ts';

const ANSWER_MS = 60_000;
const BARE = 'hostname r1\n';
const CIRCUIT = 'interface r2\n ip router isis vinet\n isis metric 5\n';

/** Configurations by the daemons that have theirs in YANG, as templates render them. */
const CONFIGS: readonly (readonly [DaemonName, string])[] = [
  ['staticd', 'static-staticd'],
  ['isisd', 'isis-isisd'],
  ['isisd', 'isis-border-isisd'],
  ['ripd', 'rip-ripd'],
  ['ripd', 'rip-password-ripd'],
  ['bfdd', 'isis-bfdd'],
];

let bench: ChannelBench;
beforeEach(async () => {
  bench = await ChannelBench.open();
});
afterEach(() => bench.clear());

test.each(CONFIGS)(
  '%s becomes what a daemon is that starts with %s, and bare again',
  async (daemon, name) => {
    const wanted = readFileSync(new URL(`../golden/${name}.conf`, import.meta.url), 'utf8');
    const channel = await bench.start(daemon, BARE);
    const bare = await bench.running(daemon);
    const fresh = await bench.startFresh(daemon, wanted);
    expect(await give(channel, BARE, wanted)).toEqual([]);
    expect(await bench.running(daemon)).toEqual(await bench.runningFresh(daemon));
    expect(await give(channel, wanted, BARE)).toEqual([]);
    expect(await bench.running(daemon)).toEqual(bare);
    expect(await give(fresh, wanted, BARE)).toEqual([]);
    expect(await bench.runningFresh(daemon)).toEqual(bare);
  },
);

test('a description of an interface is given to zebra and taken back', async () => {
  const channel = await bench.startZebra();
  const described = `${BARE}interface lo\n description its own\n`;
  expect(await give(channel, BARE, described)).toEqual([]);
  expect(await bench.running('zebra')).toContain('interface lo description its own');
  expect(await give(channel, described, BARE)).toEqual([]);
  expect((await bench.running('zebra')).filter((line) => line.includes('description'))).toEqual([]);
});

test('a route is in the kernel as soon as it is told, and gone when it is taken back', async () => {
  const channel = await bench.start('staticd', BARE);
  const routed = `${BARE}ip route 10.66.0.0/16 blackhole 9\n`;
  expect(await give(channel, BARE, routed)).toEqual([]);
  await expect.poll(() => bench.kernelRoutes(), { timeout: 60_000 }).toContain('blackhole 10.66.0.0/16');
  expect(await give(channel, routed, BARE)).toEqual([]);
  await expect.poll(() => bench.kernelRoutes(), { timeout: 60_000 }).not.toContain('10.66');
});

test("what is said by hand in FRR's shell takes nothing back of what was told before", async () => {
  const channel = await bench.start('staticd', BARE);
  expect(await give(channel, BARE, `${BARE}ip route 10.66.0.0/16 blackhole\n`)).toEqual([]);
  await bench.sayByHand('staticd', 'ip route 10.77.0.0/16 blackhole');
  expect(await bench.running('staticd')).toEqual(
    expect.arrayContaining(['ip route 10.66.0.0/16 blackhole', 'ip route 10.77.0.0/16 blackhole']),
  );
});

test('what was said by hand stays when more is told', async () => {
  const channel = await bench.start('isisd', BARE);
  await bench.sayByHand('isisd', 'interface r9', ' ip router isis vinet', ' isis metric 9');
  expect(await give(channel, BARE, `${BARE}${CIRCUIT}`)).toEqual([]);
  expect(await bench.running('isisd')).toEqual(
    expect.arrayContaining(['interface r2 isis metric 5', 'interface r9 isis metric 9']),
  );
});

test('a line that FRR refuses is told with its words, and what stood stays', async () => {
  const channel = await bench.start('isisd', `${BARE}${CIRCUIT}`);
  const refused = await channel.configure(
    ['interface r2', ' isis metric 99999999', 'exit'],
    'stop',
    ANSWER_MS,
  );
  expect(refused).toEqual([
    { line: 'isis metric 99999999', words: expect.stringContaining('Unknown command') },
  ]);
  expect(await bench.running('isisd')).toContain('interface r2 isis metric 5');
});

test('taking back what is not there is success', async () => {
  const channel = await bench.start('staticd', BARE);
  const commands = ['no ip route 10.5.0.0/16 blackhole', 'ip route 10.6.0.0/16 blackhole'];
  expect(await channel.configure(commands, 'stop', ANSWER_MS)).toEqual([]);
  expect(await bench.running('staticd')).toContain('ip route 10.6.0.0/16 blackhole');
});

test('what a daemon knows is read below a path of YANG', async () => {
  const channel = await bench.start('staticd', BARE);
  await expect
    .poll(async () => JSON.parse(await channel.readState('/frr-vrf:lib', ANSWER_MS)) as unknown, {
      timeout: 60_000,
    })
    .toMatchObject({ 'frr-vrf:lib': { vrf: [{ name: 'default', state: { id: 0 } }] } });
});

test('many changes at once come one after the other', async () => {
  const channel = await bench.start('staticd', BARE);
  const routes = Array.from({ length: 12 }, (_, index) => `ip route 10.9.${index}.0/24 blackhole`);
  for (const route of routes) expect(await channel.configure([route], 'stop', ANSWER_MS)).toEqual([]);
  expect((await bench.running('staticd')).filter((line) => line.startsWith('ip route'))).toEqual(
    routes.toSorted(),
  );
});

/** Where the lane has gRPC, that is how it is told. */
async function give(channel: DaemonChannel, from: string, to: string) {
  const before = channel instanceof NorthboundChannel ? channel.commits : 0;
  const refused = await channel.configure(diffConfig(from, to), 'go-on', ANSWER_MS);
  if (channel instanceof NorthboundChannel) expect(channel.commits).toBe(before + 1);
  else expect(MODULE_FOLDER).toBeNull();
  return refused;
}
