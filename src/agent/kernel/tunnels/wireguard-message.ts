import type { WireguardTunnel } from '../../../model/tunnel.ts';
import { VinetError } from '../../../model/vinet-error.ts';
import { encodeGeneric, readGeneric } from '../generic-netlink.ts';
import { AF_INET, AF_INET6, formatAddress, parseAddress } from '../ip-bytes.ts';
import {
  AttributeTable,
  attribute,
  attributeU8,
  attributeU16,
  attributeU32,
  NLM_F_DUMP,
  nested,
  visitAttributes,
} from '../netlink-message.ts';

/**
 * Messages of the generic netlink family "wireguard" (linux/wireguard.h). No error here says anything of a key.
 */
export const WIREGUARD_FAMILY = 'wireguard';

/** WG_CMD_GET_DEVICE, answered with one message for a device of ours. */
export function encodeGetDevice(family: number, index: number): Buffer {
  return encodeGeneric(
    { family, command: WG_CMD_GET_DEVICE, flags: NLM_F_DUMP },
    attributeU32(WGDEVICE_A_IFINDEX, index),
  );
}

/** WG_CMD_SET_DEVICE with everything; sessions with peers that were there before end. */
export function encodeConfigureDevice(family: number, index: number, tunnel: WireguardTunnel): Buffer {
  return encodeGeneric(
    { family, command: WG_CMD_SET_DEVICE, flags: 0 },
    attributeU32(WGDEVICE_A_IFINDEX, index),
    attribute(WGDEVICE_A_PRIVATE_KEY, keyBytes(tunnel.privateKey)),
    attributeU32(WGDEVICE_A_FLAGS, WGDEVICE_F_REPLACE_PEERS),
    attributeU16(WGDEVICE_A_LISTEN_PORT, tunnel.port),
    attributeU32(WGDEVICE_A_FWMARK, 0),
    nested(
      WGDEVICE_A_PEERS,
      nested(
        0,
        ...encodePeer(tunnel),
        attributeU32(WGPEER_A_FLAGS, WGPEER_F_REPLACE_ALLOWEDIPS),
        nested(WGPEER_A_ALLOWEDIPS, encodeEverything(AF_INET, 4), encodeEverything(AF_INET6, 16)),
      ),
    ),
  );
}

/**
 * WG_CMD_SET_DEVICE with another endpoint or preshared key for the peer that is there: a session that runs goes on,
 * the next handshake takes the key.
 */
export function encodeUpdatePeer(family: number, index: number, tunnel: WireguardTunnel): Buffer {
  return encodeGeneric(
    { family, command: WG_CMD_SET_DEVICE, flags: 0 },
    attributeU32(WGDEVICE_A_IFINDEX, index),
    nested(
      WGDEVICE_A_PEERS,
      nested(0, ...encodePeer(tunnel), attributeU32(WGPEER_A_FLAGS, WGPEER_F_UPDATE_ONLY)),
    ),
  );
}

/** Null for a device that is not as `encodeConfigureDevice` leaves it, such as one with several peers. */
export function decodeDevice(
  buffer: Buffer,
  _type: number,
  start: number,
  end: number,
): WireguardTunnel | null {
  const device = new AttributeTable(WGDEVICE_A_PEERS);
  readGeneric(device, buffer, start, end);
  const peers = elementsOf(device, WGDEVICE_A_PEERS, WGPEER_A_ALLOWEDIPS);
  const [peer] = peers;
  if (peer === undefined || peers.length > 1 || device.u32(WGDEVICE_A_FWMARK) !== 0) return null;
  const endpoint = decodeSocketAddress(peer.bytes(WGPEER_A_ENDPOINT));
  if (endpoint === null || !takesEverything(peer) || peer.u16(WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL) !== 0)
    return null;
  return {
    kind: 'wireguard',
    port: device.u16(WGDEVICE_A_LISTEN_PORT),
    remote: endpoint.address,
    remotePort: endpoint.port,
    privateKey: keyText(device.bytes(WGDEVICE_A_PRIVATE_KEY)),
    peerPublicKey: keyText(peer.bytes(WGPEER_A_PUBLIC_KEY)),
    presharedKey: keyText(peer.bytes(WGPEER_A_PRESHARED_KEY)),
  };
}

