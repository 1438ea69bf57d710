import { type GeneveTunnel, isIpv6 } from '../../../model/tunnel.ts';
import { attributeU8, attributeU16BE, attributeU32 } from '../netlink-message.ts';
import { type Encapsulation, finishNothing, OUTER_TTL } from './encapsulation.ts';
import { decodeEither, encodeEither } from './outer-address.ts';

/** `ip-link(8)`, GENEVE. */
export const geneve: Encapsulation<GeneveTunnel> = {
  devices: ['geneve'],
  isMoved: false,
  encode({ vni, port, remote }) {
    return [
      attributeU32(IFLA_GENEVE_ID, vni),
      encodeEither(IFLA_GENEVE_REMOTE, IFLA_GENEVE_REMOTE6, remote),
      attributeU16BE(IFLA_GENEVE_PORT, port),
      attributeU8(IFLA_GENEVE_TTL, OUTER_TTL),
      ...(isIpv6(remote) ? [] : [attributeU8(IFLA_GENEVE_DF, GENEVE_DF_SET)]),
    ];
  },
  decode(data) {
    const remote = decodeEither(data, IFLA_GENEVE_REMOTE, IFLA_GENEVE_REMOTE6);
    if (remote === '' || data.has(IFLA_GENEVE_COLLECT_METADATA)) return null;
    return {
      kind: 'geneve',
      vni: data.u32(IFLA_GENEVE_ID),
      port: data.u16BE(IFLA_GENEVE_PORT),
      remote,
    };
  },
  finish: finishNothing,
};

const IFLA_GENEVE_ID = 1;
const IFLA_GENEVE_REMOTE = 2;
const IFLA_GENEVE_TTL = 3;
const IFLA_GENEVE_PORT = 5;
const IFLA_GENEVE_COLLECT_METADATA = 6;
const IFLA_GENEVE_REMOTE6 = 7;
const IFLA_GENEVE_DF = 13;
const GENEVE_DF_SET = 1;
