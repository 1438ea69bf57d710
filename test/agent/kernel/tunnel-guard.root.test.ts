import { execFileSync } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import type { TunnelSource } from '../../../src/model/tunnel.ts';
import { KernelRoom } from './kernel-room.ts';

const SOURCES: readonly TunnelSource[] = [
  { port: 4789, vni: 1000, source: '192.0.2.2' },
  { port: 4789, vni: 1000, source: '192.0.2.3' },
  { port: 10_001, vni: 0xff_ffff, source: 'fd00::2' },
];

let room: KernelRoom;
afterEach(() => room.leave());

async function openNode() {
  room = await KernelRoom.open();
  const node = await room.create('n1');
  const nft = (...argv: string[]) =>
    execFileSync('ip', ['netns', 'exec', node.name, 'nft', ...argv], { encoding: 'utf8' });
  return { node, nft };
}

test('sources are read back as they were written, replaced as a whole and gone with the last', async () => {
  const { node } = await openNode();
  expect((await node.readTransport()).sources).toEqual([]);
  for (const sources of [SOURCES, SOURCES.slice(1), []]) {
    expect(await node.programTransport([{ step: 'set-tunnel-sources', sources }])).toEqual([null]);
    expect(new Set((await node.readTransport()).sources)).toEqual(new Set(sources));
  }
});

test('a table that somebody changed reads as none, and the count of drops goes on when it is written anew', async () => {
  const { node, nft } = await openNode();
  await node.programTransport([{ step: 'set-tunnel-sources', sources: SOURCES }]);
  nft('flush', 'chain', 'inet', 'vinet_tunnels', 'input');
  expect((await node.readTransport()).sources).toEqual([]);
  await node.programTransport([{ step: 'set-tunnel-sources', sources: SOURCES }]);
  expect(await node.readTunnelDrops()).toBe(0);
  expect((await node.readTransport()).sources).toHaveLength(SOURCES.length);
});

test('what is no address never reaches nft', async () => {
  const { node, nft } = await openNode();
  const [error] = await node.programTransport([
    { step: 'set-tunnel-sources', sources: [{ port: 1, vni: 1, source: '0.0.0.0/0 }; flush ruleset' }] },
  ]);
  expect(error).toMatchObject({ code: 'kernel' });
  expect(nft('list', 'ruleset')).toBe('');
});
