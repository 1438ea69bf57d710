import type { Emulation } from '../model/emulation.ts';
import type { LinkState, TunnelState } from '../model/node-state.ts';
import { CIPHERS, type Protection, type SecurityKey } from '../model/security.ts';
import type { Tunnel } from '../model/tunnel.ts';
import {
  badMessage,
  choice,
  count,
  interfaceName,
  line,
  lines,
  namespaceName,
  optional,
  part,
} from './field.ts';
import type {
  WireEmulation,
  WireLinkState,
  WireProtection,
  WireSecurityKey,
  WireTunnel,
} from './wire-link.ts';

/** LinkState ↔ message, with its tunnel and keys. */
export function encodeLink(link: LinkState): WireLinkState {
  const { name, link: of, mtu, addresses, enabled, emulation } = link;
  const common = { name, link: of, mtu, addresses, master: link.master ?? '', enabled, emulation };
  switch (link.kind) {
    case 'veth':
      return { ...common, veth: { peerNamespace: link.peer.namespace, peerName: link.peer.name } };
    case 'tunnel':
      return { ...common, tunnel: encodeTunnel(link) };
    case 'bridge':
      return { ...common, bridge: {} };
  }
}

/** Fails with `bad-message`. */
export function decodeLink(wire: WireLinkState): LinkState {
  const common = {
    name: interfaceName(wire.name, 'link.name'),
    link: line(wire.link, 'link.link'),
    mtu: wire.mtu,
    addresses: lines(wire.addresses, 'link.addresses'),
    master: optional(wire.master, 'link.master', interfaceName) || null,
    enabled: wire.enabled,
    emulation: wire.emulation === null ? null : decodeEmulation(wire.emulation),
  };
  switch (wire.kind) {
    case 'veth': {
      const veth = part(wire.veth, 'link.veth');
      const namespace = namespaceName(veth.peerNamespace, 'link.veth.peer_namespace');
      const name = interfaceName(veth.peerName, 'link.veth.peer_name');
      return { ...common, kind: 'veth', peer: { namespace, name } };
    }
    case 'tunnel': {
      const tunnel = part(wire.tunnel, 'link.tunnel');
      return {
        ...common,
        kind: 'tunnel',
        transport: optional(tunnel.transport, 'link.tunnel.transport', namespaceName) || null,
        tunnel: decodeTunnel(tunnel),
        protections: tunnel.protections.map(decodeProtection),
      };
    }
    case 'bridge':
      return { ...common, kind: 'bridge' };
    default:
      throw badMessage('link.kind', 'is missing or unknown to this version');
  }
}

function encodeTunnel({ transport, tunnel, protections }: TunnelState): WireTunnel {
  const common = { transport: transport ?? '', protections: protections.map(encodeProtection) };
  switch (tunnel.kind) {
    case 'vxlan':
      return { ...common, vxlan: tunnel };
    case 'geneve':
      return { ...common, geneve: tunnel };
    case 'gre':
      return { ...common, gre: tunnel };
    case 'gue':
      return { ...common, gue: tunnel };
    case 'ipip':
      return { ...common, ipip: tunnel };
    case 'wireguard': {
      const { port, remote, remotePort } = tunnel;
      const [privateKey, peerPublicKey, presharedKey] = [
        tunnel.privateKey,
        tunnel.peerPublicKey,
        tunnel.presharedKey,
      ].map((key) => Buffer.from(key, 'base64')) as [Buffer, Buffer, Buffer];
      return { ...common, wireguard: { port, remote, remotePort, privateKey, peerPublicKey, presharedKey } };
    }
  }
}

