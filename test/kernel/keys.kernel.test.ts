import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runAgent } from '../../src/agent/main.ts';
import { ip, tryIp } from '../agent/node-bench.ts';
import { type Capture, startCapture } from '../capture.ts';
import { Harness } from '../controller/harness.ts';
import { type Pinging, startPing } from '../machine.ts';
import type { Header } from '../packet.ts';

/** Two nodes on a wire, with real agents, a real controller, and two overlays whose packets are encrypted. */
const [HUB, N1, N2] = ['vt-keys-hub', 'vt-keys-n1', 'vt-keys-n2'];
const overlay = (name: string, network: string, links: string) => `apiVersion: vinet/v1
kind: Overlay
metadata: { name: ${name} }
spec:
  topology: { kind: line, routers: 2 }
  placement: { nodes: [n1, n2] }
  addressing: { network: ${network} }
  links: ${links}
  routing: { protocol: none }
`;
const FILE = [
  overlay('esp', '10.30.0.0/16', '{ encapsulation: gre, ipsec: { cipher: aes-gcm } }'),
  overlay('guard', '10.31.0.0/16', '{ encapsulation: wireguard }'),
].join('---\n');
const PATIENCE_MS = 300_000;
const LIMIT_MS = 900_000;

const harness = new Harness();
const agents = new Map<string, { close(): Promise<void> }>();
beforeAll(async () => {
  removeNamespaces();
  for (const name of [HUB, N1, N2]) ip('netns', 'add', name);
  ip('-n', HUB, 'link', 'add', 'br0', 'up', 'type', 'bridge');
  for (const [at, name] of [N1, N2].entries()) {
    ip('-n', name, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', `p${at}`, 'netns', HUB);
    ip('-n', HUB, 'link', 'set', `p${at}`, 'master', 'br0', 'up');
    ip('-n', name, 'addr', 'add', `198.18.8.${at + 1}/24`, 'dev', 'eth0');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
  }
  await harness.start({ prepareDeadlineMs: 60_000 });
  await Promise.all([start('n1', N1), start('n2', N2)]);
  await reach(async () => {
    const { nodes } = (await harness.get('/v1/nodes')).body;
    return nodes.filter(({ connected }: { connected: boolean }) => connected).length === 2;
  });
  // A machine so slow may lose and regain an agent's connection while it answers.
  await reach(async () => (await harness.apply(FILE)).status === 200);
  for (const name of ['esp', 'guard']) await reach(async () => (await read(name)).phase === 'ready');
}, LIMIT_MS);
afterAll(async () => {
  try {
    for (const name of ['esp', 'guard']) await harness.send('DELETE', `/v1/overlays/${name}`);
    await reach(async () => (await harness.get('/v1/overlays')).body.overlays.length === 0);
  } finally {
    for (const agent of agents.values()) await agent.close();
    await harness.end();
    removeNamespaces();
  }
}, LIMIT_MS);

describe('a rotation', () => {
  test(
    'of IPsec and one of WireGuard lose no packet, and nothing but ESP and WireGuard is on the wire',
    async () => {
      const before = spisOf(N1);
      const capture = await startCapture(N1, 'eth0', { filter: 'ip', meaning: () => 'wireguard' });
      const streams = [ping('esp'), ping('guard')];
      for (const stream of streams) await reach(() => stream.answers() > 20);
      for (const name of ['esp', 'guard'])
        expect((await harness.send('POST', `/v1/overlays/${name}/rotate`)).status).toBe(202);
      for (const name of ['esp', 'guard']) await rotated(name, 2);
      const counts = streams.map((stream) => stream.answers());
      for (const [at, stream] of streams.entries())
        await reach(() => stream.answers() > (counts[at] ?? 0) + 20);
      for (const stream of streams) expect(await stream.stop()).toMatchObject({ lost: 0, gaps: 0 });
      const packets = await capture.stop();
      expect(new Set(packets.map(([, , top]) => top?.is))).toEqual(new Set(['esp', 'udp']));
      expect(
        new Set(packets.flatMap(({ 2: top, 3: inner }) => (top?.is === 'udp' ? [inner?.is] : []))),
      ).toEqual(new Set(['wireguard']));
      const after = spisOf(N1);
      expect(new Set([...before, ...after]).size).toBe(2);
      expect(new Set(espOf(packets).map(({ spi }) => spi))).toEqual(new Set([...before, ...after]));
      expect(spisOf(N2)).toEqual(after);
    },
    LIMIT_MS,
  );
});

describe('a node that lost its keys', () => {
  test.each([
    ['by hand', 'n1', N1, 3, () => flush(N1)],
    [
      'by a reboot',
      'n2',
      N2,
      4,
      async () => {
        await stop('n2');
        flush(N2);
        await start('n2', N2);
      },
    ],
  ])(
    '%s gets others by itself, and uses none of the old ones again',
    async (_how, node, namespace, generation, lose) => {
      const before = spisOf(namespace);
      const capture = await startCapture(N1, 'eth0', { filter: 'ip proto 50' });
      const stream = ping('esp');
      await reach(() => stream.answers() > 20);
      await lose();
      await rotated('esp', generation);
      const count = stream.answers();
      await reach(() => stream.answers() > count + 20);
      await stream.stop();
      await expectNoReuse(capture);
      expect(spisOf(N2)).toEqual(spisOf(N1));
      expect(spisOf(namespace)).not.toEqual(before);
      const { events } = (await harness.get('/v1/events?overlay=esp')).body;
      expect(events.map(({ message }: { message: string }) => message)).toContain(
        `overlay esp gets new keys, for ${node} lost those that it had`,
      );
    },
    LIMIT_MS,
  );
});

async function start(node: string, namespace: string): Promise<void> {
  const agent = await runAgent({
    ...{ node, controller: harness.grpcAddress, tokenFile: null, tls: null, metricsListen: null },
    ...{ stateDirectory: join(harness.folder, node), underlayNamespace: namespace, underlayAddresses: null },
    ...{ outsideAddresses: [], maxMembers: 10, templates: null, frrModules: '', logLevel: 'silent' },
  });
  agents.set(node, agent);
}

async function stop(node: string): Promise<void> {
  await agents.get(node)?.close();
  agents.delete(node);
}

function flush(namespace: string): void {
  ip('-n', namespace, 'xfrm', 'state', 'flush');
}

async function read(name: string) {
  return (await harness.get(`/v1/overlays/${name}`)).body;
}

async function rotated(name: string, generation: number): Promise<void> {
  await reach(async () => {
    const { keys } = await read(name);
    return keys.generation === generation && !keys.rotating;
  });
}

/** Asks seldom: who asks takes time from those who answer. */
async function reach(condition: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitFor(
    async () => {
      if (!(await condition())) throw new Error(`not yet: ${condition}`);
    },
    { timeout: PATIENCE_MS, interval: 300 },
  );
}

function ping(name: string): Pinging {
  const far = /inet (\S+)\/31/.exec(ip('-n', `${name}_r2`, '-4', 'addr', 'show', 'dev', 'r1'))?.[1];
  return startPing(`${name}_r1`, far ?? '', 20);
}

/** Of the associations that a node has, sorted. */
function spisOf(namespace: string): number[] {
  const spis = [...ip('-n', namespace, 'xfrm', 'state').matchAll(/proto esp spi (0x[0-9a-f]+) reqid (\d+)/g)]
    .filter(([, , reqid]) => Number(reqid) >= 2 ** 24)
    .map(([, spi]) => Number(spi));
  return [...new Set(spis)].sort((one, other) => one - other);
}

type Esp = Extract<Header, { is: 'esp' }>;

function espOf(packets: readonly Header[][]): Esp[] {
  return packets.flat().filter((header): header is Esp => header.is === 'esp');
}

/** No number comes twice with one key. */
async function expectNoReuse(capture: Capture): Promise<void> {
  const packets = await capture.stop();
  const nonces = packets.flatMap(([, network, esp]) =>
    network?.is === 'ipv4' && esp?.is === 'esp' ? [`${network.source} ${esp.spi} ${esp.sequence}`] : [],
  );
  expect(nonces.length).toBeGreaterThan(40);
  expect(new Set(nonces).size).toBe(nonces.length);
}

function removeNamespaces(): void {
  for (const name of [N1, N2, HUB]) tryIp('netns', 'del', name);
}
