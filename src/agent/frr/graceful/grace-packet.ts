/** What a router tells its neighbours on one link before its ospfd is started anew. */
export interface GraceNotice {
  /** Dotted quads. */
  readonly routerId: string;
  readonly area: string;
  /** How long they are to go on as if nothing had happened, in seconds. */
  readonly periodS: number;
  /** Of two notices the one with the higher number counts. */
  readonly sequence: number;
  /** Takes back what was told before. */
  readonly isOver: boolean;
  /** Simple authentication; empty where there is none. */
  readonly password: string;
}

/**
 * An OSPFv2 Link State Update (RFC 2328, A.3.5) with one grace-LSA (RFC 3623, B), as the restarting router would send
 * it on a link between two: the payload of an IP packet of protocol 89 to 224.0.0.5.
 */
export function encodeGraceUpdate(notice: GraceNotice): Buffer {
  const lsa = encodeGraceLsa(notice);
  const packet = Buffer.alloc(HEADER_BYTES + 4 + lsa.length);
  packet.set([2, LINK_STATE_UPDATE], 0);
  packet.writeUInt16BE(packet.length, 2);
  packet.set(quad(notice.routerId), 4);
  packet.set(quad(notice.area), 8);
  packet.writeUInt32BE(1, HEADER_BYTES);
  packet.set(lsa, HEADER_BYTES + 4);
  return authenticate(packet, notice.password);
}

const HEADER_BYTES = 24;
const PASSWORD_BYTES = 8;
const SIMPLE_PASSWORD = 1;
const LSA_HEADER_BYTES = 20;
const LINK_STATE_UPDATE = 4;
const LINK_LOCAL_OPAQUE = 9;
const EXTERNAL_AND_OPAQUE = 0x42;
const MAX_AGE_S = 3600;
/** Opaque type 3 (RFC 3623, A), instance 0. */
const GRACE_LSA_ID = [3, 0, 0, 0];
const SOFTWARE_RESTART = 1;
/** The lowest sequence number, as a signed 32-bit number (RFC 2328, 12.1.6). */
const LOWEST_SEQUENCE = -0x7fff_ffff;

function encodeGraceLsa({ routerId, periodS, sequence, isOver }: GraceNotice): Buffer {
  const period = Buffer.alloc(8);
  period.set([0, 1, 0, 4]);
  period.writeUInt32BE(periodS, 4);
  const reason = Buffer.from([0, 2, 0, 1, SOFTWARE_RESTART, 0, 0, 0]);
  const lsa = Buffer.concat([Buffer.alloc(LSA_HEADER_BYTES), period, reason]);
  lsa.writeUInt16BE(isOver ? MAX_AGE_S : 0, 0);
  lsa.set([EXTERNAL_AND_OPAQUE, LINK_LOCAL_OPAQUE, ...GRACE_LSA_ID, ...quad(routerId)], 2);
  lsa.writeInt32BE(LOWEST_SEQUENCE + (sequence % 0x7fff_ffff), 12);
  lsa.writeUInt16BE(lsa.length, 18);
  lsa.set(fletcherOf(lsa), 16);
  return lsa;
}

/** RFC 905, annex B, over all but the age; the checksum stands at byte 16. */
function fletcherOf(lsa: Buffer): [number, number] {
  let c0 = 0;
  let c1 = 0;
  for (const byte of lsa.subarray(2)) {
    c0 = (c0 + byte) % 255;
    c1 = (c1 + c0) % 255;
  }
  const behind = lsa.length - 16 - 1;
  const x = (((behind * c0 - c1) % 255) + 255) % 255 || 255;
  const y = 510 - c0 - x;
  return [x, y > 255 ? y - 255 : y];
}

/** RFC 2328, D.4.1 and D.4.2: the checksum is over all but the password, which comes last of the header. */
function authenticate(packet: Buffer, password: string): Buffer {
  if (password !== '') packet.writeUInt16BE(SIMPLE_PASSWORD, 14);
  packet.writeUInt16BE(checksumOf(packet), 12);
  packet.write(password.slice(0, PASSWORD_BYTES), HEADER_BYTES - PASSWORD_BYTES, 'latin1');
  return packet;
}

/** RFC 1071; the length is even. */
function checksumOf(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function quad(address: string): number[] {
  return address.split('.').map(Number);
}