function decodeTunnel(wire: WireTunnel): Tunnel {
  switch (wire.kind) {
    case 'vxlan': {
      const { vni, port, local, remotes, learning } = part(wire.vxlan, 'tunnel.vxlan');
      return {
        kind: 'vxlan',
        vni: atMost(vni, MAX_VNI, 'vxlan.vni'),
        port: atMost(port, MAX_PORT, 'vxlan.port'),
        local: line(local, 'vxlan.local'),
        remotes: lines(remotes, 'vxlan.remotes'),
        learning,
      };
    }
    case 'geneve': {
      const { vni, port, remote } = part(wire.geneve, 'tunnel.geneve');
      return {
        kind: 'geneve',
        vni: atMost(vni, MAX_VNI, 'geneve.vni'),
        port: atMost(port, MAX_PORT, 'geneve.port'),
        remote: line(remote, 'geneve.remote'),
      };
    }
    case 'gre': {
      const { key, local, remote } = part(wire.gre, 'tunnel.gre');
      return { kind: 'gre', key, local: line(local, 'gre.local'), remote: line(remote, 'gre.remote') };
    }
    case 'gue': {
      const { key, port, local, remote } = part(wire.gue, 'tunnel.gue');
      return {
        kind: 'gue',
        key,
        port: atMost(port, MAX_PORT, 'gue.port'),
        local: line(local, 'gue.local'),
        remote: line(remote, 'gue.remote'),
      };
    }
    case 'ipip': {
      const { local, remote, carries } = part(wire.ipip, 'tunnel.ipip');
      return {
        kind: 'ipip',
        local: line(local, 'ipip.local'),
        remote: line(remote, 'ipip.remote'),
        carries: carries.map((family) => {
          if (family === 4 || family === 6) return family;
          throw badMessage('ipip.carries', 'is no address family');
        }),
      };
    }
    case 'wireguard': {
      const wireguard = part(wire.wireguard, 'tunnel.wireguard');
      return {
        kind: 'wireguard',
        port: atMost(wireguard.port, MAX_PORT, 'wireguard.port'),
        remote: line(wireguard.remote, 'wireguard.remote'),
        remotePort: atMost(wireguard.remotePort, MAX_PORT, 'wireguard.remote_port'),
        privateKey: decodeWireguardKey(wireguard.privateKey, 'wireguard.private_key'),
        peerPublicKey: decodeWireguardKey(wireguard.peerPublicKey, 'wireguard.peer_public_key'),
        presharedKey: decodeWireguardKey(wireguard.presharedKey, 'wireguard.preshared_key'),
      };
    }
    default:
      throw badMessage('tunnel.kind', 'is missing or unknown to this version');
  }
}

function decodeEmulation(wire: WireEmulation): Emulation {
  return {
    delayUs: count(wire.delayUs, 'emulation.delay_us'),
    jitterUs: count(wire.jitterUs, 'emulation.jitter_us'),
    lossPpm: atMost(wire.lossPpm, 1_000_000, 'emulation.loss_ppm'),
    rateBps: count(wire.rateBps, 'emulation.rate_bps'),
  };
}

function encodeProtection(protection: Protection): WireProtection {
  return {
    ...protection,
    inbound: protection.inbound.map(encodeKey),
    outbound: protection.outbound.map(encodeKey),
  };
}

function decodeProtection(wire: WireProtection): Protection {
  return {
    local: line(wire.local, 'protection.local'),
    remote: line(wire.remote, 'protection.remote'),
    reqid: wire.reqid,
    cipher: choice(wire.cipher, CIPHERS, 'protection.cipher'),
    inbound: wire.inbound.map(decodeKey),
    outbound: wire.outbound.map(decodeKey),
    sending: wire.sending,
  };
}

function encodeKey({ spi, key }: SecurityKey): WireSecurityKey {
  return { spi, key: Buffer.from(key, 'hex') };
}

function decodeKey({ spi, key }: WireSecurityKey): SecurityKey {
  if (key.length > MAX_SECURITY_KEY_BYTES) throw badMessage('protection.key', 'is too long');
  return { spi, key: Buffer.from(key).toString('hex') };
}

function decodeWireguardKey(key: Uint8Array, field: string): string {
  if (key.length !== WIREGUARD_KEY_BYTES) throw badMessage(field, `has not ${WIREGUARD_KEY_BYTES} bytes`);
  return Buffer.from(key).toString('base64');
}

const MAX_VNI = 0xff_ffff;
const MAX_PORT = 0xffff;
const WIREGUARD_KEY_BYTES = 32;
const MAX_SECURITY_KEY_BYTES = 64;

function atMost(value: number, limit: number, field: string): number {
  if (value > limit) throw badMessage(field, 'is out of range');
  return value;
}
