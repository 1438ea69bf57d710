import { expect } from 'vitest';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import { checksum, cutHeaderChain, disguisesOf, type ForgedEnds, udpChecksum } from '../../disguises.ts';
import { sendFrames } from '../../raw-frame.ts';
import { ip } from './kernel-room.ts';

/** Somebody on the wire who knows everything of a tunnel but its keys. */
export interface Attack {
  readonly attacker: Namespace;
  /** Index of the attacker's interface on the wire. */
  readonly wire: number;
  readonly victim: Namespace;
  /** The victim's device that must not get the packets. */
  readonly device: string;
  readonly ends: ForgedEnds;
  readonly protocol: number;
  /** From the transport header on. */
  readonly payload: Buffer;
}

/** Sends the packet in every disguise to a victim without IPsec: the device gets each, so each is what it should be. */
export async function expectTaken(attack: Attack): Promise<void> {
  const before = await receivedBy(attack);
  const sent = send(attack);
  await expect.poll(() => receivedBy(attack), { timeout: DEADLINE_MS }).toBe(before + sent);
}

/** The same to one whose device is protected: it gets none, and the victim counts what it dropped. */
export async function expectDropped(attack: Attack): Promise<void> {
  const { ends, protocol, payload } = attack;
  const [received, dropped] = [await receivedBy(attack), await droppedBy(attack)];
  if (ends.source.includes(':'))
    sendFrames(attack.attacker, attack.wire, cutHeaderChain(ends, protocol, payload));
  const sent = send(attack);
  await expect.poll(() => droppedBy(attack), { timeout: DEADLINE_MS }).toBeGreaterThanOrEqual(dropped + sent);
  expect(await receivedBy(attack)).toBe(received);
}

function send({ attacker, wire, ends, protocol, payload }: Attack): number {
  const disguises = disguisesOf(ends, protocol, payload);
  for (const { frames } of disguises) sendFrames(attacker, wire, frames);
  return disguises.length;
}

async function receivedBy({ victim, device }: Attack): Promise<number> {
  const counters = (await victim.readCounters()).find(({ name }) => name === device);
  if (counters === undefined) throw new Error(`there is no ${device}`);
  return counters.receivedPackets;
}

async function droppedBy({ victim }: Attack): Promise<number> {
  return (await victim.readSecurityDrops()).get('in-clear') ?? 0;
}

const DEADLINE_MS = 60_000;

/** VXLAN with a frame for everybody in it, RFC 7348. */
export function vxlanPayload({ source, destination }: ForgedEnds, port: number, vni: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(0x08, 0);
  header.writeUInt32BE(vni * 256, 4);
  const frame = Buffer.concat([
    Buffer.alloc(6, 0xff),
    Buffer.from('02000000000188b5', 'hex'),
    Buffer.alloc(46),
  ]);
  return udp(source, destination, port, Buffer.concat([header, frame]));
}

/** GRE with a key and a packet of IPv4 in it, RFC 2890. */
export function grePayload(key: number): Buffer {
  const header = Buffer.from('2000080000000000', 'hex');
  header.writeUInt32BE(key, 4);
  return Buffer.concat([header, innerPacket()]);
}

/** A packet of IPv4 without content. */
export function innerPacket(): Buffer {
  const packet = Buffer.from('4500001400000000400100000a0000010a000002', 'hex');
  packet.writeUInt16BE(checksum(packet), 10);
  return Buffer.concat([packet, Buffer.alloc(12)]);
}

/** GUE's header is four bytes that say what is in it. */
export function guePayload({ source, destination }: ForgedEnds, port: number, key: number): Buffer {
  return udp(source, destination, port, Buffer.concat([Buffer.from([0, 47, 0, 0]), grePayload(key)]));
}

export function macOf(namespace: Namespace, device: string): string {
  return /link\/ether (\S+)/.exec(ip(namespace, 'link', 'show', device))?.[1] ?? '';
}

function udp(source: string, destination: string, port: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(40_000, 0);
  header.writeUInt16BE(port, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  const datagram = Buffer.concat([header, payload]);
  // IPv4 needs no checksum; IPv6 does (RFC 8200, 8.1).
  if (source.includes(':')) datagram.writeUInt16BE(udpChecksum(source, destination, datagram), 6);
  return datagram;
}
