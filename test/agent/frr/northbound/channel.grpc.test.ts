import { once } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DaemonChannel } from '../../../../src/agent/frr/northbound/daemon-channel.ts';
import { NorthboundChannel } from '../../../../src/agent/frr/northbound/northbound-channel.ts';
import { loadNorthbound, NorthboundClient } from '../../../../src/rpc/northbound-client.ts';
import { ip, joinByVeth } from '../../kernel/kernel-room.ts';
import { ATTACKERS, canConnect } from '../../port-attack.ts';
import { ChannelBench } from './channel-bench.ts';

let bench: ChannelBench;
const clients: NorthboundClient[] = [];
beforeEach(async () => {
  bench = await ChannelBench.open();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await bench.clear();
});

test('what has words in YANG goes by gRPC, also where other lines come with it', async () => {
  const channel = asNorthbound(await bench.start('isisd', 'hostname r1\n'));
  await channel.configure(
    ['hostname r2', 'interface r2', ' ip router isis vinet', ' isis metric 5', 'exit'],
    'stop',
    60_000,
  );
  expect(channel.commits).toBe(1);
  expect(await bench.running('isisd')).toEqual(
    expect.arrayContaining(['hostname r2', 'interface r2 isis metric 5']),
  );
});

test('daemons are what they say they are', async () => {
  await bench.start('ripd', 'hostname r1\n');
  const client = await meet('ripd');
  const { version, modules } = await client.readCapabilities();
  expect(version.startsWith(bench.frr.version)).toBe(true);
  expect(modules).toEqual(expect.arrayContaining(['frr-ripd', 'frr-interface']));
  expect(JSON.parse(await client.read('CONFIG', '/frr-interface:lib'))).toEqual({});
});

test.each(ATTACKERS)("$name reaches none of the daemons' ports", async (attacker) => {
  const router = await bench.router();
  const neighbor = await bench.room.create('r2');
  await joinByVeth(
    { into: router, name: 'r2', index: 20, addresses: ['192.0.2.1/24'] },
    { into: neighbor, name: 'r1', index: 21, addresses: ['192.0.2.2/24'] },
  );
  for (const [namespace, own, far] of [
    [router, 1, 2],
    [neighbor, 2, 1],
  ] as const) {
    ip(
      namespace,
      ...['link', 'add', 'tunnel', 'type', 'vxlan', 'id', '7', 'dstport', '4789'],
      ...['local', `192.0.2.${own}`, 'remote', `192.0.2.${far}`],
    );
    ip(namespace, 'address', 'add', `10.9.0.${own}/24`, 'dev', 'tunnel');
    ip(namespace, 'link', 'set', 'tunnel', 'up');
  }
  await meet('zebra');
  const reaches = () => canConnect(attacker, { router, neighbor, address: '10.9.0.1', port: PORTS.zebra });
  expect(await reaches()).toBe(false);
  await once(router.spawn('nft', ['flush', 'ruleset'], { stdio: 'ignore' }), 'close');
  // It would, were it not for the guard, which the agent puts back.
  expect(await reaches()).toBe(true);
  await bench.frr.observe(router.name, router);
  expect(await reaches()).toBe(false);
});

/** Speaks to a daemon as the agent does; its port opens a little after its VTY. */
async function meet(daemon: 'zebra' | 'staticd' | 'ripd'): Promise<NorthboundClient> {
  const router = await bench.router();
  const methods = loadNorthbound();
  return vi.waitFor(
    async () => {
      const client = new NorthboundClient(methods, router.connectToLoopback(PORTS[daemon]), 60_000);
      clients.push(client);
      await client.readCapabilities();
      return client;
    },
    { timeout: 60_000 },
  );
}

const PORTS = { zebra: 2651, staticd: 2654, ripd: 2652 } as const;

function asNorthbound(channel: DaemonChannel): NorthboundChannel {
  if (channel instanceof NorthboundChannel) return channel;
  throw new Error('the daemon has no northbound');
}
