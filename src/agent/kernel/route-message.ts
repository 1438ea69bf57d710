import type { KernelRoute } from '../../model/node-state.ts';
import type { Route } from '../../model/route.ts';
import { AF_INET, formatAddress, parseAddress, parseInterfaceAddress } from './ip-bytes.ts';
import {
  AttributeTable,
  attribute,
  attributeU32,
  encodeMessage,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REPLACE,
  requireBytes,
} from './netlink-message.ts';
import * as rt from './rtnetlink.ts';

/**
 * Of all address families, of one table.
 * @param protocol number of those that are asked for; 0 for all
 */
export function encodeRouteDump({ table, protocol = 0 }: { table: number; protocol?: number }): Buffer {
  const header = Buffer.alloc(rt.ROUTE_HEADER_BYTES);
  const isShort = table < 256;
  header.writeUInt8(isShort ? table : 0, 4);
  header.writeUInt8(protocol, 5);
  const attributes = isShort ? [] : [attributeU32(rt.RTA_TABLE, table)];
  return encodeMessage(rt.RTM_GETROUTE, NLM_F_DUMP, header, ...attributes);
}

/**
 * RTM_NEWROUTE of the main table with our own protocol number, in place of what has the same prefix: what an
 * operator put there instead is no reason to leave the route out.
 */
export function encodeNewRoute(index: number, route: KernelRoute): Buffer {
  return encodeRoute(rt.RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, rt.RT_SCOPE_UNIVERSE, index, route);
}

export function encodeDeleteRoute(index: number, route: KernelRoute): Buffer {
  return encodeRoute(rt.RTM_DELROUTE, 0, rt.RT_SCOPE_NOWHERE, index, route);
}

/**
 * Makes a decoder for one dump; null for what is no unicast route of the table.
 * @param interfaces names by index
 */
export function createRouteDecoder(
  interfaces: ReadonlyMap<number, string>,
  table: number,
): (buffer: Buffer, type: number, start: number, end: number) => Route | null {
  const attributes = new AttributeTable(rt.RTA_VIA);
  const hop = new AttributeTable(rt.RTA_VIA);
  return (buffer, type, start, end) => {
    if (type !== rt.RTM_NEWROUTE || !isUnicast(buffer, start, end)) return null;
    attributes.read(buffer, start + rt.ROUTE_HEADER_BYTES, end);
    const found = attributes.has(rt.RTA_TABLE) ? attributes.u32(rt.RTA_TABLE) : buffer[start + 4];
    if (found !== table) return null;
    const destination = attributes.has(rt.RTA_DST)
      ? formatAddress(buffer, attributes.start(rt.RTA_DST), attributes.end(rt.RTA_DST))
      : buffer[start] === AF_INET
        ? '0.0.0.0'
        : '::';
    return {
      prefix: `${destination}/${buffer[start + 1]}`,
      protocol: protocolName(buffer[start + 5] ?? 0),
      nextHops: attributes.has(rt.RTA_MULTIPATH)
        ? decodeMultipath(buffer, attributes, hop, interfaces)
        : decodeSingle(buffer, attributes, interfaces),
      metric: attributes.u32(rt.RTA_PRIORITY),
    };
  };
}

/** Whether a message with struct rtmsg at `start` is about a unicast route. */
export function isUnicast(buffer: Buffer, start: number, end: number): boolean {
  requireBytes(start, end, rt.ROUTE_HEADER_BYTES);
  return buffer[start + 7] === rt.RTN_UNICAST && (buffer.readUInt32LE(start + 8) & rt.RTM_F_CLONED) === 0;
}

/** Whether the route of such a message is of the main table. */
export function isOfMain(buffer: Buffer, start: number): boolean {
  return buffer[start + 4] === rt.RT_TABLE_MAIN;
}

