import type { EncapsulationName } from '../model/overlay.ts';
import { ENCAPSULATION_BY_NAME } from './encapsulations/encapsulations.ts';

/** What is between a packet and the wire. */
export interface Wrapping {
  readonly encapsulation: EncapsulationName;
  /** Of the outer IP header. */
  readonly family: 4 | 6;
  /** In transport-mode ESP. */
  readonly isProtected: boolean;
}

/** Bytes: the largest packet that goes through a tunnel whose outer packets may have `mtu` bytes. */
export function innerMtu(mtu: number, { encapsulation, family, isProtected }: Wrapping): number {
  const payload = mtu - IP_HEADER_BYTES[family];
  const { headerBytes } = ENCAPSULATION_BY_NAME[encapsulation];
  return (isProtected ? espPayload(payload) : payload) - headerBytes;
}

const IP_HEADER_BYTES = { 4: 20, 6: 40 } as const;

/**
 * RFC 4303: SPI and sequence number 8, IV 8 (RFC 4106 and RFC 7634 alike), the payload with its padding, whose length
 * and the next header (2) end at a multiple of 4, and the ICV 16.
 */
function espPayload(bytes: number): number {
  return Math.floor((bytes - 32) / 4) * 4 - 2;
}
