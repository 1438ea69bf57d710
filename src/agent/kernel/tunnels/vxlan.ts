import { isIpv6, type VxlanTunnel } from '../../../model/tunnel.ts';
import { attributeU8, attributeU16BE, attributeU32 } from '../netlink-message.ts';
import { type Encapsulation, OUTER_TTL } from './encapsulation.ts';
import { decodeEither, encodeEither } from './outer-address.ts';

/** `ip-link(8)`, VXLAN. Remotes are the device's flood list, which is no part of its attributes. */
export const vxlan: Encapsulation<VxlanTunnel> = {
  devices: ['vxlan'],
  isMoved: false,
  encode(tunnel) {
    const remote = defaultRemoteOf(tunnel);
    return [
      attributeU32(IFLA_VXLAN_ID, tunnel.vni),
      encodeEither(IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6, tunnel.local),
      ...(remote === null ? [] : [encodeEither(IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6, remote)]),
      attributeU16BE(IFLA_VXLAN_PORT, tunnel.port),
      attributeU8(IFLA_VXLAN_LEARNING, tunnel.learning ? 1 : 0),
      attributeU8(IFLA_VXLAN_TTL, OUTER_TTL),
      ...(isIpv6(tunnel.local) ? [] : [attributeU8(IFLA_VXLAN_DF, VXLAN_DF_SET)]),
    ];
  },
  decode(data) {
    return {
      kind: 'vxlan',
      vni: data.u32(IFLA_VXLAN_ID),
      port: data.u16BE(IFLA_VXLAN_PORT),
      local: decodeEither(data, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6),
      remotes: [],
      learning: data.u8(IFLA_VXLAN_LEARNING) !== 0,
    };
  },
  finish(tunnel, index) {
    if (defaultRemoteOf(tunnel) !== null) return [];
    return tunnel.remotes.map((remote) => ({ step: 'add-remote', index, remote }));
  },
};

/** The remote that the device is created with; of a segment every remote is an entry of the flood list. */
function defaultRemoteOf({ learning, remotes }: VxlanTunnel): string | null {
  return learning || remotes.length !== 1 ? null : (remotes[0] ?? null);
}

const IFLA_VXLAN_ID = 1;
const IFLA_VXLAN_GROUP = 2;
const IFLA_VXLAN_LOCAL = 4;
const IFLA_VXLAN_TTL = 5;
const IFLA_VXLAN_LEARNING = 7;
const IFLA_VXLAN_PORT = 15;
const IFLA_VXLAN_GROUP6 = 16;
const IFLA_VXLAN_LOCAL6 = 17;
const IFLA_VXLAN_DF = 29;
const VXLAN_DF_SET = 1;
