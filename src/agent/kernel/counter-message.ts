import type { LinkCounters } from './kernel.ts';
import { AttributeTable, requireBytes } from './netlink-message.ts';
import * as rt from './rtnetlink.ts';

/** Makes a decoder of struct rtnl_link_stats64 for one dump of links; null where there are no counters. */
export function createCounterDecoder(): (
  buffer: Buffer,
  type: number,
  start: number,
  end: number,
) => LinkCounters | null {
  const attributes = new AttributeTable(rt.IFLA_STATS64);
  return (buffer, type, start, end) => {
    if (type !== rt.RTM_NEWLINK) return null;
    requireBytes(start, end, rt.LINK_HEADER_BYTES);
    attributes.read(buffer, start + rt.LINK_HEADER_BYTES, end);
    const counters = attributes.start(rt.IFLA_STATS64);
    if (counters < 0) return null;
    requireBytes(counters, attributes.end(rt.IFLA_STATS64), 8 * 8);
    const at = (position: number) => readU64(buffer, counters + position * 8);
    return {
      name: attributes.text(rt.IFLA_IFNAME),
      receivedPackets: at(0),
      sentPackets: at(1),
      receivedBytes: at(2),
      sentBytes: at(3),
      receivedErrors: at(4),
      sentErrors: at(5),
      receivedDropped: at(6),
      sentDropped: at(7),
    };
  };
}

/** Exact up to 2^53, which is 8 PiB of bytes. */
function readU64(buffer: Buffer, offset: number): number {
  return buffer.readUInt32LE(offset) + buffer.readUInt32LE(offset + 4) * 0x1_0000_0000;
}
