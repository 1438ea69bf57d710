import { createHash, generateKeyPairSync } from 'node:crypto';
import type { Tunnel, WireguardTunnel } from '../../../src/model/tunnel.ts';

/** Addresses of two nodes, of one family: a pair in one network, another in a second. */
export interface Underlay {
  readonly family: 4 | 6;
  readonly left: readonly [string, string];
  readonly right: readonly [string, string];
}

export interface TunnelSample {
  readonly name: string;
  /** As the left and the right node have it. */
  readonly ends: readonly [Tunnel, Tunnel];
  readonly carries: readonly (4 | 6)[];
  /** What iproute2 says of the left end's device. */
  readonly shown: { readonly info_kind: string; readonly info_data?: Record<string, unknown> };
}

/** One tunnel of each kind between two nodes; IP in IP also where it carries one family. */
export function tunnelsOver({ family, left, right }: Underlay): TunnelSample[] {
  const [local, remote] = [left[0], right[0]];
  const [there, back] = [
    { local, remote },
    { local: remote, remote: local },
  ];
  const second = [
    { local: left[1], remote: right[1] },
    { local: right[1], remote: left[1] },
  ] as const;
  const both = [4, 6] as const;
  const six = family === 6;
  return [
    {
      name: 'vxlan',
      ends: [vxlanTunnel(local, remote), vxlanTunnel(remote, local)],
      carries: both,
      shown: { info_kind: 'vxlan', info_data: { id: 77, port: 4789, ttl: 64 } },
    },
    {
      name: 'geneve',
      ends: [
        { kind: 'geneve', vni: 0xfedcba, port: 6081, remote },
        { kind: 'geneve', vni: 0xfedcba, port: 6081, remote: local },
      ],
      carries: both,
      shown: { info_kind: 'geneve', info_data: { id: 0xfedcba, port: 6081, ttl: 64 } },
    },
    {
      name: 'gre',
      ends: [
        { kind: 'gre', key: 0xfedcba98, ...there },
        { kind: 'gre', key: 0xfedcba98, ...back },
      ],
      carries: both,
      shown: { info_kind: six ? 'ip6gre' : 'gre', info_data: { ...there, ttl: 64 } },
    },
    {
      name: 'gue',
      ends: [
        { kind: 'gue', key: 1001, port: 10_001, ...there },
        { kind: 'gue', key: 1001, port: 10_001, ...back },
      ],
      carries: both,
      shown: { info_kind: six ? 'ip6gre' : 'gre', info_data: { ...there, ttl: 64 } },
    },
    {
      name: 'ipip that carries both',
      ends: [
        { kind: 'ipip', carries: both, ...there },
        { kind: 'ipip', carries: both, ...back },
      ],
      carries: both,
      shown: { info_kind: six ? 'ip6tnl' : 'sit', info_data: { proto: 'any', ...there, ttl: 64 } },
    },
    {
      name: 'ipip that carries IPv4',
      ends: [
        { kind: 'ipip', carries: [4], ...second[0] },
        { kind: 'ipip', carries: [4], ...second[1] },
      ],
      carries: [4],
      shown: { info_kind: six ? 'ip6tnl' : 'ipip', info_data: { ...second[0], ttl: 64 } },
    },
    {
      name: 'wireguard',
      ends: wireguardTunnels(local, remote),
      carries: both,
      shown: { info_kind: 'wireguard' },
    },
  ];
}

function vxlanTunnel(local: string, remote: string): Tunnel {
  return { kind: 'vxlan', vni: 77, port: 4789, local, remotes: [remote], learning: false };
}

export function wireguardTunnels(left: string, right: string): [WireguardTunnel, WireguardTunnel] {
  const [a, b] = [keyPair(), keyPair()];
  const common = { kind: 'wireguard', port: 10_002, remotePort: 10_002 } as const;
  const presharedKey = presharedKeyOf('first');
  return [
    { ...common, remote: right, privateKey: a.privateKey, peerPublicKey: b.publicKey, presharedKey },
    { ...common, remote: left, privateKey: b.privateKey, peerPublicKey: a.publicKey, presharedKey },
  ];
}

export function presharedKeyOf(generation: string): string {
  return createHash('sha256').update(generation).digest('base64');
}

/** Raw keys are the last 32 bytes of their DER forms (RFC 8410). */
function keyPair(): { privateKey: string; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32).toString('base64'),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64'),
  };
}