/** struct rtmsg and attributes */
function encodeRoute(
  type: number,
  flags: number,
  scope: number,
  index: number,
  { prefix, via }: KernelRoute,
): Buffer {
  const { family, bytes, prefixLength } = parseInterfaceAddress(prefix);
  const header = Buffer.alloc(rt.ROUTE_HEADER_BYTES);
  header.writeUInt8(family, 0);
  header.writeUInt8(prefixLength, 1);
  header.writeUInt8(rt.RT_TABLE_MAIN, 4);
  header.writeUInt8(OWN_PROTOCOL, 5);
  header.writeUInt8(scope, 6);
  header.writeUInt8(rt.RTN_UNICAST, 7);
  return encodeMessage(
    type,
    flags,
    header,
    attribute(rt.RTA_DST, bytes),
    attribute(rt.RTA_GATEWAY, parseAddress(via).bytes),
    attributeU32(rt.RTA_OIF, index),
  );
}

function decodeSingle(
  buffer: Buffer,
  attributes: AttributeTable,
  interfaces: ReadonlyMap<number, string>,
): Route['nextHops'] {
  if (!attributes.has(rt.RTA_OIF)) return [];
  return [decodeHop(buffer, attributes, attributes.u32(rt.RTA_OIF), interfaces)];
}

/** A list of struct rtnexthop, each with attributes of its own. */
function decodeMultipath(
  buffer: Buffer,
  attributes: AttributeTable,
  hop: AttributeTable,
  interfaces: ReadonlyMap<number, string>,
): Route['nextHops'] {
  const end = attributes.end(rt.RTA_MULTIPATH);
  const hops: Route['nextHops'][number][] = [];
  let offset = attributes.start(rt.RTA_MULTIPATH);
  while (offset + NEXT_HOP_BYTES <= end) {
    const length = buffer.readUInt16LE(offset);
    requireBytes(NEXT_HOP_BYTES, length, 0);
    requireBytes(offset, end, length);
    hop.read(buffer, offset + NEXT_HOP_BYTES, offset + length);
    hops.push(decodeHop(buffer, hop, buffer.readUInt32LE(offset + 4), interfaces));
    offset += (length + 3) & ~3;
  }
  return hops;
}

function decodeHop(
  buffer: Buffer,
  attributes: AttributeTable,
  index: number,
  interfaces: ReadonlyMap<number, string>,
): Route['nextHops'][number] {
  return { via: decodeGateway(buffer, attributes), interface: interfaces.get(index) ?? `#${index}` };
}

/** RTA_VIA is a gateway of another family than the route's (RFC 5549): two bytes of family stand before it. */
function decodeGateway(buffer: Buffer, attributes: AttributeTable): string {
  if (attributes.has(rt.RTA_GATEWAY))
    return formatAddress(buffer, attributes.start(rt.RTA_GATEWAY), attributes.end(rt.RTA_GATEWAY));
  if (attributes.has(rt.RTA_VIA))
    return formatAddress(buffer, attributes.start(rt.RTA_VIA) + 2, attributes.end(rt.RTA_VIA));
  return '';
}

/** Name of an rtm_protocol, as iproute2 knows it; the number itself where it has none. */
export function protocolName(protocol: number): string {
  return PROTOCOLS.get(protocol) ?? String(protocol);
}

/** rtm_protocol of the routes that the agent programs itself ("v"): no daemon's, and none of rt_protos. */
export const OWN_PROTOCOL = 0x76;

const NEXT_HOP_BYTES = 8;

/** Names of iproute2's rt_protos; 196 is what FRR's staticd installs. */
const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [0, 'unspec'],
  [1, 'redirect'],
  [2, 'kernel'],
  [3, 'boot'],
  [4, 'static'],
  [9, 'ra'],
  [11, 'zebra'],
  [12, 'bird'],
  [16, 'dhcp'],
  [42, 'babel'],
  [99, 'openr'],
  [OWN_PROTOCOL, 'vinet'],
  [186, 'bgp'],
  [187, 'isis'],
  [188, 'ospf'],
  [189, 'rip'],
  [190, 'ripng'],
  [191, 'nhrp'],
  [192, 'eigrp'],
  [193, 'ldp'],
  [194, 'sharp'],
  [195, 'pbr'],
  [196, 'static'],
  [197, 'openfabric'],
]);
