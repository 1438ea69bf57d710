import ipaddr from 'ipaddr.js';

/** Ends of what an attacker sends on a wire, all of it forged. */
export interface ForgedEnds {
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly source: string;
  readonly destination: string;
}

export interface Disguise {
  readonly name: string;
  /** Ethernet frames that are one packet together. */
  readonly frames: readonly Buffer[];
}

/**
 * One packet in every dress that the Internet protocol has for it: options, extension headers, fragments.
 * @param payload from the transport header on, at least 24 bytes
 */
export function disguisesOf(ends: ForgedEnds, protocol: number, payload: Buffer): Disguise[] {
  return ends.source.includes(':')
    ? ipv6Disguises(ends, protocol, payload)
    : ipv4Disguises(ends, protocol, payload);
}

/** IPv6 whose header chain goes on in the second fragment: receivers must not put it together (RFC 7112). */
export function cutHeaderChain(ends: ForgedEnds, protocol: number, payload: Buffer): Buffer[] {
  const whole = Buffer.concat([optionsHeader(protocol, 16), payload]);
  return ipv6Fragments(ends, [], DESTINATION_OPTIONS, whole, 8);
}

function ipv4Disguises(ends: ForgedEnds, protocol: number, payload: Buffer): Disguise[] {
  const packet = (bytes: Buffer, options: Buffer, offset = 0, more = false) =>
    ethernet(ends, 0x0800, ipv4(ends, protocol, bytes, options, offset, more));
  const fragments = (options: Buffer) => [
    packet(payload.subarray(0, 8), options, 0, true),
    packet(payload.subarray(8), options, 8),
  ];
  const [none, nops] = [Buffer.alloc(0), Buffer.alloc(8, 1)];
  return [
    { name: 'as it is', frames: [packet(payload, none)] },
    { name: 'with options', frames: [packet(payload, nops)] },
    { name: 'in fragments', frames: fragments(none) },
    { name: 'in fragments, the last one first', frames: fragments(none).reverse() },
    { name: 'in fragments with options', frames: fragments(nops) },
  ];
}

function ipv6Disguises(ends: ForgedEnds, protocol: number, payload: Buffer): Disguise[] {
  const whole = (...headers: readonly number[]) => [
    ethernet(ends, 0x86dd, ipv6(ends, ...chain(headers, protocol, payload))),
  ];
  const fragments = (...headers: readonly number[]) => ipv6Fragments(ends, headers, protocol, payload, 8);
  const inside = chain([DESTINATION_OPTIONS], protocol, payload);
  return [
    { name: 'as it is', frames: whole() },
    { name: 'behind destination options', frames: whole(DESTINATION_OPTIONS) },
    { name: 'behind destination options twice', frames: whole(DESTINATION_OPTIONS, DESTINATION_OPTIONS) },
    { name: 'behind hop-by-hop options', frames: whole(HOP_BY_HOP) },
    { name: 'behind a routing header that is used up', frames: whole(ROUTING) },
    { name: 'behind three headers', frames: whole(HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS) },
    { name: 'in one fragment', frames: ipv6Fragments(ends, [], protocol, payload, payload.length) },
    { name: 'in fragments', frames: fragments() },
    { name: 'in fragments, the last one first', frames: fragments().reverse() },
    { name: 'in fragments behind destination options', frames: fragments(DESTINATION_OPTIONS) },
    { name: 'in fragments with destination options in them', frames: ipv6Fragments(ends, [], ...inside, 16) },
    {
      name: 'in fragments with destination options before and in them',
      frames: ipv6Fragments(ends, [DESTINATION_OPTIONS], ...inside, 16),
    },
  ];
}

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;

/** The first header's number, and all headers with what follows them. */
function chain(headers: readonly number[], protocol: number, payload: Buffer): [number, Buffer] {
  return headers.reduceRight<[number, Buffer]>(
    ([next, rest], header) => [
      header,
      Buffer.concat([header === ROUTING ? usedUpRoute(next) : optionsHeader(next, 8), rest]),
    ],
    [protocol, payload],
  );
}

/** Nothing but padding (RFC 8200, 4.2). */
function optionsHeader(next: number, bytes: number): Buffer {
  const header = Buffer.alloc(bytes);
  header.writeUInt8(next, 0);
  header.writeUInt8(bytes / 8 - 1, 1);
  header.writeUInt8(1, 2);
  header.writeUInt8(bytes - 4, 3);
  return header;
}

/** Of a type for experiments (RFC 4727), without segments left: to be passed over. */
function usedUpRoute(next: number): Buffer {
  return Buffer.from([next, 0, 253, 0, 0, 0, 0, 0]);
}

let identification = 1;

/** @param headers before the fragment header */
function ipv6Fragments(
  ends: ForgedEnds,
  headers: readonly number[],
  next: number,
  bytes: Buffer,
  firstBytes: number,
): Buffer[] {
  identification += 1;
  const piece = (from: number, to: number) => {
    const header = Buffer.alloc(8);
    header.writeUInt8(next, 0);
    header.writeUInt16BE(from + (to < bytes.length ? 1 : 0), 2);
    header.writeUInt32BE(identification, 4);
    const fragment = Buffer.concat([header, bytes.subarray(from, to)]);
    return ethernet(ends, 0x86dd, ipv6(ends, ...chain(headers, FRAGMENT, fragment)));
  };
  return firstBytes >= bytes.length
    ? [piece(0, bytes.length)]
    : [piece(0, firstBytes), piece(firstBytes, bytes.length)];
}

function ipv6({ source, destination }: ForgedEnds, next: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(payload.length, 4);
  header.writeUInt8(next, 6);
  header.writeUInt8(64, 7);
  return Buffer.concat([header, addressBytes(source), addressBytes(destination), payload]);
}

function ipv4(
  { source, destination }: ForgedEnds,
  protocol: number,
  payload: Buffer,
  options: Buffer,
  offset: number,
  more: boolean,
): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(0x45 + options.length / 4, 0);
  header.writeUInt16BE(20 + options.length + payload.length, 2);
  header.writeUInt16BE(identification, 4);
  header.writeUInt16BE(offset / 8 + (more ? 0x2000 : 0), 6);
  header.writeUInt8(64, 8);
  header.writeUInt8(protocol, 9);
  const whole = Buffer.concat([header, addressBytes(source), addressBytes(destination), options]);
  whole.writeUInt16BE(checksum(whole), 10);
  if (!more) identification = (identification + 1) % 0x1_0000;
  return Buffer.concat([whole, payload]);
}

function ethernet({ sourceMac, destinationMac }: ForgedEnds, type: number, payload: Buffer): Buffer {
  const mac = (text: string) => Buffer.from(text.replaceAll(':', ''), 'hex');
  const typeBytes = Buffer.from([type >> 8, type & 0xff]);
  return Buffer.concat([mac(destinationMac), mac(sourceMac), typeBytes, payload]);
}

function addressBytes(text: string): Buffer {
  return Buffer.from(ipaddr.parse(text).toByteArray());
}

/** RFC 1071. */
export function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x1_0000);
  return ~sum & 0xffff;
}

/** Of a datagram over IPv6 whose own field is 0 yet; RFC 8200, 8.1. */
export function udpChecksum(source: string, destination: string, datagram: Buffer): number {
  const tail = Buffer.alloc(8);
  tail.writeUInt32BE(datagram.length, 0);
  tail.writeUInt8(17, 7);
  const pseudo = Buffer.concat([addressBytes(source), addressBytes(destination), tail, datagram]);
  return checksum(pseudo) || 0xffff;
}
