import type { Protocol } from './routing-schema.ts';

/** What a protocol of FRR 8.4 can do. */
export interface ProtocolFeatures {
  readonly families: readonly (4 | 6)[];
  readonly bfd: boolean;
  readonly gracefulRestart: boolean;
  readonly maximumPaths: boolean;
  readonly defaultOriginate: boolean;
  /** Whether redistribution into it can be filtered. */
  readonly routeMaps: boolean;
  /** Longest password that packets carry; 0 where there is none. */
  readonly passwordLength: number;
  /** Digests of a key, and the longest key; none where it knows no keys. */
  readonly digests: readonly string[];
  readonly keyLength: number;
}

const NOTHING: ProtocolFeatures = {
  families: [4, 6],
  bfd: false,
  gracefulRestart: false,
  maximumPaths: false,
  defaultOriginate: false,
  routeMaps: false,
  passwordLength: 0,
  digests: [],
  keyLength: 0,
};

const OSPF: ProtocolFeatures = {
  ...NOTHING,
  families: [4],
  bfd: true,
  gracefulRestart: true,
  maximumPaths: true,
  defaultOriginate: true,
  routeMaps: true,
  passwordLength: 8,
  digests: ['md5'],
  keyLength: 16,
};

const RIP: ProtocolFeatures = {
  ...NOTHING,
  families: [4],
  maximumPaths: true,
  defaultOriginate: true,
  routeMaps: true,
  passwordLength: 16,
  digests: ['md5'],
  keyLength: 16,
};

export const PROTOCOL_FEATURES: Readonly<Record<Protocol, ProtocolFeatures>> = {
  ospf: OSPF,
  ospf6: {
    ...OSPF,
    families: [6],
    passwordLength: 0,
    digests: ['md5', 'hmac-sha-1', 'hmac-sha-256', 'hmac-sha-384', 'hmac-sha-512'],
    keyLength: 64,
  },
  isis: {
    ...NOTHING,
    bfd: true,
    defaultOriginate: true,
    routeMaps: true,
    passwordLength: 80,
    digests: ['md5'],
    keyLength: 80,
  },
  bgp: {
    ...NOTHING,
    bfd: true,
    gracefulRestart: true,
    maximumPaths: true,
    defaultOriginate: true,
    routeMaps: true,
    // The digest of RFC 2385 in every segment of TCP.
    digests: ['md5'],
    keyLength: 80,
  },
  rip: RIP,
  ripng: { ...RIP, families: [6], passwordLength: 0, digests: [], keyLength: 0 },
  babel: NOTHING,
  static: NOTHING,
};
