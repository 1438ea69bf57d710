import type { Namespace } from '../kernel/kernel.ts';

/** Which families an environment forwards. */
export interface Forwarding {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
}

/**
 * Makes an environment a router: Documentation/networking/ip-sysctl of the kernel. Dynamic routing makes
 * asymmetric paths, so reverse-path filtering is off; equal-cost paths are chosen by flow (layer 4); an ICMP
 * error comes from the interface that the packet came in by, as a trace expects. Packets may go as far as a header
 * can say: a ring of 200 has paths of 100 hops, and Linux's own 64 would end on the way.
 * `ip_forward` stands first: the kernel resets per-interface settings when it changes.
 */
export function writeForwarding(namespace: Namespace, wanted: Forwarding): void {
  namespace.writeSysctls({
    'net/ipv4/ip_forward': wanted.ipv4 ? '1' : '0',
    'net/ipv4/conf/all/rp_filter': '0',
    'net/ipv4/conf/default/rp_filter': '0',
    'net/ipv4/fib_multipath_hash_policy': '1',
    'net/ipv4/icmp_errors_use_inbound_ifaddr': '1',
    'net/ipv4/ip_default_ttl': LONGEST_PATH,
  });
  if (!hasIpv6(namespace)) return;
  const disabled = wanted.ipv6 ? '0' : '1';
  namespace.writeSysctls({
    'net/ipv6/conf/all/disable_ipv6': disabled,
    'net/ipv6/conf/default/disable_ipv6': disabled,
    'net/ipv6/conf/all/hop_limit': LONGEST_PATH,
    'net/ipv6/conf/default/hop_limit': LONGEST_PATH,
    'net/ipv6/conf/all/forwarding': wanted.ipv6 ? '1' : '0',
    'net/ipv6/fib_multipath_hash_policy': '1',
    // Nobody else gives out addresses here, and a second of waiting would be all that came of asking.
    'net/ipv6/conf/all/accept_dad': '0',
    'net/ipv6/conf/default/accept_dad': '0',
    'net/ipv6/conf/all/keep_addr_on_down': '1',
    'net/ipv6/conf/default/keep_addr_on_down': '1',
  });
}

export function readForwarding(namespace: Namespace): { ipv4Forwarding: boolean; ipv6Forwarding: boolean } {
  return {
    ipv4Forwarding: namespace.readSysctl('net/ipv4/ip_forward').trim() === '1',
    ipv6Forwarding: hasIpv6(namespace) && namespace.readSysctl('net/ipv6/conf/all/forwarding').trim() === '1',
  };
}

/** Hops: TTL and hop limit have eight bits (RFC 791, RFC 8200). */
const LONGEST_PATH = '255';

/** A kernel booted with ipv6.disable=1 has no such folder. */
function hasIpv6(namespace: Namespace): boolean {
  try {
    namespace.readSysctl('net/ipv6/conf/all/forwarding');
    return true;
  } catch {
    return false;
  }
}