function encodePeer(tunnel: WireguardTunnel): Buffer[] {
  return [
    attribute(WGPEER_A_PUBLIC_KEY, keyBytes(tunnel.peerPublicKey)),
    attribute(WGPEER_A_PRESHARED_KEY, keyBytes(tunnel.presharedKey)),
    attribute(WGPEER_A_ENDPOINT, socketAddress(tunnel.remote, tunnel.remotePort)),
  ];
}

/** An entry of the allowed addresses that lets all of one family in. */
function encodeEverything(family: number, addressBytes: number): Buffer {
  return nested(
    0,
    attributeU16(WGALLOWEDIP_A_FAMILY, family),
    attribute(WGALLOWEDIP_A_IPADDR, new Uint8Array(addressBytes)),
    attributeU8(WGALLOWEDIP_A_CIDR_MASK, 0),
  );
}

function takesEverything(peer: AttributeTable): boolean {
  const allowed = elementsOf(peer, WGPEER_A_ALLOWEDIPS, WGALLOWEDIP_A_CIDR_MASK);
  return (
    allowed.length === 2 &&
    allowed.every((entry) => entry.u8(WGALLOWEDIP_A_CIDR_MASK) === 0) &&
    [AF_INET, AF_INET6].every((family) => allowed.some((entry) => entry.u16(WGALLOWEDIP_A_FAMILY) === family))
  );
}

/** The elements of a nested array, each with its attributes. */
function elementsOf(outer: AttributeTable, type: number, highest: number): AttributeTable[] {
  const elements: AttributeTable[] = [];
  const bytes = outer.bytes(type);
  visitAttributes(bytes, 0, bytes.length, (_type, start, end) => {
    const element = new AttributeTable(highest);
    element.read(bytes, start, end);
    elements.push(element);
  });
  return elements;
}

/** struct sockaddr_in and sockaddr_in6 */
function socketAddress(text: string, port: number): Buffer {
  const { family, bytes } = parseAddress(text);
  const address = Buffer.alloc(family === AF_INET ? SOCKADDR_IN_BYTES : SOCKADDR_IN6_BYTES);
  address.writeUInt16LE(family, 0);
  address.writeUInt16BE(port, 2);
  address.set(bytes, family === AF_INET ? 4 : 8);
  return address;
}

function decodeSocketAddress(bytes: Buffer): { address: string; port: number } | null {
  if (bytes.length < SOCKADDR_IN_BYTES) return null;
  const family = bytes.readUInt16LE(0);
  const port = bytes.readUInt16BE(2);
  if (family === AF_INET) return { address: formatAddress(bytes, 4, 8), port };
  if (family !== AF_INET6 || bytes.length < SOCKADDR_IN6_BYTES) return null;
  return { address: formatAddress(bytes, 8, 24), port };
}

function keyBytes(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== KEY_BYTES) throw new VinetError('kernel', 'not a key of WireGuard');
  return bytes;
}

function keyText(bytes: Buffer): string {
  return bytes.toString('base64');
}

const KEY_BYTES = 32;
const SOCKADDR_IN_BYTES = 16;
const SOCKADDR_IN6_BYTES = 28;

const WG_CMD_GET_DEVICE = 0;
const WG_CMD_SET_DEVICE = 1;
const WGDEVICE_A_IFINDEX = 1;
const WGDEVICE_A_PRIVATE_KEY = 3;
const WGDEVICE_A_FLAGS = 5;
const WGDEVICE_A_LISTEN_PORT = 6;
const WGDEVICE_A_FWMARK = 7;
const WGDEVICE_A_PEERS = 8;
const WGDEVICE_F_REPLACE_PEERS = 1;
const WGPEER_A_PUBLIC_KEY = 1;
const WGPEER_A_PRESHARED_KEY = 2;
const WGPEER_A_FLAGS = 3;
const WGPEER_A_ENDPOINT = 4;
const WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL = 5;
const WGPEER_A_ALLOWEDIPS = 9;
const WGPEER_F_REPLACE_ALLOWEDIPS = 2;
const WGPEER_F_UPDATE_ONLY = 4;
const WGALLOWEDIP_A_FAMILY = 1;
const WGALLOWEDIP_A_IPADDR = 2;
const WGALLOWEDIP_A_CIDR_MASK = 3;
