import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Namespace, TransportStep } from '../../../src/agent/kernel/kernel.ts';
import type { TunnelState } from '../../../src/model/node-state.ts';
import {
  type Cipher,
  type Protection,
  REQID_BASE,
  type SecurityAssociation,
} from '../../../src/model/security.ts';
import type { Tunnel } from '../../../src/model/tunnel.ts';
import { securityOf } from '../../../src/planner/security.ts';
import { startCapture } from '../../capture.ts';
import type { ForgedEnds } from '../../disguises.ts';
import { shapeOf } from '../../packet.ts';
import { sendFrames } from '../../raw-frame.ts';
import { expectDropped, expectTaken, grePayload, guePayload, innerPacket, macOf } from './clear-attack.ts';
import { ip, joinByVeth, KernelRoom, ping, veth } from './kernel-room.ts';

/** Two nodes, a wire, and over it a tunnel for each case; its device is made by hand. */
let room: KernelRoom;
let left: Namespace;
let right: Namespace;
beforeAll(async () => {
  room = await KernelRoom.open();
  execFileSync('modprobe', ['fou']);
  left = await room.create('left');
  right = await room.create('right');
  await joinByVeth(
    { into: left, name: 'n2', index: WIRE, addresses: ['192.0.2.1/30', 'fd00:9::1/64'] },
    { into: right, name: 'n1', index: WIRE, addresses: ['192.0.2.2/30', 'fd00:9::2/64'] },
  );
  for (const { name, device, carries } of CASES)
    for (const [node, here, there, at] of [
      [left, 0, 1, 1],
      [right, 1, 0, 2],
    ] as const) {
      const [local = '', remote = ''] = [carries[here], carries[there]];
      const words = device.replace('LOCAL', local).replace('REMOTE', remote);
      if (name === 'gue')
        execFileSync('ip', ['netns', 'exec', node.name, ...`ip fou add port ${PORT} gue`.split(' ')]);
      ip(node, ...`link add ${name} type ${words}`.split(' '));
      ip(
        node,
        ...`address add 10.${CASES.findIndex((one) => one.name === name)}.0.${at}/24 dev ${name}`.split(' '),
      );
      ip(node, 'link', 'set', name, 'mtu', '1300', 'addrgenmode', 'none');
    }
});
afterAll(() => room.leave());

const WIRE = 1000;
const [IPPROTO_IPIP, IPPROTO_UDP, IPPROTO_GRE] = [4, 17, 47];
const DEADLINE_MS = 60_000;
const PORT = 10_007;
const OVER_4 = ['192.0.2.1', '192.0.2.2'] as const;
const OVER_6 = ['fd00:9::1', 'fd00:9::2'] as const;

interface Case {
  readonly name: string;
  /** What ip-link(8) is told. */
  readonly device: string;
  readonly carries: readonly [string, string];
  readonly cipher: Cipher;
  readonly tunnel: (local: string, remote: string) => Tunnel;
}

const CASES: readonly Case[] = [
  {
    ...{ name: 'gre', device: 'gre local LOCAL remote REMOTE key 77', carries: OVER_4, cipher: 'aes-gcm' },
    tunnel: (local, remote) => ({ kind: 'gre', key: 77, local, remote }),
  },
  {
    ...{ name: 'gre6', device: 'ip6gre local LOCAL remote REMOTE key 78 encaplimit none', carries: OVER_6 },
    cipher: 'chacha20-poly1305',
    tunnel: (local, remote) => ({ kind: 'gre', key: 78, local, remote }),
  },
  {
    name: 'vxlan',
    device: `vxlan id 79 local LOCAL remote REMOTE dstport ${PORT + 1}`,
    ...{ carries: OVER_4, cipher: 'chacha20-poly1305' },
    tunnel: (local, remote) => ({
      ...{ kind: 'vxlan', vni: 79, port: PORT + 1, local, remotes: [remote], learning: false },
    }),
  },
  {
    name: 'gue',
    device: `gre local LOCAL remote REMOTE key 80 encap gue encap-sport auto encap-dport ${PORT}`,
    ...{ carries: OVER_4, cipher: 'aes-gcm' },
    tunnel: (local, remote) => ({ kind: 'gue', key: 80, port: PORT, local, remote }),
  },
  {
    ...{ name: 'sit', device: 'sit local LOCAL remote REMOTE mode any', carries: OVER_4, cipher: 'aes-gcm' },
    tunnel: (local, remote) => ({ kind: 'ipip', local, remote, carries: [4, 6] }),
  },
];

