import { isIP } from 'node:net';
import type { LinkFilter } from '../../model/node-state.ts';
import { VinetError } from '../../model/vinet-error.ts';
import { formatAddress, parseAddress } from './ip-bytes.ts';
import type { NftObject } from './nft.ts';

/** Table of nftables (nft(8)) that holds a link layer's filter. */
export const TABLE = { family: 'inet', name: 'vinet' } as const;

export type FilterEntry = LinkFilter['accept'][number];

/** Sets of (interface, source, destination) that packets are accepted by. */
export const ACCEPTED_SETS = ['accepted4', 'accepted6'] as const;

/**
 * All objects of the table: sets for each family, chains that drop, and a named counter for each reason.
 * @param drops what the counters begin at, in packets
 */
export function describeFilter({ accept }: LinkFilter, drops: ReadonlyMap<string, number>): NftObject[] {
  const entries = accept.map(canonicalEntry);
  return [
    { table: TABLE },
    ...DROP_REASONS.map((name) => ({
      counter: { ...IN_TABLE, name, packets: drops.get(name) ?? 0, bytes: 0 },
    })),
    ...FAMILIES.flatMap((family) => describeSets(family, entries)),
    describeChain('input'),
    describeChain('forward'),
    ...INPUT_RULES.map((expr) => ({ rule: { ...IN_TABLE, chain: 'input', expr } })),
    { rule: { ...IN_TABLE, chain: 'forward', expr: [countAs('forwarded')] } },
  ];
}

export function isFilterEntry({ interface: name, source, destination }: FilterEntry): boolean {
  return INTERFACE_NAME.test(name) && isIP(source) !== 0 && isIP(source) === isIP(destination);
}

/** A name that ends in an asterisk would mean others too; what is no address would be looked up as a host. */
const INTERFACE_NAME = /^[A-Za-z0-9_.-]{1,15}$/;

function canonicalEntry(entry: FilterEntry): FilterEntry {
  if (!isFilterEntry(entry))
    throw new VinetError('kernel', `not an entry of a link filter: ${JSON.stringify(entry)}`);
  const { source, destination } = entry;
  return {
    interface: entry.interface,
    source: canonicalText(source),
    destination: canonicalText(destination),
  };
}

function canonicalText(address: string): string {
  const { bytes } = parseAddress(address);
  return formatAddress(Buffer.from(bytes), 0, bytes.length);
}

const IN_TABLE = { family: TABLE.family, table: TABLE.name } as const;

const FAMILIES = [
  { number: 4, protocol: 'ip', type: 'ipv4_addr', multicast: { addr: '224.0.0.0', len: 4 } },
  { number: 6, protocol: 'ip6', type: 'ipv6_addr', multicast: { addr: 'ff00::', len: 8 } },
] as const;

type Family = (typeof FAMILIES)[number];

function describeSets({ number, type }: Family, all: readonly FilterEntry[]): NftObject[] {
  const entries = all.filter(({ source }) => isIP(source) === number);
  return [
    describeSet(
      `accepted${number}`,
      ['ifname', type, type],
      entries.map((entry) => [entry.interface, entry.source, entry.destination]),
    ),
    describeSet(
      `pairs${number}`,
      [type, type],
      entries.map((entry) => [entry.source, entry.destination]),
    ),
    describeSet(
      `sources${number}`,
      ['ifname', type],
      entries.map((entry) => [entry.interface, entry.source]),
    ),
  ];
}

function describeSet(name: string, type: readonly string[], keys: readonly (readonly string[])[]): NftObject {
  const unique = new Map(keys.map((key) => [key.join(' '), { concat: key }]));
  return { set: { ...IN_TABLE, name, type, ...(unique.size === 0 ? {} : { elem: [...unique.values()] }) } };
}

function describeChain(name: 'input' | 'forward'): NftObject {
  return { chain: { ...IN_TABLE, name, type: 'filter', hook: name, prio: 0, policy: 'drop' } };
}

const INTERFACE = { meta: { key: 'iifname' } };
const ACCEPT = { accept: null };
const DROP = { drop: null };

function addressOf({ protocol }: Family, field: 'saddr' | 'daddr') {
  return { payload: { protocol, field } };
}

function match(left: object, right: unknown) {
  return { match: { op: '==', left, right } };
}

function matchSet(set: string, ...key: readonly object[]) {
  return match({ concat: key }, `@${set}`);
}

function countAs(reason: (typeof DROP_REASONS)[number]) {
  return { counter: reason };
}

/** Why packets are dropped. */
export const DROP_REASONS = [
  /** A known pair of addresses, through another tunnel than its own. */
  'wrong-tunnel',
  /** A known neighbour's packet, for an address that is not this link's. */
  'wrong-address',
  'unknown-source',
  'multicast',
  /** Nothing is forwarded here. */
  'forwarded',
] as const;

/**
 * Errors that path MTU discovery needs come from an end of a link (RFC 1191), so their addresses are known as
 * any packet's are. Neighbours on a tunnel that carries Ethernet are found by messages from link-local
 * addresses too (RFC 4861).
 */
const INPUT_RULES: readonly (readonly object[])[] = [
  [match(INTERFACE, 'lo'), ACCEPT],
  ...FAMILIES.map((family) => [
    matchSet(`accepted${family.number}`, INTERFACE, addressOf(family, 'saddr'), addressOf(family, 'daddr')),
    ACCEPT,
  ]),
  ...['nd-neighbor-solicit', 'nd-neighbor-advert'].map((type) => [
    match({ payload: { protocol: 'icmpv6', field: 'type' } }, type),
    ACCEPT,
  ]),
  ...FAMILIES.map((family) => [
    match(addressOf(family, 'daddr'), { prefix: family.multicast }),
    countAs('multicast'),
    DROP,
  ]),
  ...FAMILIES.map((family) => [
    matchSet(`pairs${family.number}`, addressOf(family, 'saddr'), addressOf(family, 'daddr')),
    countAs('wrong-tunnel'),
    DROP,
  ]),
  ...FAMILIES.map((family) => [
    matchSet(`sources${family.number}`, INTERFACE, addressOf(family, 'saddr')),
    countAs('wrong-address'),
    DROP,
  ]),
  [countAs('unknown-source')],
];
