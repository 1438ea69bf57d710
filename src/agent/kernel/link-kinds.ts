import { encodeProbe } from './link-message.ts';
import type { NetlinkConnection } from './netlink-connection.ts';

/**
 * Kinds of interfaces that the kernel knows, found by asking for one of each over a connection into a
 * namespace that is thrown away afterwards. A kind that it knows may want more than a probe says, and answers
 * with another error than "unsupported". A kernel with modules loads them for this.
 */
export async function probeLinkKinds(connection: NetlinkConnection): Promise<string[]> {
  const errors = await connection.request(
    KINDS.map((kind, at) => ({ what: `create ${kind}`, message: encodeProbe(kind, FIRST_INDEX + at) })),
  );
  const lost = errors.find((error) => error?.code === 'timeout' || error?.code === 'interrupted');
  if (lost) throw lost;
  return KINDS.filter((_kind, at) => errors[at]?.code !== 'unsupported');
}

const KINDS = [
  'veth',
  'vxlan',
  'bridge',
  'vrf',
  'dummy',
  'ipip',
  'sit',
  'ip6tnl',
  'gre',
  'gretap',
  'ip6gre',
  'ip6gretap',
  'geneve',
  'wireguard',
  'xfrm',
  'ifb',
  'macvlan',
  'ipvlan',
  'vlan',
] as const;

/** Clear of those that the kernel gives out by itself: a new namespace may have fallback devices. */
const FIRST_INDEX = 1000;
