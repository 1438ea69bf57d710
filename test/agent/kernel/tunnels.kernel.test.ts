import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LinkStep, Namespace } from '../../../src/agent/kernel/kernel.ts';
import { KERNEL_FEATURES } from '../../../src/model/node.ts';
import type { GuePort } from '../../../src/model/observation.ts';
import type { Tunnel } from '../../../src/model/tunnel.ts';
import { bridge, carryOut, ip, joinByVeth, KernelRoom, tunnelLink } from './kernel-room.ts';
import { presharedKeyOf, tunnelsOver, type Underlay } from './tunnel-samples.ts';

const UNDERLAYS: readonly Underlay[] = [
  { family: 4, left: ['192.0.2.1', '198.51.100.1'], right: ['192.0.2.2', '198.51.100.2'] },
  { family: 6, left: ['fd00:2::1', 'fd00:3::1'], right: ['fd00:2::2', 'fd00:3::2'] },
];
const MTU = 1400;

let room: KernelRoom;
let features: string[];
/** Two nodes, and two routers that tunnels of theirs are moved into. */
let n1: Namespace;
let n2: Namespace;
let r1: Namespace;
let r2: Namespace;

beforeAll(async () => {
  room = await KernelRoom.open();
  features = await room.kernel.readFeatures();
  [n1, n2, r1, r2] = [
    await room.create('n1'),
    await room.create('n2'),
    await room.create('r1'),
    await room.create('r2'),
  ];
  const addressesOf = (side: 'left' | 'right') =>
    UNDERLAYS.flatMap((underlay) =>
      underlay[side].map((address) => `${address}/${underlay.family === 4 ? 24 : 64}`),
    );
  await joinByVeth(
    { into: n1, name: 'wire', index: 10, addresses: addressesOf('left') },
    { into: n2, name: 'wire', index: 10, addresses: addressesOf('right') },
  );
  for (const node of [n1, n2]) await carryOut(node, [{ step: 'set-mtu', index: 10, mtu: 1500 }]);
});
afterAll(() => room.leave());

test('a stock kernel has every feature', () => {
  expect(features).toEqual([...KERNEL_FEATURES]);
});

describe.each(UNDERLAYS)('over IPv$family', (underlay) => {
  test.each(tunnelsOver(underlay))('$name', async ({ ends, carries, shown }) => {
    try {
      await standUp(n1, r1, 'r2', ends[0], ['10.0.0.1 peer 10.0.0.2/32', 'fd00:1::1 peer fd00:1::2/128']);
      await standUp(n2, r2, 'r1', ends[1], ['10.0.0.2 peer 10.0.0.1/32', 'fd00:1::2 peer fd00:1::1/128']);
      expect(await linkNamed(r1, 'r2')).toMatchObject({
        ...{ alias: 'vinet link-r2', mtu: MTU, up: true, tunnel: ends[0] },
        addresses: ['10.0.0.1 peer 10.0.0.2/32', 'fd00:1::1 peer fd00:1::2/128'],
      });
      expect(JSON.parse(ip(r1, '-json', '-details', 'address', 'show', 'dev', 'r2'))).toMatchObject([
        {
          flags: expect.arrayContaining(['MULTICAST', 'UP']),
          linkinfo: shown,
          addr_info: expect.arrayContaining([expect.objectContaining({ scope: 'link', family: 'inet6' })]),
        },
      ]);
      if (carries.includes(4)) pingFullSize(r1, '10.0.0.2', MTU - 28);
      if (carries.includes(6)) pingFullSize(r1, 'fd00:1::2', MTU - 48);
      if (ends[0].kind === 'wireguard') await rotateKey(r1, ends[0]);
      await cutAndMend(r1, 'r2');
      pingFullSize(r1, carries.includes(6) ? 'fd00:1::2' : '10.0.0.2', MTU - 48);
    } finally {
      for (const [router, name] of [
        [r1, 'r2'],
        [r2, 'r1'],
      ] as const)
        if ((await linkNamed(router, name)) !== undefined)
          await router.program([{ step: 'delete', index: 100 }]);
    }
  });
});