describe.each(CASES)('$name in $cipher', (one) => {
  test('sends nothing but ESP, which is read as it was programmed', async () => {
    await secure(one, [1], 1);
    const { associations, policies } = await left.readTransport();
    const wanted = securityOf(end(one, 'left', [1], 1));
    expect(sorted(associations)).toEqual(sorted(wanted.associations));
    expect(sorted(policies)).toEqual(sorted(wanted.policies));
    const capture = await startCapture(left.name, 'n2', { filter: 'not arp and not icmp6' });
    ping(left, farAddress(one));
    await expect.poll(() => capture.packets().length, { timeout: DEADLINE_MS }).toBeGreaterThanOrEqual(6);
    const shapes = new Set((await capture.stop()).map(shapeOf));
    expect([...shapes]).toEqual([one.carries === OVER_4 ? 'ethernet ipv4 esp' : 'ethernet ipv6 esp']);
  });

  test('drops and counts what comes in clear', async () => {
    await secure(one, [1], 1);
    await remove(left, end(one, 'left', [1], 1));
    const before = await drops('XfrmInTmplMismatch');
    expect(() => execFileSync('ip', pingOnce(one))).toThrow();
    expect(await drops('XfrmInTmplMismatch')).toBeGreaterThan(before);
    await remove(right, end(one, 'right', [1], 1));
    expect(await right.readTransport()).toMatchObject({ associations: [], policies: [] });
  });
});

test.each<[string, (ends: ForgedEnds) => [protocol: number, payload: Buffer]]>([
  ['gre6', () => [IPPROTO_GRE, grePayload(78)]],
  ['gue', (ends) => [IPPROTO_UDP, guePayload(ends, PORT, 80)]],
  ['gue, also without GUE,', () => [IPPROTO_GRE, grePayload(80)]],
  ['sit', () => [IPPROTO_IPIP, innerPacket()]],
])('%s lets in nothing in clear, in whatever options, headers and fragments', async (name, forge) => {
  const one = CASES.find((other) => name.split(',')[0] === other.name);
  if (one === undefined) throw new Error('no case');
  await secure(one, [], 0);
  const [source, destination] = one.carries;
  const ends = { source, destination, sourceMac: macOf(left, 'n2'), destinationMac: macOf(right, 'n1') };
  const [protocol, payload] = forge(ends);
  const attack = {
    ...{ attacker: left, wire: WIRE, victim: right, device: one.name },
    ends,
    protocol,
    payload,
  };
  await expectTaken(attack);
  await secure(one, [1], 1);
  const packets = securityOf(end(one, 'right', [1], 1)).policies.flatMap(
    ({ direction, reqid: _reqid, spi: _spi, ...rest }) => (direction === 'in' ? [rest] : []),
  );
  await program(right, [{ step: 'set-protected-packets', packets }]);
  await expectDropped(attack);
  ping(left, farAddress(one));
  await program(right, [{ step: 'set-protected-packets', packets: [] }]);
});

test('packets that are played again or tampered with are dropped and counted', async () => {
  const [one] = CASES;
  if (one === undefined) throw new Error('no case');
  await secure(one, [1], 1);
  const capture = await startCapture(left.name, 'n2', { filter: 'src 192.0.2.1 and proto 50' });
  ping(left, farAddress(one));
  await expect.poll(() => capture.packets().length, { timeout: DEADLINE_MS }).toBeGreaterThanOrEqual(3);
  await capture.stop();
  const frames = capture.frames();
  const tampered = frames.map((frame) => {
    const changed = Buffer.from(frame);
    changed.writeUInt32BE(changed.readUInt32BE(ESP_AT + 4) + 500, ESP_AT + 4);
    return changed;
  });
  const before = await right.readSecurityDrops();
  sendFrames(left, WIRE, [...frames, ...tampered]);
  const grown = async (name: string) =>
    ((await right.readSecurityDrops()).get(name) ?? 0) - (before.get(name) ?? 0);
  await expect.poll(() => grown('integrity-failed'), { timeout: DEADLINE_MS }).toBe(frames.length);
  expect(await grown('replayed')).toBe(frames.length);
  expect(await grown('XfrmInStateSeqError')).toBe(frames.length);
  expect(await grown('XfrmInStateProtoError')).toBe(frames.length);
});

test('a rotation under a ping every 5 ms loses none', async () => {
  const [one] = CASES;
  if (one === undefined) throw new Error('no case');
  await secure(one, [1], 1);
  const argv = ['netns', 'exec', left.name, 'ping', '-q', '-i', '0.005', '-c', '1000', farAddress(one)];
  const pinging = promisify(execFile)('ip', argv);
  for (const [generations, sending] of [
    [[1, 2], 1],
    [[1, 2], 2],
    [[2], 2],
  ] as const)
    await change(one, generations, sending);
  const { associations } = await right.readTransport();
  expect(associations.map(({ spi }) => spi % 16).sort()).toEqual([2, 2]);
  const { stdout } = await pinging;
  expect(stdout).toContain('1000 packets transmitted, 1000 received');
});

