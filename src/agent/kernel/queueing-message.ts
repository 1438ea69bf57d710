import type { Emulation } from '../../model/emulation.ts';
import { queueingOf } from '../../planner/needs.ts';
import { decodeNetem, encodeNetem } from './netem.ts';
import {
  AttributeTable,
  attribute,
  attributeText,
  encodeMessage,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REPLACE,
  requireBytes,
} from './netlink-message.ts';
import * as rt from './rtnetlink.ts';
import { decodeTbf, encodeTbf } from './tbf.ts';

/**
 * RTM_NEWQDISC of an interface's root qdisc. One of ours of the same kind is changed where it is, with the
 * packets that wait in it; anything else is replaced.
 */
export function encodeSetEmulation(index: number, emulation: Emulation): Buffer {
  const kind = queueingOf(emulation);
  return encodeMessage(
    rt.RTM_NEWQDISC,
    NLM_F_CREATE | NLM_F_REPLACE,
    encodeHeader(index, DISCIPLINES[kind].handle),
    attributeText(TCA_KIND, kind),
    attribute(TCA_OPTIONS, DISCIPLINES[kind].encode(emulation)),
  );
}

/**
 * RTM_DELQDISC of each root qdisc that may be ours. The kernel answers ENOENT or EINVAL where the root bears
 * another handle.
 */
export function encodeRemoveEmulation(index: number): Buffer[] {
  return Object.values(DISCIPLINES).map(({ handle }) =>
    encodeMessage(rt.RTM_DELQDISC, 0, encodeHeader(index, handle)),
  );
}

/** Of all interfaces. */
export function encodeQueueingDump(): Buffer {
  return encodeMessage(rt.RTM_GETQDISC, NLM_F_DUMP, Buffer.alloc(HEADER_BYTES));
}

/** Whether an interface whose root qdisc is of that kind may have an emulation of ours. */
export function isEmulating(qdisc: string): qdisc is keyof typeof DISCIPLINES {
  return Object.hasOwn(DISCIPLINES, qdisc);
}

export interface QueueingMessage {
  readonly index: number;
  readonly emulation: Emulation;
}

/** Makes a decoder for one dump; null for every qdisc that is not ours or not as we leave it. */
export function createQueueingDecoder(): (
  buffer: Buffer,
  type: number,
  start: number,
  end: number,
) => QueueingMessage | null {
  const attributes = new AttributeTable(TCA_OPTIONS);
  return (buffer, type, start, end) => {
    if (type !== rt.RTM_NEWQDISC) return null;
    requireBytes(start, end, HEADER_BYTES);
    if (buffer.readUInt32LE(start + PARENT_AT) !== TC_H_ROOT) return null;
    attributes.read(buffer, start + HEADER_BYTES, end);
    const kind = attributes.text(TCA_KIND);
    if (!isEmulating(kind) || !attributes.has(TCA_OPTIONS)) return null;
    const { handle, decode } = DISCIPLINES[kind];
    if (buffer.readUInt32LE(start + HANDLE_AT) !== handle) return null;
    const emulation = decode(buffer, attributes.start(TCA_OPTIONS), attributes.end(TCA_OPTIONS));
    return emulation === null ? null : { index: buffer.readInt32LE(start + INDEX_AT), emulation };
  };
}

/** struct tcmsg */
function encodeHeader(index: number, handle: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(index, INDEX_AT);
  header.writeUInt32LE(handle, HANDLE_AT);
  header.writeUInt32LE(TC_H_ROOT, PARENT_AT);
  return header;
}

/**
 * Handles ("vi" and the next) mark qdiscs as ours. The kernel replaces a root qdisc by one of another kind only
 * under another handle, so each kind has its own.
 */
const DISCIPLINES = {
  netem: { handle: 0x7669_0000, encode: encodeNetem, decode: decodeNetem },
  tbf: { handle: 0x766a_0000, encode: encodeTbf, decode: decodeTbf },
} as const;

const HEADER_BYTES = 20;
const INDEX_AT = 4;
const HANDLE_AT = 8;
const PARENT_AT = 12;
const TC_H_ROOT = 0xffff_ffff;
const TCA_KIND = 1;
const TCA_OPTIONS = 2;
