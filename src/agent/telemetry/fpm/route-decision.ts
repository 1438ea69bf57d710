import { AF_INET, AF_INET6, formatAddress } from '../../kernel/ip-bytes.ts';
import { AttributeTable, requireBytes } from '../../kernel/netlink-message.ts';
import * as rt from '../../kernel/rtnetlink.ts';

/** What zebra decided about one prefix, as RTM_NEWROUTE or RTM_DELROUTE says it. */
export interface RouteDecision {
  /** Prefix and table, as few bytes as can be: hundreds of routers have hundreds each. See `describeKey`. */
  readonly key: string;
  /** rtm_protocol */
  readonly protocol: number;
  /** Number of zebra's group of next hops; 0 where the hops stand in the message itself. */
  readonly nextHopGroup: number;
  /** False: the prefix has no unicast route any more. */
  readonly chosen: boolean;
}

/** Makes a decoder for one stream; null for what is no decision about a route that a packet may take through a router. */
export function createDecisionDecoder(): (
  buffer: Buffer,
  type: number,
  start: number,
  end: number,
) => RouteDecision | null {
  const attributes = new AttributeTable(RTA_NH_ID);
  return (buffer, type, start, end) => {
    if (type !== rt.RTM_NEWROUTE && type !== rt.RTM_DELROUTE) return null;
    requireBytes(start, end, rt.ROUTE_HEADER_BYTES);
    const bytes = ADDRESS_BYTES.get(buffer[start] ?? 0);
    const prefixLength = buffer[start + 1] ?? 0;
    if (bytes === undefined || prefixLength > bytes * 8) return null;
    attributes.read(buffer, start + rt.ROUTE_HEADER_BYTES, end);
    const at = attributes.start(rt.RTA_DST);
    if (at >= 0) requireBytes(at, attributes.end(rt.RTA_DST), bytes);
    if (bytes === 16 && at >= 0 && isLinkLocal(buffer, at)) return null;
    const address = at < 0 ? '\0'.repeat(bytes) : buffer.toString('latin1', at, at + bytes);
    const table = attributes.has(rt.RTA_TABLE) ? attributes.u32(rt.RTA_TABLE) : (buffer[start + 4] ?? 0);
    return {
      key: String.fromCharCode(prefixLength, table & 0xffff, table >>> 16) + address,
      protocol: buffer[start + 5] ?? 0,
      nextHopGroup: attributes.u32(RTA_NH_ID),
      chosen: type === rt.RTM_NEWROUTE && buffer[start + 7] === rt.RTN_UNICAST,
    };
  };
}

/** `10.0.0.3/32` and the number of its table. */
export function describeKey(key: string): { prefix: string; table: number } {
  const address = Buffer.from(key.slice(3), 'latin1');
  return { prefix: `${formatAddress(address, 0, address.length)}/${key.charCodeAt(0)}`, table: tableOf(key) };
}

/** The number of a key's table. */
export function tableOf(key: string): number {
  return key.charCodeAt(1) + key.charCodeAt(2) * 0x10000;
}

/** fe80::/10: every interface has one, which changes with duplicate address detection and leads nowhere else. */
function isLinkLocal(buffer: Buffer, at: number): boolean {
  return buffer[at] === 0xfe && ((buffer[at + 1] ?? 0) & 0xc0) === 0x80;
}

const RTA_NH_ID = 30;
const ADDRESS_BYTES: ReadonlyMap<number, number> = new Map([
  [AF_INET, 4],
  [AF_INET6, 16],
]);
