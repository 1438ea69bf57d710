import { execFileSync } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import type { TunnelMark, TunnelSource } from '../../../src/model/tunnel.ts';
import { sendFrames } from '../../raw-frame.ts';
import { ethernetFrame, grePacket, ipv4Packet, PROTOCOLS, udpPacket, vxlanPacket } from '../../raw-packet.ts';
import { KernelRoom } from './kernel-room.ts';

const SOURCES: readonly TunnelSource[] = [
  { by: 'vni', port: 4789, number: 1000, source: '192.0.2.2' },
  { by: 'vni', port: 4789, number: 1000, source: '192.0.2.3' },
  { by: 'vni', port: 6081, number: 0xff_ffff, source: 'fd00::2' },
  { by: 'key', port: 0, number: 0xffff_ffff, source: '192.0.2.2' },
  { by: 'key', port: 0, number: 1001, source: 'fd00::2' },
  { by: 'port', port: 10_001, number: 0, source: '192.0.2.2' },
];

const TUNNELS = [
  { by: 'vni', port: 4789, number: 0x010203 },
  { by: 'key', port: 0, number: 0x01020304 },
  { by: 'port', port: 10_007, number: 0 },
] as const satisfies readonly TunnelMark[];

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

test('a table that somebody changed reads as none', async () => {
  const { node, nft } = await openNode();
  await node.programTransport([{ step: 'set-tunnel-sources', sources: SOURCES }]);
  nft('flush', 'chain', 'inet', 'vinet_tunnels', 'input');
  expect((await node.readTransport()).sources).toEqual([]);
  await node.programTransport([{ step: 'set-tunnel-sources', sources: SOURCES }]);
  expect((await node.readTransport()).sources).toHaveLength(SOURCES.length);
});

test('drops are counted tunnel by tunnel, and the counts go on when the table is written anew', async () => {
  const { node } = await openNode();
  const sources = [...SOURCES, ...TUNNELS.map((tunnel) => ({ ...tunnel, source: '198.51.100.2' }))];
  execFileSync('ip', ['-n', node.name, 'address', 'add', '192.0.2.1/32', 'dev', 'lo']);
  await node.programTransport([{ step: 'set-tunnel-sources', sources }]);
  sendFrames(node, LOOPBACK_INDEX, ['198.51.100.2', '198.51.100.3', '198.51.100.4'].flatMap(packetsFrom));
  const counts = async () =>
    Object.fromEntries(
      (await node.readTunnelDrops()).map(({ by, port, number, packets }) => [
        `${by} ${port} ${number}`,
        packets,
      ]),
    );
  const expected = {
    ...{ 'vni 4789 1000': 0, 'vni 6081 16777215': 0, 'key 0 4294967295': 0, 'key 0 1001': 0 },
    ...{ 'port 10001 0': 0, 'vni 4789 66051': 2, 'key 0 16909060': 2, 'port 10007 0': 2 },
  };
  await expect.poll(counts, { timeout: 60_000 }).toEqual(expected);
  await node.programTransport([{ step: 'set-tunnel-sources', sources: sources.slice(1) }]);
  expect(await counts()).toEqual(expected);
});

test('what is no address never reaches nft', async () => {
  const { node, nft } = await openNode();
  const [error] = await node.programTransport([
    {
      step: 'set-tunnel-sources',
      sources: [{ by: 'key', port: 0, number: 1, source: '0.0.0.0/0 }; flush ruleset' }],
    },
  ]);
  expect(error).toMatchObject({ code: 'kernel' });
  expect(nft('list', 'ruleset')).toBe('');
});

const LOOPBACK_INDEX = 1;

/** One of each tunnel; nobody is there to take them. */
function packetsFrom(source: string): Buffer[] {
  const [vxlan, gre, gue] = TUNNELS;
  const wrap = (protocol: number, packet: Buffer) =>
    ethernetFrame('00:00:00:00:00:00', ipv4Packet(protocol, source, '192.0.2.1', packet));
  return [
    wrap(PROTOCOLS.udp, udpPacket(vxlan.port, vxlanPacket(vxlan.number, Buffer.alloc(14)))),
    wrap(PROTOCOLS.gre, grePacket(gre.number, Buffer.alloc(20))),
    wrap(PROTOCOLS.udp, udpPacket(gue.port, Buffer.alloc(20))),
  ];
}