describe('a tunnel that cannot have its name', () => {
  test('is refused, leaves nothing, and can be made under another', async () => {
    const tunnel: Tunnel = { kind: 'gre', key: 5, local: '192.0.2.1', remote: '192.0.2.2' };
    const create = (name: string): LinkStep => ({
      ...{ step: 'create', into: r1, index: 300, link: tunnelLink(name, tunnel), peer: null },
    });
    await carryOut(r1, [
      {
        step: 'create',
        into: r1,
        index: 200,
        link: bridge('taken'),
        peer: null,
      },
    ]);
    expect(await n1.program([create('taken')])).toEqual([expect.objectContaining({ code: 'exists' })]);
    for (const namespace of [n1, r1])
      expect((await namespace.readLinks()).filter(({ tunnel: found }) => found?.kind === 'gre')).toEqual([]);
    expect(await n1.program([create('free')])).toEqual([null]);
    expect(await linkNamed(r1, 'free')).toMatchObject({ index: 300, tunnel });
  });
});

test('ports of GUE come and go as often as asked; those of others are neither shown nor taken', async () => {
  const ports: GuePort[] = [
    { family: 4, port: 10_007 },
    { family: 6, port: 10_007 },
  ];
  const add = ports.map((guePort) => ({ step: 'add-gue-port', guePort }) as const);
  const remove = ports.map((guePort) => ({ step: 'remove-gue-port', guePort }) as const);
  const before = (await n1.readTransport()).guePorts;
  ip(n1, 'fou', 'add', 'port', '5555', 'gue');
  ip(n1, 'fou', 'add', 'port', '20000', 'ipproto', '4');
  for (let round = 0; round < 2; round++) {
    expect(await n1.programTransport(add)).toEqual([null, null]);
    const { guePorts } = await n1.readTransport();
    expect(new Set(guePorts)).toEqual(new Set([...before, ...ports]));
  }
  const taken = { step: 'add-gue-port', guePort: { family: 4, port: 20_000 } } as const;
  expect(await n1.programTransport([taken])).toEqual([expect.any(Error)]);
  for (let round = 0; round < 2; round++) expect(await n1.programTransport(remove)).toEqual([null, null]);
  expect(new Set((await n1.readTransport()).guePorts)).toEqual(new Set(before));
});

async function standUp(
  node: Namespace,
  into: Namespace,
  name: string,
  tunnel: Tunnel,
  addresses: readonly string[],
): Promise<void> {
  if (tunnel.kind === 'gue') {
    const guePort = { family: tunnel.remote.includes(':') ? 6 : 4, port: tunnel.port } as const;
    expect(await node.programTransport([{ step: 'add-gue-port', guePort }])).toEqual([null]);
    expect((await node.readTransport()).guePorts).toContainEqual(guePort);
  }
  await carryOut(node, [{ step: 'create', into, index: 100, link: tunnelLink(name, tunnel), peer: null }]);
  await carryOut(into, [
    ...addresses.map((address): LinkStep => ({ step: 'add-address', index: 100, address })),
    { step: 'set-up', index: 100, up: true },
  ]);
}

/** Only one end has the other key: what comes through goes through the session that was there. */
async function rotateKey(router: Namespace, tunnel: Extract<Tunnel, { kind: 'wireguard' }>): Promise<void> {
  const renewed = { ...tunnel, presharedKey: presharedKeyOf('second') };
  await carryOut(router, [{ step: 'set-wireguard-keys', index: 100, tunnel: renewed }]);
  expect((await linkNamed(router, 'r2'))?.tunnel).toEqual(renewed);
  pingFullSize(router, '10.0.0.2', 56);
  await carryOut(router, [{ step: 'set-wireguard-keys', index: 100, tunnel }]);
}

async function cutAndMend(router: Namespace, name: string): Promise<void> {
  await carryOut(router, [{ step: 'set-up', index: 100, up: false }]);
  expect(await linkNamed(router, name)).toMatchObject({ up: false });
  await carryOut(router, [{ step: 'set-up', index: 100, up: true }]);
}

/** Throws unless an answer comes back, neither having been fragmented. */
function pingFullSize(namespace: Namespace, address: string, payloadBytes: number): void {
  const argv = ['-n', '-c', '1', '-W', '10', '-M', 'do', '-s', String(payloadBytes), address];
  execFileSync('ip', ['netns', 'exec', namespace.name, 'ping', ...argv], { encoding: 'utf8' });
}

async function linkNamed(namespace: Namespace, name: string) {
  return (await namespace.readLinks()).find((link) => link.name === name);
}
