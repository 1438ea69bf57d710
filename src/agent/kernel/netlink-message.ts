import { VinetError } from '../../model/vinet-error.ts';

/**
 * Netlink messages as bytes: header and attributes (RFC 3549, 2.2; netlink(7)). Numbers are in the byte order
 * of the machine, which is little-endian wherever Node and FRR run. Bytes that break the format throw a
 * `VinetError` with code `kernel` and never read outside of their message.
 */
export const HEADER_BYTES = 16;

export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;

/** A whole message, its sequence number still 0. */
export function encodeMessage(type: number, flags: number, ...body: readonly Buffer[]): Buffer {
  const message = Buffer.concat([Buffer.alloc(HEADER_BYTES), ...body]);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(NLM_F_REQUEST | flags, 6);
  return message;
}

/** Numbers a message and adds flags to it, just before it is sent. */
export function stampMessage(message: Buffer, sequence: number, flags: number): void {
  message.writeUInt16LE(message.readUInt16LE(6) | flags, 6);
  message.writeUInt32LE(sequence, 8);
}

export function attribute(type: number, payload: Uint8Array): Buffer {
  const length = ATTRIBUTE_HEADER_BYTES + payload.length;
  if (length > 0xffff) throw malformed('attribute is too long');
  const bytes = Buffer.alloc(align(length));
  bytes.writeUInt16LE(length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(payload, ATTRIBUTE_HEADER_BYTES);
  return bytes;
}

export function nested(type: number, ...attributes: readonly Buffer[]): Buffer {
  return attribute(type | NLA_F_NESTED, Buffer.concat(attributes));
}

export function attributeU8(type: number, value: number): Buffer {
  return attribute(type, Uint8Array.of(value));
}

export function attributeU16(type: number, value: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16LE(value);
  return attribute(type, payload);
}

/** In network order, as ports are. */
export function attributeU16BE(type: number, value: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(value);
  return attribute(type, payload);
}

/** In network order, as keys of GRE are. */
export function attributeU32BE(type: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return attribute(type, payload);
}

export function attributeU32(type: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32LE(value);
  return attribute(type, payload);
}

export function attributeU64(type: number, value: bigint): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeBigUInt64LE(value);
  return attribute(type, payload);
}

/** With the NUL that ends it. */
export function attributeText(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`));
}

/** Body of a message between `start` and `end` of the buffer; header fields beside it. */
export type MessageVisitor = (
  buffer: Buffer,
  type: number,
  start: number,
  end: number,
  flags: number,
  sequence: number,
) => void;

/** Visits each message of what one read from a netlink socket returned. */
export function visitMessages(buffer: Buffer, visit: MessageVisitor): void {
  let offset = 0;
  while (offset + HEADER_BYTES <= buffer.length) {
    const length = buffer.readUInt32LE(offset);
    if (length < HEADER_BYTES || offset + length > buffer.length) throw malformed('message length');
    visit(
      buffer,
      buffer.readUInt16LE(offset + 4),
      offset + HEADER_BYTES,
      offset + length,
      buffer.readUInt16LE(offset + 6),
      buffer.readUInt32LE(offset + 8),
    );
    offset += align(length);
  }
}

/** Visits the payload of each attribute between `start` and `end`. */
export function visitAttributes(
  buffer: Buffer,
  start: number,
  end: number,
  visit: (type: number, start: number, end: number) => void,
): void {
  let offset = start;
  while (offset + ATTRIBUTE_HEADER_BYTES <= end) {
    const length = buffer.readUInt16LE(offset);
    if (length < ATTRIBUTE_HEADER_BYTES || offset + length > end) throw malformed('attribute length');
    const type = buffer.readUInt16LE(offset + 2) & NLA_TYPE_MASK;
    visit(type, offset + ATTRIBUTE_HEADER_BYTES, offset + length);
    offset += align(length);
  }
}

/**
 * Where each attribute of a message stands. One table is used for all messages of a dump: nothing is
 * allocated for a message, which is what lets large routing tables be read quickly.
 */
export class AttributeTable {
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  #buffer: Buffer = EMPTY;

  /** @param highest the highest attribute type of interest; others are passed over */
  constructor(highest: number) {
    this.#starts = new Int32Array(highest + 1).fill(-1);
    this.#ends = new Int32Array(highest + 1);
  }

  /** Reads the attributes between `start` and `end`, and forgets those read before. */
  read(buffer: Buffer, start: number, end: number): void {
    this.#buffer = buffer;
    this.#starts.fill(-1);
    let offset = start;
    while (offset + ATTRIBUTE_HEADER_BYTES <= end) {
      const length = buffer.readUInt16LE(offset);
      if (length < ATTRIBUTE_HEADER_BYTES || offset + length > end) throw malformed('attribute length');
      const type = buffer.readUInt16LE(offset + 2) & NLA_TYPE_MASK;
      if (type < this.#starts.length) {
        this.#starts[type] = offset + ATTRIBUTE_HEADER_BYTES;
        this.#ends[type] = offset + length;
      }
      offset += align(length);
    }
  }

  /** Reads the attributes inside one of another table; none when that one is absent. */
  readNested(outer: AttributeTable, type: number): void {
    if (outer.has(type)) this.read(outer.#buffer, outer.start(type), outer.end(type));
    else this.#starts.fill(-1);
  }

  has(type: number): boolean {
    return this.start(type) >= 0;
  }

  /** Offset of the payload in the buffer; -1 when the attribute is absent. */
  start(type: number): number {
    return this.#starts[type] ?? -1;
  }

  end(type: number): number {
    return this.#ends[type] ?? -1;
  }

  /** Numbers and texts of an absent attribute are 0 and empty. */
  u8(type: number): number {
    return this.has(type) ? this.#buffer.readUInt8(this.#sized(type, 1)) : 0;
  }

  u16(type: number): number {
    return this.has(type) ? this.#buffer.readUInt16LE(this.#sized(type, 2)) : 0;
  }

  u16BE(type: number): number {
    return this.has(type) ? this.#buffer.readUInt16BE(this.#sized(type, 2)) : 0;
  }

  u32(type: number): number {
    return this.has(type) ? this.#buffer.readUInt32LE(this.#sized(type, 4)) : 0;
  }

  u32BE(type: number): number {
    return this.has(type) ? this.#buffer.readUInt32BE(this.#sized(type, 4)) : 0;
  }

  u64(type: number): bigint {
    return this.has(type) ? this.#buffer.readBigUInt64LE(this.#sized(type, 8)) : 0n;
  }

  /** The payload, not copied; empty when the attribute is absent. */
  bytes(type: number): Buffer {
    return this.has(type) ? this.#buffer.subarray(this.start(type), this.end(type)) : EMPTY;
  }

  /** Up to the first NUL. */
  text(type: number): string {
    const bytes = this.bytes(type);
    const nul = bytes.indexOf(0);
    return bytes.toString('utf8', 0, nul < 0 ? bytes.length : nul);
  }

  #sized(type: number, bytes: number): number {
    const start = this.start(type);
    if (this.end(type) - start < bytes) throw malformed(`attribute ${type} is too short`);
    return start;
  }
}

/** Throws unless the fixed part of a message fits. */
export function requireBytes(start: number, end: number, bytes: number): void {
  if (end - start < bytes) throw malformed('message is too short');
}

const ATTRIBUTE_HEADER_BYTES = 4;
const EMPTY = Buffer.alloc(0);
const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;

function align(length: number): number {
  return (length + 3) & ~3;
}

function malformed(what: string): VinetError {
  return new VinetError('kernel', `malformed netlink message: ${what}`);
}
