import { formatAddress, parseAddress } from './ip-bytes.ts';
import {
  AttributeTable,
  attribute,
  encodeMessage,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_DUMP,
  requireBytes,
} from './netlink-message.ts';
import * as rt from './rtnetlink.ts';

/**
 * The flood list of a VXLAN device: entries of its forwarding table for the all-zero MAC address, each a
 * remote that gets a copy of what has no known destination (bridge(8), RFC 7348, 4.2).
 */
export function encodeAddRemote(index: number, remote: string): Buffer {
  return encodeRemote(rt.RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND, index, remote);
}

export function encodeRemoveRemote(index: number, remote: string): Buffer {
  return encodeRemote(rt.RTM_DELNEIGH, 0, index, remote);
}

export function encodeFloodDump(): Buffer {
  const header = Buffer.alloc(rt.NEIGHBOR_HEADER_BYTES);
  header.writeUInt8(rt.PF_BRIDGE, 0);
  return encodeMessage(rt.RTM_GETNEIGH, NLM_F_DUMP, header);
}

export interface FloodMessage {
  readonly index: number;
  readonly remote: string;
}

/** Makes a decoder for one dump; null for all entries that belong to no flood list. */
export function createFloodDecoder(): (
  buffer: Buffer,
  type: number,
  start: number,
  end: number,
) => FloodMessage | null {
  const attributes = new AttributeTable(rt.NDA_LLADDR);
  return (buffer, type, start, end) => {
    if (type !== rt.RTM_NEWNEIGH) return null;
    requireBytes(start, end, rt.NEIGHBOR_HEADER_BYTES);
    const self = (buffer.readUInt8(start + 10) & rt.NTF_SELF) !== 0;
    attributes.read(buffer, start + rt.NEIGHBOR_HEADER_BYTES, end);
    if (!self || !attributes.has(rt.NDA_DST) || !attributes.has(rt.NDA_LLADDR)) return null;
    const mac = buffer.subarray(attributes.start(rt.NDA_LLADDR), attributes.end(rt.NDA_LLADDR));
    if (!mac.equals(ZERO_MAC)) return null;
    const remote = formatAddress(buffer, attributes.start(rt.NDA_DST), attributes.end(rt.NDA_DST));
    return remote === '' ? null : { index: buffer.readInt32LE(start + 4), remote };
  };
}

/** struct ndmsg and attributes */
function encodeRemote(type: number, flags: number, index: number, remote: string): Buffer {
  const header = Buffer.alloc(rt.NEIGHBOR_HEADER_BYTES);
  header.writeUInt8(rt.PF_BRIDGE, 0);
  header.writeInt32LE(index, 4);
  header.writeUInt16LE(rt.NUD_PERMANENT, 8);
  header.writeUInt8(rt.NTF_SELF, 10);
  return encodeMessage(
    type,
    flags,
    header,
    attribute(rt.NDA_LLADDR, ZERO_MAC),
    attribute(rt.NDA_DST, parseAddress(remote).bytes),
  );
}

const ZERO_MAC = Buffer.alloc(6);