test('an association of somebody else with the same SPI is told and left alone', async () => {
  const [one] = CASES;
  if (one === undefined) throw new Error('no case');
  await secure(one, [1], 1);
  const [association] = securityOf(end(one, 'left', [2], 2)).associations;
  if (association === undefined) throw new Error('no association');
  const { source, destination, spi } = association;
  const state = ['src', source, 'dst', destination, 'proto', 'esp', 'spi', `0x${spi.toString(16)}`];
  const cipher = ['aead', 'rfc4106(gcm(aes))', `0x${'7'.repeat(40)}`, '128'];
  ip(left, 'xfrm', 'state', 'add', ...state, 'reqid', '7', 'mode', 'transport', ...cipher);
  const [error] = await left.programTransport([{ step: 'add-association', association }]);
  expect(error).toMatchObject({ code: 'exists', message: expect.stringContaining('somebody else') });
  expect(error?.message).not.toContain(association.key);
  expect(ip(left, 'xfrm', 'state', 'get', ...state)).toContain('reqid 7');
  expect((await left.readTransport()).associations).toHaveLength(2);
  ip(left, 'xfrm', 'state', 'delete', ...state);
});

/** Ethernet and IPv4 stand before it. */
const ESP_AT = 14 + 20;

type Side = 'left' | 'right';

function end(one: Case, side: Side, generations: readonly number[], sending: number): TunnelState {
  const [local, remote] = side === 'left' ? one.carries : one.carries.toReversed();
  if (local === undefined || remote === undefined) throw new Error('no addresses');
  const number = CASES.indexOf(one) + 1;
  const spiOf = (generation: number) => 0x1000_0000 + number * 16 + generation;
  const keys = (from: string) =>
    generations.map((generation) => ({
      spi: spiOf(generation),
      key: `${from.at(-1)}${generation}`.repeat(one.cipher === 'aes-gcm' ? 20 : 36),
    }));
  const protection: Protection = {
    ...{ local, remote, reqid: REQID_BASE + number, cipher: one.cipher },
    ...{ inbound: keys(remote), outbound: keys(local), sending: spiOf(sending) },
  };
  const { kind: _kind, peer: _peer, ...common } = veth(one.name);
  return {
    ...{ ...common, kind: 'tunnel', transport: null },
    ...{ tunnel: one.tunnel(local, remote), protections: [protection] },
  };
}

let up = '';

/** A network with this tunnel alone, and its IPsec as said. */
async function secure(one: Case, generations: readonly number[], sending: number): Promise<void> {
  for (const node of [left, right]) {
    const { associations, policies } = await node.readTransport();
    await program(node, [
      ...policies.map((policy): TransportStep => ({ step: 'remove-policy', policy })),
      ...associations.map((association): TransportStep => ({ step: 'remove-association', association })),
    ]);
  }
  if (up !== one.name)
    for (const node of [left, right]) {
      if (up !== '') ip(node, 'link', 'set', up, 'down');
      ip(node, 'link', 'set', one.name, 'up');
    }
  up = one.name;
  if (generations.length > 0) await change(one, generations, sending);
}

/** What both nodes' agents do for a new state: first what is new, then what is not wanted any more. */
async function change(one: Case, generations: readonly number[], sending: number): Promise<void> {
  for (const [node, side] of [
    [left, 'left'],
    [right, 'right'],
  ] as const) {
    const { associations, policies } = securityOf(end(one, side, generations, sending));
    const old = (await node.readTransport()).associations;
    const isWanted = (spi: number) => associations.some((association) => association.spi === spi);
    const nameOf = ({ destination, spi }: SecurityAssociation) => `${destination} ${spi}`;
    const had = new Set(old.map(nameOf));
    await program(node, [
      ...associations
        .filter((association) => !had.has(nameOf(association)))
        .map((association): TransportStep => ({ step: 'add-association', association })),
      ...policies.map((policy): TransportStep => ({ step: 'set-policy', policy })),
      ...old
        .filter(({ spi }) => !isWanted(spi))
        .map((association): TransportStep => ({ step: 'remove-association', association })),
    ]);
  }
}

async function remove(node: Namespace, state: TunnelState): Promise<void> {
  const { associations, policies } = securityOf(state);
  await program(node, [
    ...policies.map((policy): TransportStep => ({ step: 'remove-policy', policy })),
    ...associations.map((association): TransportStep => ({ step: 'remove-association', association })),
  ]);
}

async function program(node: Namespace, steps: readonly TransportStep[]): Promise<void> {
  expect(await node.programTransport(steps)).toEqual(steps.map(() => null));
}

async function drops(name: string): Promise<number> {
  return (await right.readSecurityDrops()).get(name) ?? 0;
}

function farAddress(one: Case): string {
  return `10.${CASES.indexOf(one)}.0.2`;
}

function pingOnce(one: Case): string[] {
  return ['netns', 'exec', left.name, 'ping', '-c', '2', '-i', '0.2', '-W', '2', farAddress(one)];
}

function sorted(things: readonly object[]): string[] {
  return things.map((thing) => JSON.stringify(Object.entries(thing).sort())).sort();
}
