import { addressBits, formatIpAddress, parseIpPrefix } from './ip-prefix.ts';

/**
 * Far ends of a point-to-point link, from its own addresses as `LinkState` has them: the other address of a /31 or
 * a /127 (RFC 3021, RFC 6164), or the peer. Nothing for a segment.
 */
export function linkFarEnds(addresses: readonly string[]): string[] {
  return addresses.flatMap((text) => {
    const [own = '', peer] = text.split(' peer ');
    const prefix = parseIpPrefix(peer ?? own);
    if (prefix === null) return [];
    const hostBits = addressBits(prefix.family) - prefix.length;
    if (peer !== undefined) return hostBits === 0 ? [formatIpAddress(prefix)] : [];
    return hostBits === 1 ? [formatIpAddress({ ...prefix, value: prefix.value ^ 1n })] : [];
  });
}
