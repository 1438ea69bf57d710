import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import type { ProtectedPackets } from '../../../src/model/security.ts';
import { type Attack, expectDropped, expectTaken, macOf, vxlanPayload } from './clear-attack.ts';
import { ip, joinByVeth, KernelRoom } from './kernel-room.ts';

const V4 = { source: '192.0.2.1', destination: '192.0.2.2' };
const V6 = { source: 'fd00:9::1', destination: 'fd00:9::2' };
const [UDP, GRE] = [17, 47];
const PACKETS: readonly ProtectedPackets[] = [
  { ...V4, protocol: UDP, destinationPort: 10_001, greKey: 0 },
  { ...V6, protocol: UDP, destinationPort: 10_001, greKey: 0 },
  { ...V4, protocol: GRE, destinationPort: 0, greKey: 0xffff_fff1 },
  { ...V6, protocol: GRE, destinationPort: 0, greKey: 1000 },
  { ...V4, protocol: 4, destinationPort: 0, greKey: 0 },
  { ...V4, protocol: 41, destinationPort: 0, greKey: 0 },
  { ...V6, protocol: 41, destinationPort: 0, greKey: 0 },
];
const WIRE = 1000;

let room: KernelRoom;
let left: Namespace;
let right: Namespace;
beforeEach(async () => {
  room = await KernelRoom.open();
  left = await room.create('left');
  right = await room.create('right');
  await joinByVeth(
    { into: left, name: 'n2', index: WIRE, addresses: ['192.0.2.1/30', 'fd00:9::1/64'] },
    { into: right, name: 'n1', index: WIRE, addresses: ['192.0.2.2/30', 'fd00:9::2/64'] },
  );
});
afterEach(() => room.leave());

const protect = (packets: readonly ProtectedPackets[]) =>
  right.programTransport([{ step: 'set-protected-packets', packets }]);

function nft(...argv: string[]): string {
  return execFileSync('ip', ['netns', 'exec', right.name, 'nft', ...argv], { encoding: 'utf8' });
}

test('what is protected is read back as it was written, replaced as a whole and gone with the last', async () => {
  expect((await right.readTransport()).protectedPackets).toEqual([]);
  for (const packets of [PACKETS, PACKETS.slice(3), []]) {
    expect(await protect(packets)).toEqual([null]);
    expect(new Set((await right.readTransport()).protectedPackets)).toEqual(new Set(packets));
  }
  expect(nft('list', 'ruleset')).toBe('');
});

test('a table that somebody weakened reads as none', async () => {
  await protect(PACKETS);
  const [, handle = ''] =
    /ip6 daddr \. udp dport @udp6 .* # handle (\d+)/.exec(nft('-a', 'list', 'ruleset')) ?? [];
  nft('delete', 'rule', 'inet', 'vinet_protected', 'input', 'handle', handle);
  expect((await right.readTransport()).protectedPackets).toEqual([]);
});

test('what is no address never reaches nft', async () => {
  const [error] = await protect([
    { ...V4, source: '0.0.0.0/0 }; flush ruleset', protocol: 4, destinationPort: 0, greKey: 0 },
  ]);
  expect(error).toMatchObject({ code: 'kernel' });
  expect(nft('list', 'ruleset')).toBe('');
});

describe.each([
  ['IPv4', V4],
  ['IPv6', V6],
])('over %s', (_family, { source, destination }) => {
  test('a protected port gets nothing in clear, in whatever dress; the port beside it does', async () => {
    const attackOn = (device: string, port: number, vni: number): Attack => {
      const options = ['id', String(vni), 'local', destination, 'remote', source, 'dstport', String(port)];
      ip(right, 'link', 'add', device, 'type', 'vxlan', ...options);
      ip(right, 'link', 'set', device, 'up', 'addrgenmode', 'none');
      const macs = { sourceMac: macOf(left, 'n2'), destinationMac: macOf(right, 'n1') };
      const ends = { ...macs, source, destination };
      const payload = vxlanPayload(ends, port, vni);
      return { ...{ attacker: left, wire: WIRE, victim: right, device }, ends, protocol: UDP, payload };
    };
    const [guarded, open] = [attackOn('guarded', 10_001, 7), attackOn('open', 10_002, 8)];
    await expectTaken(guarded);
    expect(await protect(PACKETS)).toEqual([null]);
    await expectDropped(guarded);
    await expectTaken(open);
    await protect(PACKETS.slice(1));
    expect((await right.readSecurityDrops()).get('in-clear')).toBeGreaterThan(0);
  });
});
