import { createHash, generateKeyPairSync } from 'node:crypto';
import type { Tunnel } from '../../../src/model/tunnel.ts';

/** Addresses of two nodes, of one family. */
export interface Underlay {
  readonly family: 4 | 6;
  readonly left: string;
  readonly right: string;
}

export interface TunnelSample {
  readonly name: string;
  /** As the left and the right node have it. */
  readonly ends: readonly [Tunnel, Tunnel];
  readonly carries: readonly (4 | 6)[];
}

/** One tunnel of each kind between two nodes. */
export function tunnelsOver({ left, right }: Underlay): TunnelSample[] {
  const ways = [
    { local: left, remote: right, name: 'left', far: 'right' },
    { local: right, remote: left, name: 'right', far: 'left' },
  ] as const;
  const both = [4, 6] as const;
  const sample = (
    name: string,
    make: (way: (typeof ways)[number]) => Tunnel,
    carries: readonly (4 | 6)[] = both,
  ): TunnelSample => ({ name, ends: [make(ways[0]), make(ways[1])], carries });
  const ends = ({ local, remote }: (typeof ways)[number]) => ({ local, remote });
  return [
    sample('vxlan', ({ local, remote }) => ({
      ...{ kind: 'vxlan', vni: 77, port: 4789, local, remotes: [remote], learning: false },
    })),
    sample('geneve', ({ remote }) => ({ kind: 'geneve', vni: 0xfedcba, port: 6081, remote })),
    sample('gre', (way) => ({ kind: 'gre', key: 0xfedcba98, ...ends(way) })),
    sample('gue', (way) => ({ kind: 'gue', key: 1001, port: 10_001, ...ends(way) })),
    sample('ipip with both', (way) => ({ kind: 'ipip', carries: both, ...ends(way) })),
    sample('ipip with IPv4', (way) => ({ kind: 'ipip', carries: [4], ...ends(way) }), [4]),
    sample('ipip with IPv6', (way) => ({ kind: 'ipip', carries: [6], ...ends(way) }), [6]),
    sample('wireguard', ({ remote, name, far }) => ({
      kind: 'wireguard',
      port: 10_002,
      remote,
      remotePort: 10_002,
      privateKey: PAIRS[name].privateKey,
      peerPublicKey: PAIRS[far].publicKey,
      presharedKey: presharedKey('first'),
    })),
  ];
}

export function presharedKey(generation: string): string {
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

const PAIRS = { left: keyPair(), right: keyPair() };
