/**
 * A `show …` command about one VRF of a daemon that serves several: FRR wants the VRF after the protocol, and for
 * zebra's tables after the table. Null for what is not about a router, or for which no way to ask is known here.
 */
export function askOfVrf(command: string, vrf: string): string | null {
  const words = command.trim().replace(/\s+/g, ' ');
  if (/ vrf /.test(words)) return null;
  for (const [pattern, length] of PLACES) {
    if (!pattern.test(words)) continue;
    const parts = words.split(' ');
    return [...parts.slice(0, length), 'vrf', vrf, ...parts.slice(length)].join(' ');
  }
  return null;
}

/** What a question begins with, and after how many words FRR 8 and newer expect `vrf NAME`. */
const PLACES: readonly (readonly [RegExp, number])[] = [
  [/^show ip ospf\b/, 3],
  [/^show ipv6 ospf6\b/, 3],
  [/^show isis\b/, 2],
  [/^show bgp\b/, 2],
  [/^show ip bgp\b/, 3],
  [/^show bfd\b/, 2],
  [/^show ip rip\b/, 3],
  [/^show ipv6 ripng\b/, 3],
  [/^show (ip|ipv6) (route|fib|nht|mroute|pim|igmp|rpf)\b/, 3],
  [/^show interface\b/, 2],
];
