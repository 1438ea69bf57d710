import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LinkStep, Namespace } from '../../../src/agent/kernel/kernel.ts';
import type { Tunnel } from '../../../src/model/tunnel.ts';
import { carryOut, joinByVeth, KernelRoom, ping, tunnelLink } from './kernel-room.ts';
import { tunnelsOver, type Underlay } from './tunnel-samples.ts';

const UNDERLAYS: readonly Underlay[] = [
  { family: 4, left: '192.0.2.1', right: '192.0.2.2' },
  { family: 6, left: 'fd00:2::1', right: 'fd00:2::2' },
];

let room: KernelRoom;
beforeEach(async () => {
  room = await KernelRoom.open();
});
afterEach(() => room.leave());

describe.each(UNDERLAYS)('over IPv$family', (underlay) => {
  test.each(tunnelsOver(underlay))('$name', async ({ ends, carries }) => {
    const [n1, n2, r1, r2] = [
      await room.create('n1'),
      await room.create('n2'),
      await room.create('r1'),
      await room.create('r2'),
    ];
    await joinByVeth(
      { into: n1, name: 'wire', index: 10, addresses: ['192.0.2.1/24', 'fd00:2::1/64'] },
      { into: n2, name: 'wire', index: 10, addresses: ['192.0.2.2/24', 'fd00:2::2/64'] },
    );
    await standUp(n1, r1, 'r2', ends[0], ['10.0.0.1 peer 10.0.0.2/32', 'fd00:1::1 peer fd00:1::2/128']);
    await standUp(n2, r2, 'r1', ends[1], ['10.0.0.2 peer 10.0.0.1/32', 'fd00:1::2 peer fd00:1::1/128']);
    expect((await r1.readLinks()).find(({ name }) => name === 'r2')).toMatchObject({
      alias: 'vinet link-r2',
      addresses: ['10.0.0.1 peer 10.0.0.2/32', 'fd00:1::1 peer fd00:1::2/128'],
      tunnel: ends[0],
      up: true,
    });
    if (carries.includes(4)) ping(r1, '10.0.0.2');
    if (carries.includes(6)) ping(r1, 'fd00:1::2');
  });
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
    expect((await node.readTransport()).guePorts).toEqual([guePort]);
  }
  await carryOut(node, [{ step: 'create', into, index: 100, link: tunnelLink(name, tunnel), peer: null }]);
  await carryOut(into, [
    ...addresses.map((address): LinkStep => ({ step: 'add-address', index: 100, address })),
    { step: 'set-up', index: 100, up: true },
  ]);
}
