/** Packets as a forger writes them, header by header. */

export function ethernetFrame(destination: string, packet: Buffer): Buffer {
  const header = Buffer.alloc(14);
  Buffer.from(destination.replaceAll(':', ''), 'hex').copy(header);
  // A bridge lets no frame pass that comes from nobody.
  header.writeUIntBE(0x02_00_00_00_00_01, 6, 6);
  header.writeUInt16BE(0x0800, 12);
  return Buffer.concat([header, packet]);
}

export function ipv4Packet(protocol: number, source: string, destination: string, payload: Buffer): Buffer {
  const header = Buffer.from([
    0x45,
    0,
    0,
    0,
    0,
    1,
    0,
    0,
    64,
    protocol,
    0,
    0,
    ...bytesOf(source),
    ...bytesOf(destination),
  ]);
  header.writeUInt16BE(header.length + payload.length, 2);
  header.writeUInt16BE(checksumOf(header), 10);
  return Buffer.concat([header, payload]);
}

/** GRE with a key that carries IPv4 (RFC 2890). */
export function grePacket(key: number, payload: Buffer): Buffer {
  const header = Buffer.from([0x20, 0, 0x08, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(key, 4);
  return Buffer.concat([header, payload]);
}

/** Without a checksum, as IPv4 allows. */
export function udpPacket(port: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(port, 0);
  header.writeUInt16BE(port, 2);
  header.writeUInt16BE(header.length + payload.length, 4);
  return Buffer.concat([header, payload]);
}

export function vxlanPacket(vni: number, frame: Buffer): Buffer {
  const header = Buffer.from([0x08, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUIntBE(vni, 4, 3);
  return Buffer.concat([header, frame]);
}

export function echoRequest(source: string, destination: string): Buffer {
  const message = Buffer.from([8, 0, 0, 0, 0x56, 0x4e, 0, 1]);
  message.writeUInt16BE(checksumOf(message), 2);
  return ipv4Packet(PROTOCOLS.icmp, source, destination, message);
}

export const PROTOCOLS = { icmp: 1, ipip: 4, udp: 17, gre: 47 } as const;

function bytesOf(address: string): number[] {
  return address.split('.').map(Number);
}

/** RFC 1071. */
function checksumOf(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
