import { copyFileSync, renameSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EventBody, RouterView } from '../../src/model/api.ts';
import { daemonPids, type Pinging, startPing, tracesOf, until } from '../machine.ts';
import { succeed, TestLab } from './test-lab.ts';

const lab = new TestLab('vtup', 2);
/** r1 stands on n1, in one overlay r3 too, between r2 and r4 on n2: traffic between those goes through r1 or r3. */
const OVERLAYS = [
  { name: 'vupo', routing: '{ bfd: { interval: 1s } }', renewed: ['r1', 'r3'] },
  { name: 'vupi', routing: '{ protocol: isis }', renewed: ['r1'] },
  { name: 'vupb', routing: '{ protocol: bgp }', renewed: ['r1'] },
] as const;

let traffic: Pinging[] = [];

beforeAll(async () => {
  await lab.up();
  const files = OVERLAYS.map((overlay) => lab.write(`${overlay.name}.yaml`, ring(overlay)));
  succeed(await lab.vinet('apply', ...files.flatMap((file) => ['-f', file]), '--wait'));
});
afterAll(async () => {
  for (const one of traffic) await one.stop().catch(() => undefined);
  await lab.down();
});

it('renews outdated daemons router by router, and what goes through them loses nothing', async () => {
  const before = daemonPids('vup');
  traffic = OVERLAYS.flatMap(({ name }) =>
    ['10.20.0.4', 'fd00:20::4'].map((address) => startPing(`${name}_r2`, address, 10)),
  );
  for (const daemon of ['zebra', 'bfdd', 'ospfd', 'ospf6d', 'isisd', 'bgpd']) reinstall(daemon);
  await until(
    async () => (await routersOf('vupo')).every(({ daemons }) => daemons.every(({ outdated }) => outdated)),
    () => 'daemons are told to be outdated',
  );
  const { events } = await lab.json<{ events: EventBody[] }>('get', 'events', 'vupo');
  expect(events.some(({ kind }) => kind === 'frr-outdated')).toBe(true);

  succeed(await lab.vinet('upgrade-frr', 'n1', '--wait', '--timeout', '270s'));
  const after = daemonPids('vup');
  for (const { name, renewed } of OVERLAYS) {
    const routers = await routersOf(name);
    const isNew = ({ daemons }: RouterView) => daemons.every(({ outdated }) => !outdated);
    expect(routers.filter(isNew).map((router) => router.name)).toEqual(renewed);
    for (const { daemons } of routers)
      expect(daemons.map(({ restarts }) => restarts)).toEqual(daemons.map(() => 0));
  }
  const changed = [...before.keys()].filter((key) => before.get(key) !== after.get(key));
  expect(changed).toEqual([...before.keys()].filter((key) => /_r1 |vupo_r3 /.test(key)));
  for (const one of traffic.splice(0)) expect((await one.stop()).lost).toBe(0);
}, 400_000);

it('is ended when an operator says so, and what was drained gets its traffic back', async () => {
  succeed(await lab.vinet('upgrade-frr'));
  const { status, stderr } = await lab.vinet('upgrade-frr', 'n2');
  expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('under way') });
  const isDrained = async () =>
    (await lab.vinet('vtysh', 'vupo/r2', '-c', 'show ip ospf interface')).stdout.includes('Cost: 65535');
  await until(isDrained, () => 'r2 is drained');
  succeed(await lab.vinet('upgrade-frr', '--abort'));
  await until(
    async () => !(await isDrained()),
    () => 'r2 is there for all again',
  );
  for (const { name } of OVERLAYS) succeed(await lab.vinet('delete', 'overlay', name, '--wait'));
  expect(OVERLAYS.flatMap(({ name }) => tracesOf(name))).toEqual([]);
}, 400_000);

async function routersOf(overlay: string): Promise<RouterView[]> {
  return (await lab.json<{ routers: RouterView[] }>('get', 'routers', overlay)).routers;
}

/** As a package's upgrade does: the same name, another file. It holds what the one before held. */
function reinstall(daemon: string): void {
  const path = `/usr/lib/frr/${daemon}`;
  copyFileSync(path, `${path}.vt-new`);
  renameSync(`${path}.vt-new`, path);
}

function ring({ name, routing, renewed }: (typeof OVERLAYS)[number]): string {
  return `apiVersion: vinet/v1
kind: Overlay
metadata: { name: ${name} }
spec:
  topology: { kind: ring, routers: 4 }
  placement: { nodes: [n1, n2] }
  addressing: { network: [10.20.0.0/16, fd00:20::/48] }
  routing: ${routing}
  routers: { r3: { node: ${renewed.length === 2 ? 'n1' : 'n2'} } }
`;
}
