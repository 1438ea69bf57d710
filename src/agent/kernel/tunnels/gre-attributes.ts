import { isIpv6 } from '../../../model/tunnel.ts';
import {
  type AttributeTable,
  attributeU8,
  attributeU16,
  attributeU16BE,
  attributeU32,
  attributeU32BE,
} from '../netlink-message.ts';
import { OUTER_TTL } from './encapsulation.ts';
import { decodeOuter, encodeOuter } from './outer-address.ts';

/** What devices `gre` and `ip6gre` of ours have in common (ip-link(8)): a key, the same both ways, and nothing else. */
export interface KeyedGre {
  readonly key: number;
  readonly local: string;
  readonly remote: string;
}

/** A UDP header of generic UDP encapsulation in front, the port being the same at both ends; null without. */
export type GuePortOfGre = number | null;

export function encodeGre({ key, local, remote }: KeyedGre, guePort: GuePortOfGre): Buffer[] {
  const overIpv6 = isIpv6(remote);
  return [
    attributeU16BE(IFLA_GRE_IFLAGS, GRE_KEY),
    attributeU16BE(IFLA_GRE_OFLAGS, GRE_KEY),
    attributeU32BE(IFLA_GRE_IKEY, key),
    attributeU32BE(IFLA_GRE_OKEY, key),
    encodeOuter(IFLA_GRE_LOCAL, local),
    encodeOuter(IFLA_GRE_REMOTE, remote),
    attributeU8(IFLA_GRE_TTL, OUTER_TTL),
    overIpv6 ? attributeU32(IFLA_GRE_FLAGS, IP6_TNL_F_IGN_ENCAP_LIMIT) : attributeU8(IFLA_GRE_PMTUDISC, 1),
    ...(guePort === null ? [] : encodeGue(guePort, overIpv6)),
  ];
}

/** Null for a device that `encodeGre` does not make. */
export function decodeGre(data: AttributeTable): { gre: KeyedGre; guePort: GuePortOfGre } | null {
  const [key, local, remote] = [
    data.u32BE(IFLA_GRE_OKEY),
    decodeOuter(data, IFLA_GRE_LOCAL),
    decodeOuter(data, IFLA_GRE_REMOTE),
  ];
  const isKeyed = [IFLA_GRE_IFLAGS, IFLA_GRE_OFLAGS].every((flags) => data.u16BE(flags) === GRE_KEY);
  if (!isKeyed || data.u32BE(IFLA_GRE_IKEY) !== key || local === '' || remote === '') return null;
  if (data.has(IFLA_GRE_COLLECT_METADATA)) return null;
  const gre = { key, local, remote };
  const type = data.u16(IFLA_GRE_ENCAP_TYPE);
  if (type === TUNNEL_ENCAP_NONE) return { gre, guePort: null };
  const port = data.u16BE(IFLA_GRE_ENCAP_DPORT);
  const isSymmetric = data.u16BE(IFLA_GRE_ENCAP_SPORT) === port;
  const isChecked = (data.u16(IFLA_GRE_ENCAP_FLAGS) & TUNNEL_ENCAP_FLAG_REMCSUM) === 0;
  return type === TUNNEL_ENCAP_GUE && isSymmetric && isChecked ? { gre, guePort: port } : null;
}

/** Over IPv6 a UDP checksum is due (RFC 8200, 8.1). */
function encodeGue(port: number, overIpv6: boolean): Buffer[] {
  return [
    attributeU16(IFLA_GRE_ENCAP_TYPE, TUNNEL_ENCAP_GUE),
    attributeU16(IFLA_GRE_ENCAP_FLAGS, overIpv6 ? TUNNEL_ENCAP_FLAG_CSUM6 : 0),
    attributeU16BE(IFLA_GRE_ENCAP_SPORT, port),
    attributeU16BE(IFLA_GRE_ENCAP_DPORT, port),
  ];
}

const IFLA_GRE_IFLAGS = 2;
const IFLA_GRE_OFLAGS = 3;
const IFLA_GRE_IKEY = 4;
const IFLA_GRE_OKEY = 5;
const IFLA_GRE_LOCAL = 6;
const IFLA_GRE_REMOTE = 7;
const IFLA_GRE_TTL = 8;
const IFLA_GRE_PMTUDISC = 10;
const IFLA_GRE_FLAGS = 13;
const IFLA_GRE_ENCAP_TYPE = 14;
const IFLA_GRE_ENCAP_FLAGS = 15;
const IFLA_GRE_ENCAP_SPORT = 16;
const IFLA_GRE_ENCAP_DPORT = 17;
const IFLA_GRE_COLLECT_METADATA = 18;

const GRE_KEY = 0x2000;
const IP6_TNL_F_IGN_ENCAP_LIMIT = 1;
const TUNNEL_ENCAP_NONE = 0;
const TUNNEL_ENCAP_GUE = 2;
const TUNNEL_ENCAP_FLAG_CSUM6 = 2;
const TUNNEL_ENCAP_FLAG_REMCSUM = 4;
