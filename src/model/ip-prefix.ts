import ipaddr from 'ipaddr.js';

/** An address: its value as one number, most significant bit first. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** A block of addresses in CIDR form (RFC 4632, RFC 4291); `value` may have bits set behind `length`. */
export interface IpPrefix extends IpAddress {
  readonly length: number;
}

export function addressBits(family: 4 | 6): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** IPv4 is four decimal parts and nothing else: `010.0.0.1` would be octal to some readers. No zone either. */
export function parseIpAddress(text: string): IpAddress | null {
  if (DOTTED_QUAD.test(text)) {
    return { family: 4, value: toNumber(ipaddr.IPv4.parse(text).toByteArray()) };
  }
  if (text.length <= MAX_IPV6_LENGTH && IPV6_CHARACTERS.test(text) && ipaddr.IPv6.isValid(text)) {
    return { family: 6, value: toNumber(ipaddr.IPv6.parse(text).toByteArray()) };
  }
  return null;
}

export function parseIpPrefix(text: string): IpPrefix | null {
  const slash = text.indexOf('/');
  const address = slash < 0 ? null : parseIpAddress(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (address === null || !/^(0|[1-9][0-9]{0,2})$/.test(digits)) return null;
  const length = Number(digits);
  return length > addressBits(address.family) ? null : { ...address, length };
}

/** IPv6 in the form of RFC 5952. */
export function formatIpAddress(address: IpAddress): string {
  if (address.family === 6) return new ipaddr.IPv6(toBytes(address)).toRFC5952String();
  const value = Number(address.value);
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

export function formatIpPrefix(prefix: IpPrefix): string {
  return `${formatIpAddress(prefix)}/${prefix.length}`;
}

/** The prefix without the bits behind its length. */
export function networkOf(prefix: IpPrefix): IpPrefix {
  const hostBits = BigInt(addressBits(prefix.family) - prefix.length);
  return { ...prefix, value: (prefix.value >> hostBits) << hostBits };
}

export function addressCount(prefix: IpPrefix): bigint {
  return 1n << BigInt(addressBits(prefix.family) - prefix.length);
}

export function contains(outer: IpPrefix, inner: IpPrefix): boolean {
  return (
    outer.family === inner.family &&
    outer.length <= inner.length &&
    networkOf({ ...inner, length: outer.length }).value === networkOf(outer).value
  );
}

export function overlaps(one: IpPrefix, other: IpPrefix): boolean {
  return contains(one, other) || contains(other, one);
}

/**
 * The n-th address of a block, counted from 0, as a prefix of the given length. The block has no bits set
 * behind its own length. Throws RangeError outside of it.
 */
export function nthAddress(block: IpPrefix, n: bigint | number, length: number): IpPrefix {
  const offset = BigInt(n);
  if (offset < 0n || offset >= addressCount(block)) {
    throw new RangeError(`${formatIpPrefix(block)} has no address number ${offset}`);
  }
  return { family: block.family, value: block.value + offset, length };
}

/** The n-th block of the given length inside a block, counted from 0. Throws RangeError outside of it. */
export function nthSubnet(block: IpPrefix, n: bigint | number, length: number): IpPrefix {
  if (length < block.length || length > addressBits(block.family)) {
    throw new RangeError(`${formatIpPrefix(block)} has no block of length ${length}`);
  }
  return nthAddress(block, BigInt(n) << BigInt(addressBits(block.family) - length), length);
}

const DOTTED_QUAD = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;
const IPV6_CHARACTERS = /^[0-9a-fA-F:.]+$/;
const MAX_IPV6_LENGTH = 45;

function toNumber(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function toBytes({ value }: IpAddress): number[] {
  return [...Buffer.from(value.toString(16).padStart(32, '0'), 'hex')];
}
