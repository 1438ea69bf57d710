import ipaddr from 'ipaddr.js';

/**
 * A packet as its headers say, from the outermost one inwards: what was really on the wire, read without help of
 * the code under test. What cannot be looked into (ESP, WireGuard, payload) ends the list.
 */
export type Header =
  | { readonly is: 'ethernet' }
  | {
      readonly is: 'ipv4' | 'ipv6';
      readonly source: string;
      readonly destination: string;
      readonly bytes: number;
    }
  | { readonly is: 'udp'; readonly sourcePort: number; readonly destinationPort: number }
  | { readonly is: 'vxlan' | 'geneve'; readonly vni: number }
  | { readonly is: 'gre'; readonly key: number | null }
  | { readonly is: 'gue' }
  | { readonly is: 'esp'; readonly spi: number; readonly sequence: number }
  | { readonly is: 'wireguard'; readonly type: number }
  | { readonly is: 'protocol'; readonly number: number };

/** What a UDP port means; null where it is VXLAN's or Geneve's own or means nothing. */
export type PortMeaning = (port: number) => 'vxlan' | 'geneve' | 'gue' | 'wireguard' | null;

/** Reads a frame. Truncated packets end where their bytes do. */
export function readEthernet(frame: Buffer, meaning: PortMeaning = () => null): Header[] {
  if (frame.length < ETHERNET_BYTES) return [];
  const type = frame.readUInt16BE(12);
  return [{ is: 'ethernet' }, ...readEtherType(type, frame.subarray(ETHERNET_BYTES), meaning)];
}

/** `ethernet ipv4 udp vxlan …`: the kinds alone. */
export function shapeOf(headers: readonly Header[]): string {
  return headers
    .map((header) => (header.is === 'protocol' ? `protocol${header.number}` : header.is))
    .join(' ');
}

const ETHERNET_BYTES = 14;

function wellKnown(port: number): ReturnType<PortMeaning> {
  if (port === 4789) return 'vxlan';
  return port === 6081 ? 'geneve' : null;
}

function readEtherType(type: number, bytes: Buffer, meaning: PortMeaning): Header[] {
  if (type === 0x0800) return readIpv4(bytes, meaning);
  if (type === 0x86dd) return readIpv6(bytes, meaning);
  return type === 0x6558 ? readEthernet(bytes, meaning) : [];
}

function readIpv4(bytes: Buffer, meaning: PortMeaning): Header[] {
  if (bytes.length < 20) return [];
  const length = (bytes.readUInt8(0) & 15) * 4;
  const header: Header = {
    is: 'ipv4',
    source: [...bytes.subarray(12, 16)].join('.'),
    destination: [...bytes.subarray(16, 20)].join('.'),
    bytes: bytes.readUInt16BE(2),
  };
  return [header, ...readProtocol(bytes.readUInt8(9), bytes.subarray(length), meaning)];
}

function readIpv6(bytes: Buffer, meaning: PortMeaning): Header[] {
  if (bytes.length < 40) return [];
  const header: Header = {
    is: 'ipv6',
    source: textOf(bytes.subarray(8, 24)),
    destination: textOf(bytes.subarray(24, 40)),
    bytes: bytes.readUInt16BE(4) + 40,
  };
  const next = bytes.readUInt8(6);
  const rest = bytes.subarray(40);
  // Destination options: ip6tnl's tunnel encapsulation limit (RFC 2473).
  if (next !== 60 || rest.length < 8) return [header, ...readProtocol(next, rest, meaning)];
  return [header, ...readProtocol(rest.readUInt8(0), rest.subarray(8 + rest.readUInt8(1) * 8), meaning)];
}

function readProtocol(protocol: number, bytes: Buffer, meaning: PortMeaning): Header[] {
  switch (protocol) {
    case 4:
      return readIpv4(bytes, meaning);
    case 41:
      return readIpv6(bytes, meaning);
    case 17:
      return readUdp(bytes, meaning);
    case 47:
      return readGre(bytes, meaning);
    case 50:
      return bytes.length < 8
        ? []
        : [{ is: 'esp', spi: bytes.readUInt32BE(0), sequence: bytes.readUInt32BE(4) }];
    default:
      return [{ is: 'protocol', number: protocol }];
  }
}

function readUdp(bytes: Buffer, meaning: PortMeaning): Header[] {
  if (bytes.length < 8) return [];
  const destinationPort = bytes.readUInt16BE(2);
  const header: Header = { is: 'udp', sourcePort: bytes.readUInt16BE(0), destinationPort };
  return [
    header,
    ...readUdpPayload(meaning(destinationPort) ?? wellKnown(destinationPort), bytes.subarray(8), meaning),
  ];
}

function readUdpPayload(kind: ReturnType<PortMeaning>, bytes: Buffer, meaning: PortMeaning): Header[] {
  if (kind === null || bytes.length < 8) return [];
  switch (kind) {
    case 'vxlan':
      return [{ is: 'vxlan', vni: bytes.readUIntBE(4, 3) }, ...readEthernet(bytes.subarray(8), meaning)];
    case 'geneve': {
      const options = (bytes.readUInt8(0) & 0x3f) * 4;
      const inner = bytes.subarray(8 + options);
      return [
        { is: 'geneve', vni: bytes.readUIntBE(4, 3) },
        ...readEtherType(bytes.readUInt16BE(2), inner, meaning),
      ];
    }
    case 'gue': {
      const options = (bytes.readUInt8(0) & 0x1f) * 4;
      return [{ is: 'gue' }, ...readProtocol(bytes.readUInt8(1), bytes.subarray(4 + options), meaning)];
    }
    case 'wireguard':
      return [{ is: 'wireguard', type: bytes.readUInt8(0) }];
  }
}

function readGre(bytes: Buffer, meaning: PortMeaning): Header[] {
  if (bytes.length < 4) return [];
  const flags = bytes.readUInt16BE(0);
  const hasChecksum = (flags & 0x8000) !== 0;
  const hasKey = (flags & 0x2000) !== 0;
  const hasSequence = (flags & 0x1000) !== 0;
  const keyAt = hasChecksum ? 8 : 4;
  const length = keyAt + (hasKey ? 4 : 0) + (hasSequence ? 4 : 0);
  if (bytes.length < length) return [];
  const header: Header = { is: 'gre', key: hasKey ? bytes.readUInt32BE(keyAt) : null };
  return [header, ...readEtherType(bytes.readUInt16BE(2), bytes.subarray(length), meaning)];
}

function textOf(bytes: Buffer): string {
  return ipaddr.fromByteArray([...bytes]).toString();
}
