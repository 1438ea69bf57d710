import { isIP } from 'node:net';
import type { ProtectedPackets } from '../../model/security.ts';
import { VinetError } from '../../model/vinet-error.ts';
import type { GuardRules } from './guard-table.ts';
import { countsOf, isObject, type NftObject, wordOf } from './nft.ts';

const TABLE = 'vinet_protected';
const COUNTER = 'in-clear';

/**
 * Packets that may come in only through ESP. The kernel's policies demand it too, but look for ports and GRE keys where
 * they stand in a packet without IPv6 extension headers, so that one with such a header is none of theirs and passes;
 * nftables finds the transport header behind all headers (RFC 8200, section 4.1).
 */
export const PROTECTION_RULES: GuardRules<ProtectedPackets, number> = {
  table: TABLE,
  nothing: 0,
  render: renderPackets,
  parse: parsePackets,
  countDrops: (listing) => countsOf(listing).get(COUNTER) ?? 0,
};

function renderPackets(packets: readonly ProtectedPackets[], drops: number): string {
  const removal = `table inet ${TABLE}\ndelete table inet ${TABLE}\n`;
  if (packets.length === 0) return removal;
  for (const address of packets.flatMap(({ source, destination }) => [source, destination]))
    if (isIP(address) === 0) throw new VinetError('kernel', `not an IP address: ${JSON.stringify(address)}`);
  return `${removal}table inet ${TABLE} {
 counter ${COUNTER} { packets ${drops} bytes 0 }
${SETS.map((set) => renderSet(set, packets)).join('\n')}
 chain input {
  type filter hook input priority filter; policy accept;
  meta ipsec exists accept
${RULES.map((rule) => `  ${rule} counter name "${COUNTER}" drop`).join('\n')}
 }
}
`;
}

function parsePackets(listing: readonly NftObject[]): ProtectedPackets[] {
  const rules = listing.filter(({ rule }) => rule?.chain === 'input').length;
  const chain = listing.find((object) => object.chain?.name === 'input')?.chain;
  if (rules !== RULES.length + 1 || chain?.hook !== 'input') return [];
  return SETS.flatMap((set) => {
    const elements: unknown = listing.find((object) => object.set?.name === set.name)?.set?.elem;
    return (Array.isArray(elements) ? elements : []).flatMap((element: unknown) => {
      const key = isObject(element) && Array.isArray(element.concat) ? element.concat : [];
      const packets = { source: wordOf(key[0]), destination: wordOf(key[1]), ...set.decode(...key.slice(2)) };
      return Object.values(packets).some(Number.isNaN) ? [] : [packets];
    });
  });
}

type Selector = Pick<ProtectedPackets, 'protocol' | 'destinationPort' | 'greKey'>;

interface PacketSet {
  readonly name: string;
  readonly version: 4 | 6;
  /** The expression of nft(8) that an element is compared with. */
  readonly key: string;
  holds(selector: Selector): boolean;
  /** What follows the two addresses in an element. */
  encode(selector: Selector): string;
  decode(...values: readonly unknown[]): Selector;
}

const IPPROTO_UDP = 17;
const IPPROTO_GRE = 47;
/** RFC 2890: the key follows flags and type. Devices of ours take no packet with a checksum, which would stand between. */
// The protocol is a part of the key and no match of its own: nft 1.0.6 dies of listing that.
const GRE_KEY = 'meta l4proto . @th,32,32';
const WITH_KEY = '@th,0,16 & 0xa000 == 0x2000';

const FAMILIES = [
  { version: 4, ends: 'ip saddr . ip daddr' },
  { version: 6, ends: 'ip6 saddr . ip6 daddr' },
] as const;

const SETS: readonly PacketSet[] = FAMILIES.flatMap(({ version, ends }): PacketSet[] => [
  {
    ...{ name: `udp${version}`, version, key: `${ends} . udp dport` },
    holds: ({ protocol, destinationPort }) => protocol === IPPROTO_UDP && destinationPort !== 0,
    encode: ({ destinationPort }) => String(destinationPort),
    decode: (value) => ({ protocol: IPPROTO_UDP, destinationPort: Number(value), greKey: 0 }),
  },
  {
    ...{ name: `gre${version}`, version, key: `${ends} . ${GRE_KEY}` },
    holds: ({ protocol, greKey }) => protocol === IPPROTO_GRE && greKey !== 0,
    encode: ({ greKey }) => `${IPPROTO_GRE} . ${greKey}`,
    decode: (_protocol, value) => ({ protocol: IPPROTO_GRE, destinationPort: 0, greKey: Number(value) }),
  },
  {
    ...{ name: `other${version}`, version, key: `${ends} . meta l4proto` },
    holds: ({ destinationPort, greKey }) => destinationPort === 0 && greKey === 0,
    encode: ({ protocol }) => String(protocol),
    decode: (value) => ({ protocol: protocolOf(value), destinationPort: 0, greKey: 0 }),
  },
]);

/**
 * IPv6 is put together from fragments only behind this chain; but the first fragment has the first eight bytes of the
 * transport header (RFC 7112), and the others get nowhere without it.
 */
const RULES: readonly string[] = FAMILIES.flatMap(({ version, ends }) => [
  `${ends} . udp dport @udp${version}`,
  `${WITH_KEY} ${ends} . ${GRE_KEY} @gre${version}`,
  `${ends} . meta l4proto @other${version}`,
]);

function renderSet(
  { name, version, key, holds, encode }: PacketSet,
  packets: readonly ProtectedPackets[],
): string {
  const elements = packets
    .filter((one) => isIP(one.source) === version && holds(one))
    .map((one) => `${one.source} . ${one.destination} . ${encode(one)}`);
  const list = elements.length === 0 ? '' : ` elements = { ${elements.join(', ')} }`;
  return ` set ${name} { typeof ${key};${list} }`;
}

/** nft answers with the names of /etc/protocols where it finds them. */
function protocolOf(value: unknown): number {
  return typeof value === 'string' ? (PROTOCOLS.get(value) ?? Number(value)) : Number(value);
}

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['ipencap', 4],
  ['ipv4', 4],
  ['ipip', 4],
  ['udp', IPPROTO_UDP],
  ['ipv6', 41],
  ['gre', IPPROTO_GRE],
]);
