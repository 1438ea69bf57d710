import { AF_INET, AF_INET6, formatAddress, parseAddress } from './ip-bytes.ts';

/** Numbers and structures of ip-xfrm(8)'s netlink protocol, from the kernel's linux/xfrm.h. */
export const NETLINK_XFRM = 6;

export const XFRMNLGRP_SA = 3;
export const XFRMNLGRP_POLICY = 4;

export const XFRM_MSG_NEWSA = 0x10;
export const XFRM_MSG_DELSA = 0x11;
export const XFRM_MSG_GETSA = 0x12;
export const XFRM_MSG_NEWPOLICY = 0x13;
export const XFRM_MSG_DELPOLICY = 0x14;
export const XFRM_MSG_GETPOLICY = 0x15;
export const XFRM_MSG_UPDPOLICY = 0x19;

export const XFRMA_TMPL = 5;
export const XFRMA_ALG_AEAD = 18;
export const XFRMA_REPLAY_ESN_VAL = 23;

export const IPPROTO_ESP = 50;
export const XFRM_MODE_TRANSPORT = 0;

/** struct xfrm_lifetime_cfg: limits of bytes and packets, which are infinite, then times, of which 0 is none. */
const LIFETIME_LIMITS_BYTES = 32;

export function writeUnlimited(buffer: Buffer, at: number): void {
  buffer.fill(0xff, at, at + LIFETIME_LIMITS_BYTES);
}

/** xfrm_address_t: 16 bytes, of which IPv4 uses the first four. */
export function writeAddress(buffer: Buffer, at: number, text: string): void {
  buffer.set(parseAddress(text).bytes, at);
}

export function readAddress(buffer: Buffer, at: number, family: number): string {
  return formatAddress(buffer, at, at + (family === AF_INET6 ? 16 : 4));
}

export function familyOf(address: string): number {
  return parseAddress(address).family;
}

export function isIpFamily(family: number): boolean {
  return family === AF_INET || family === AF_INET6;
}
