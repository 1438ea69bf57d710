import { VinetError } from '../../model/vinet-error.ts';
import { AF_INET6, formatAddress, parseAddress, parseInterfaceAddress } from './ip-bytes.ts';
import {
  AttributeTable,
  attribute,
  attributeU32,
  encodeMessage,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  requireBytes,
} from './netlink-message.ts';
import * as rt from './rtnetlink.ts';

/**
 * RTM_NEWADDR. An IPv6 address is usable at once: duplicate address detection (RFC 4862, 5.4) would keep
 * routing daemons from using it for a second, and the planner gives no address twice.
 */
export function encodeNewAddress(index: number, address: string): Buffer {
  return encodeAddress(rt.RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, address);
}

/** The same also for an address that is there; what the kernel makes of an address is then made anew. */
export function encodeRenewAddress(index: number, address: string): Buffer {
  return encodeAddress(rt.RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, address);
}

export function encodeDeleteAddress(index: number, address: string): Buffer {
  return encodeAddress(rt.RTM_DELADDR, 0, index, address);
}

export function encodeAddressDump(): Buffer {
  return encodeMessage(rt.RTM_GETADDR, NLM_F_DUMP, Buffer.alloc(rt.ADDRESS_HEADER_BYTES));
}

export interface AddressMessage {
  readonly index: number;
  /** `10.0.0.1/31` or `10.0.0.1 peer 10.0.0.2/32`, in canonical form. */
  readonly address: string;
}

/** Makes a decoder for one dump; null for what every namespace has by itself (loopback and link-local). */
export function createAddressDecoder(): (
  buffer: Buffer,
  type: number,
  start: number,
  end: number,
) => AddressMessage | null {
  const attributes = new AttributeTable(rt.IFA_FLAGS);
  return (buffer, type, start, end) => {
    if (type !== rt.RTM_NEWADDR) return null;
    requireBytes(start, end, rt.ADDRESS_HEADER_BYTES);
    attributes.read(buffer, start + rt.ADDRESS_HEADER_BYTES, end);
    const prefix = textOf(buffer, attributes, rt.IFA_ADDRESS);
    const text = textOf(buffer, attributes, rt.IFA_LOCAL) || prefix;
    const peer = prefix === '' || prefix === text ? '' : ` peer ${prefix}`;
    const address = `${text}${peer}/${buffer[start + 1] ?? 0}`;
    if (text === '' || address === '127.0.0.1/8' || address === '::1/128' || LINK_LOCAL.test(text))
      return null;
    return { index: buffer.readUInt32LE(start + 4), address };
  };
}

/** struct ifaddrmsg and attributes; scope is global (0). */
function encodeAddress(type: number, flags: number, index: number, text: string): Buffer {
  const [own, far] = text.split(' peer ');
  const { family, bytes, prefixLength } = parseInterfaceAddress(far ?? text);
  const local = far === undefined ? { family, bytes } : parseAddress(own ?? '');
  if (local.family !== family)
    throw new VinetError('kernel', `addresses of two families: ${JSON.stringify(text)}`);
  const header = Buffer.alloc(rt.ADDRESS_HEADER_BYTES);
  header.writeUInt8(family, 0);
  header.writeUInt8(prefixLength, 1);
  header.writeUInt32LE(index, 4);
  return encodeMessage(
    type,
    flags,
    header,
    attribute(rt.IFA_LOCAL, local.bytes),
    attribute(rt.IFA_ADDRESS, bytes),
    ...(family === AF_INET6 ? [attributeU32(rt.IFA_FLAGS, rt.IFA_F_NODAD)] : []),
  );
}

function textOf(buffer: Buffer, attributes: AttributeTable, type: number): string {
  return formatAddress(buffer, attributes.start(type), attributes.end(type));
}

/** fe80::/10 (RFC 4291, 2.5.6) */
const LINK_LOCAL = /^fe[89ab]/;
