import { type IpipTunnel, isIpv6 } from '../../../model/tunnel.ts';
import { attributeU8, attributeU32 } from '../netlink-message.ts';
import { type Encapsulation, finishNothing, OUTER_TTL } from './encapsulation.ts';
import { decodeOuter, encodeOuter } from './outer-address.ts';

/**
 * IP in IP (ip-link(8)): `ipip` for IPv4 in IPv4, `sit` for what carries IPv6 over IPv4, `ip6tnl` over IPv6. The
 * inner protocol that the device is bound to says what it carries.
 */
export const ipip: Encapsulation<IpipTunnel> = {
  devices: ['ipip', 'sit', 'ip6tnl'],
  isMoved: true,
  encode({ local, remote, carries }) {
    return [
      encodeOuter(IFLA_IPTUN_LOCAL, local),
      encodeOuter(IFLA_IPTUN_REMOTE, remote),
      attributeU8(IFLA_IPTUN_TTL, OUTER_TTL),
      attributeU8(IFLA_IPTUN_PROTO, protocolOf(carries)),
      isIpv6(remote)
        ? attributeU32(IFLA_IPTUN_FLAGS, IP6_TNL_F_IGN_ENCAP_LIMIT)
        : attributeU8(IFLA_IPTUN_PMTUDISC, 1),
    ];
  },
  decode(data) {
    const [local, remote] = [decodeOuter(data, IFLA_IPTUN_LOCAL), decodeOuter(data, IFLA_IPTUN_REMOTE)];
    const carries = CARRIED.get(data.u8(IFLA_IPTUN_PROTO));
    const isPlain = data.u16(IFLA_IPTUN_ENCAP_TYPE) === 0 && !data.has(IFLA_IPTUN_COLLECT_METADATA);
    if (local === '' || remote === '' || carries === undefined || !isPlain) return null;
    return { kind: 'ipip', local, remote, carries };
  },
  finish: finishNothing,
};

function protocolOf(carries: IpipTunnel['carries']): number {
  if (carries.includes(4)) return carries.includes(6) ? ANY_PROTOCOL : IPPROTO_IPIP;
  return IPPROTO_IPV6;
}

const ANY_PROTOCOL = 0;
const IPPROTO_IPIP = 4;
const IPPROTO_IPV6 = 41;

const CARRIED: ReadonlyMap<number, IpipTunnel['carries']> = new Map([
  [ANY_PROTOCOL, [4, 6]],
  [IPPROTO_IPIP, [4]],
  [IPPROTO_IPV6, [6]],
]);

const IFLA_IPTUN_LOCAL = 2;
const IFLA_IPTUN_REMOTE = 3;
const IFLA_IPTUN_TTL = 4;
const IFLA_IPTUN_FLAGS = 8;
const IFLA_IPTUN_PROTO = 9;
const IFLA_IPTUN_PMTUDISC = 10;
const IFLA_IPTUN_ENCAP_TYPE = 15;
const IFLA_IPTUN_COLLECT_METADATA = 19;
const IP6_TNL_F_IGN_ENCAP_LIMIT = 1;
