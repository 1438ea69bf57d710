import ipaddr from 'ipaddr.js';
import { VinetError } from '../../model/vinet-error.ts';

export const AF_INET = 2;
export const AF_INET6 = 10;

export interface IpBytes {
  readonly family: typeof AF_INET | typeof AF_INET6;
  readonly bytes: Uint8Array;
}

/** Bytes of an address such as `10.0.0.1` or `fd00::1`, in network order. */
export function parseAddress(text: string): IpBytes {
  if (!ipaddr.isValid(text)) throw new VinetError('kernel', `not an IP address: ${JSON.stringify(text)}`);
  const address = ipaddr.parse(text);
  return {
    family: address.kind() === 'ipv4' ? AF_INET : AF_INET6,
    bytes: Uint8Array.from(address.toByteArray()),
  };
}

/** Bytes and length of an address with its prefix length, such as `10.0.0.1/31`. */
export function parseInterfaceAddress(text: string): IpBytes & { readonly prefixLength: number } {
  const slash = text.indexOf('/');
  const digits = text.slice(slash + 1);
  const address = parseAddress(text.slice(0, Math.max(slash, 0)));
  const prefixLength = Number(digits);
  if (!/^\d{1,3}$/.test(digits) || prefixLength > address.bytes.length * 8)
    throw new VinetError('kernel', `not an address with a prefix length: ${JSON.stringify(text)}`);
  return { ...address, prefixLength };
}

/** The canonical text (RFC 5952) of 4 or 16 bytes; empty for any other number of them. */
export function formatAddress(buffer: Buffer, start: number, end: number): string {
  if (end - start === 4)
    return `${buffer[start]}.${buffer[start + 1]}.${buffer[start + 2]}.${buffer[start + 3]}`;
  return end - start === 16 ? ipaddr.fromByteArray([...buffer.subarray(start, end)]).toString() : '';
}
