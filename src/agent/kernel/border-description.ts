import { isIP } from 'node:net';
import type { BorderFilter } from '../../model/node-state.ts';
import { VinetError } from '../../model/vinet-error.ts';
import { TABLE } from './filter-description.ts';
import { isObject, type NftObject, wordOf } from './nft.ts';

/** Why an internal router drops packets. */
export const BORDER_DROP_REASONS = [
  /** From an address of another overlay, or of somebody else's. */
  'wrong-source',
  /** For an address of the router's that is not there for this overlay. */
  'wrong-address',
  /** From one overlay into another. */
  'transit',
] as const;

/**
 * All objects of the table (nft(8)): the first chain looks at sources before anything is routed, the others at what is
 * for the router itself and at what it forwards.
 * @param drops what the counters begin at, in packets
 */
export function describeBorder(filter: BorderFilter, drops: ReadonlyMap<string, number>): NftObject[] {
  if (!isBorderFilter(filter)) throw new VinetError('kernel', 'not a filter of an internal router');
  const { sources, local, forward } = filter;
  return [
    { table: TABLE },
    ...BORDER_DROP_REASONS.map((name) => ({
      counter: { ...IN_TABLE, name, packets: drops.get(name) ?? 0, bytes: 0 },
    })),
    chain('prerouting', 'accept'),
    chain('input', 'drop'),
    chain('forward', 'drop'),
    ...sources.map((one) => rule('prerouting', [...matchSource(one), ...verdict(one.accept)])),
    ...FOR_ALL.map((expr) => rule('input', expr)),
    ...local.map((one) => rule('input', [into(one.interface), matchAddress('daddr', one.address), ACCEPT])),
    rule('input', [countAs('wrong-address')]),
    ...forward.map(({ from, to }) =>
      rule('forward', [into(from), match({ meta: { key: 'oifname' } }, to), ACCEPT]),
    ),
    rule('forward', [countAs('transit')]),
  ];
}

/** What the rules of a listing say, which may be anybody's: it is yet to be compared with what they would be. */
export function readBorder(listing: readonly NftObject[]): BorderFilter | null {
  const rules = listing.flatMap(({ rule: one }) => (one === undefined ? [] : [one]));
  const of = (name: string) =>
    rules.flatMap(({ chain: where, expr }) =>
      where === name && Array.isArray(expr) ? [expr as unknown[]] : [],
    );
  const filter: BorderFilter = {
    sources: of('prerouting').map((expr) => ({
      interface: rightOf(expr[0]),
      prefix: expr.length > 2 && !isCounter(expr[1]) ? prefixOf(expr[1]) : '',
      accept: isAccept(expr.at(-1)),
    })),
    local: of('input')
      .slice(FOR_ALL.length, -1)
      .map((expr) => ({ interface: rightOf(expr[0]), address: rightOf(expr[1]) })),
    forward: of('forward')
      .slice(0, -1)
      .map((expr) => ({ from: rightOf(expr[0]), to: rightOf(expr[1]) })),
  };
  return isBorderFilter(filter) ? filter : null;
}

function isBorderFilter({ sources, local, forward }: BorderFilter): boolean {
  const names = [...sources, ...local].map((one) => one.interface);
  return (
    [...names, ...forward.flatMap(({ from, to }) => [from, to])].every((name) => INTERFACE_NAME.test(name)) &&
    local.every(({ address }) => isIP(address) !== 0) &&
    sources.every(({ prefix }) => prefix === '' || isPrefix(prefix))
  );
}

const INTERFACE_NAME = /^[A-Za-z0-9_.-]{1,15}$/;

function isPrefix(text: string): boolean {
  const [address = '', length] = text.split('/');
  return isIP(address) !== 0 && (length === undefined || /^[0-9]{1,3}$/.test(length));
}

const IN_TABLE = { family: TABLE.family, table: TABLE.name } as const;
const ACCEPT = { accept: null };
const DROP = { drop: null };

function chain(name: 'prerouting' | 'input' | 'forward', policy: 'accept' | 'drop'): NftObject {
  return { chain: { ...IN_TABLE, name, type: 'filter', hook: name, prio: 0, policy } };
}

function rule(name: string, expr: readonly object[]): NftObject {
  return { rule: { ...IN_TABLE, chain: name, expr } };
}

function match(left: object, right: unknown) {
  return { match: { op: '==', left, right } };
}

function into(name: string) {
  return match({ meta: { key: 'iifname' } }, name);
}

function matchAddress(field: 'saddr' | 'daddr', prefix: string) {
  const [addr = '', length] = prefix.split('/');
  const right = length === undefined ? addr : { prefix: { addr, len: Number(length) } };
  return match(
    { payload: { ...(isIP(addr) === 6 ? { protocol: 'ip6' } : { protocol: 'ip' }), field } },
    right,
  );
}

function matchSource({ interface: name, prefix }: BorderFilter['sources'][number]): object[] {
  return prefix === '' ? [into(name)] : [into(name), matchAddress('saddr', prefix)];
}

function verdict(accept: boolean): object[] {
  return accept ? [ACCEPT] : [countAs('wrong-source'), DROP];
}

function countAs(reason: (typeof BORDER_DROP_REASONS)[number]) {
  return { counter: reason };
}

/** What stays within, and what routing protocols and neighbour discovery say on a link (RFC 5340, RFC 4861). */
const FOR_ALL = [
  [into('lo'), ACCEPT],
  ...['224.0.0.0/4', 'ff00::/8', 'fe80::/10'].map((prefix) => [matchAddress('daddr', prefix), ACCEPT]),
];

function isAccept(expr: unknown): boolean {
  return isObject(expr) && 'accept' in expr;
}

function isCounter(expr: unknown): boolean {
  return isObject(expr) && 'counter' in expr;
}

function matchOf(expr: unknown): unknown {
  return isObject(expr) && isObject(expr.match) ? expr.match.right : undefined;
}

function rightOf(expr: unknown): string {
  const right = matchOf(expr);
  return typeof right === 'string' ? right : '';
}

/** A text that is no prefix where the rule matches something else. */
function prefixOf(expr: unknown): string {
  const right = matchOf(expr);
  if (typeof right === 'string') return right === '' ? '?' : right;
  const prefix = isObject(right) ? right.prefix : undefined;
  return isObject(prefix) ? `${wordOf(prefix.addr)}/${wordOf(prefix.len)}` : '?';
}
