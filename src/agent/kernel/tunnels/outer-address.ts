import { AF_INET, formatAddress, parseAddress } from '../ip-bytes.ts';
import { type AttributeTable, attribute } from '../netlink-message.ts';

/** An attribute with the 4 or 16 bytes of an address. */
export function encodeOuter(type: number, text: string): Buffer {
  return attribute(type, parseAddress(text).bytes);
}

/** The same where each family has an attribute of its own. */
export function encodeEither(type4: number, type6: number, text: string): Buffer {
  const { family, bytes } = parseAddress(text);
  return attribute(family === AF_INET ? type4 : type6, bytes);
}

/** Canonical text; empty for an address that is absent, of a strange length, or unspecified. */
export function decodeOuter(data: AttributeTable, type: number): string {
  const bytes = data.bytes(type);
  return bytes.every((byte) => byte === 0) ? '' : formatAddress(bytes, 0, bytes.length);
}

export function decodeEither(data: AttributeTable, type4: number, type6: number): string {
  return decodeOuter(data, type4) || decodeOuter(data, type6);
}
