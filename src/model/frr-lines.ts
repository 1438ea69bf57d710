import type { DaemonName } from './routing-state.ts';

/**
 * Lines of FRR that an operator wrote, as `show running-config` shows them: sections begin at the left margin,
 * and what belongs to a section is indented. Each line goes to the daemons that understand it.
 */
export interface FrrLines {
  readonly lines: readonly FrrLine[];
  readonly faults: readonly FrrLineFault[];
}

export interface FrrLine {
  /** Headers of the sections that it stands in, outermost first. */
  readonly sections: readonly string[];
  readonly text: string;
  readonly daemons: readonly DaemonName[] | 'all-with-policy';
}

export interface FrrLineFault {
  /** From 1, within the operator's text. */
  readonly number: number;
  readonly text: string;
  readonly message: string;
}

/** Finds each line's section and the daemons that understand it. What nobody understands is a fault. */
export function readFrrLines(text: string): FrrLines {
  const lines: FrrLine[] = [];
  const faults: FrrLineFault[] = [];
  const open: { readonly indent: number; readonly text: string }[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim().replace(/\s+/g, ' ');
    if (isWithoutMeaning(line)) continue;
    const indent = raw.length - raw.trimStart().length;
    while (open.length > 0 && (open.at(-1)?.indent ?? 0) >= indent) open.pop();
    const sections = open.map((section) => section.text);
    const found = understandLine(sections, line);
    if (typeof found === 'string') faults.push({ number: index + 1, text: line, message: found });
    else lines.push({ sections, text: line, daemons: found.daemons });
    open.push({ indent, text: line });
  }
  return { lines, faults };
}

/** The daemons that these lines need beside those that a router has: of lines that several understand, none. */
export function daemonsNeeded({ lines }: FrrLines): Set<DaemonName> {
  return new Set(lines.flatMap(({ daemons }) => (daemons === 'all-with-policy' ? [] : daemons)));
}

/** What one daemon is told, with the headers of the sections; empty where there is nothing for it. */
export function linesFor({ lines }: FrrLines, daemon: DaemonName): string[] {
  const told: string[] = [];
  let open: readonly string[] = [];
  for (const { sections, text, daemons } of lines) {
    const isFor = daemons === 'all-with-policy' ? WITH_POLICY.has(daemon) : daemons.includes(daemon);
    if (!isFor) continue;
    const same = sections.findIndex((header, depth) => open[depth] !== header);
    const from = same === -1 ? sections.length : same;
    sections.slice(from).forEach((header, depth) => {
      told.push(`${' '.repeat(from + depth)}${header}`);
    });
    told.push(`${' '.repeat(sections.length)}${text}`);
    open = [...sections, text];
  }
  return told;
}

/** Daemons that know prefix lists and route maps. */
const WITH_POLICY: ReadonlySet<DaemonName> = new Set([
  'zebra',
  'ospfd',
  'ospf6d',
  'isisd',
  'bgpd',
  'ripd',
  'ripngd',
]);

type Rule = readonly [pattern: RegExp, daemon: DaemonName | 'all-with-policy'];

/** By the first words at the left margin. A section's lines go where its header goes. */
const TOP: readonly Rule[] = [
  [/^router ospf\b/, 'ospfd'],
  [/^router ospf6\b/, 'ospf6d'],
  [/^router isis\b/, 'isisd'],
  [/^router bgp\b/, 'bgpd'],
  [/^router rip\b/, 'ripd'],
  [/^router ripng\b/, 'ripngd'],
  [/^router babel\b/, 'babeld'],
  [/^(route-map|access-list|(ip|ipv6) (prefix-list|access-list)) /, 'all-with-policy'],
  [/^key chain /, 'ripd'],
  [/^bfd$/, 'bfdd'],
  [/^(ip|ipv6) route /, 'staticd'],
  [/^(ip|ipv6) (nht|protocol|router-id|forwarding|import-table)\b/, 'zebra'],
  [/^zebra /, 'zebra'],
  [/^bgp |^(ip )?(as-path|community-list|extcommunity-list|large-community-list)\b/, 'bgpd'],
  [/^ip (pim|igmp|msdp|multicast|ssmpingd)\b/, 'pimd'],
];

/** By the first words of a line of `interface`. */
const INTERFACE: readonly Rule[] = [
  [/^ip ospf\b/, 'ospfd'],
  [/^ipv6 ospf6\b/, 'ospf6d'],
  [/^((ip|ipv6) router isis|isis)\b/, 'isisd'],
  [/^ip rip\b/, 'ripd'],
  [/^ipv6 ripng\b/, 'ripngd'],
  [/^babel\b/, 'babeld'],
  [/^ip (pim|igmp|mroute|multicast)\b/, 'pimd'],
  [/^(description|bandwidth|ipv6 nd|link-params|mpls)\b/, 'zebra'],
];

/** Lines of a route map that only BGP gives a meaning. */
const BGP_POLICY =
  /^(match (as-path|community|extcommunity|large-community|local-preference|origin|peer|probability|evpn)|set (aggregator|as-path|atomic-aggregate|comm-list|community|extcommunity|large-community|large-comm-list|local-preference|origin|originator-id|weight))\b/;

const ROUTE_MAP = /^route-map /;

const OURS =
  /^(hostname|domainname|log|password|enable|service|username|line|banner|frr|agentx|vrf|netns|nexthop-group|debug)\b/;

function understandLine(sections: readonly string[], line: string): { daemons: FrrLine['daemons'] } | string {
  const [header, ...inner] = sections;
  // The negation of a line is understood by whoever understands the line.
  const plain = line.replace(/^no /, '');
  if (header === undefined) {
    if (/^interface \S+$/.test(line)) return { daemons: [] };
    if (OURS.test(plain)) return 'vinet decides this itself';
    return byRule(TOP, plain) ?? 'no daemon that vinet runs is known to understand it';
  }
  if (/^interface /.test(header)) {
    if (inner.length > 0) return understandLine(sections.slice(0, 1), inner[0] ?? '');
    if (/^(ip|ipv6) address |^shutdown$/.test(plain))
      return 'addresses and links are declared in the overlay';
    return byRule(INTERFACE, plain) ?? 'no daemon that vinet runs is known to understand it in an interface';
  }
  if (ROUTE_MAP.test(header) && BGP_POLICY.test(plain)) return { daemons: ['bgpd'] };
  return byRule(TOP, header) ?? 'its section is not understood';
}

function byRule(rules: readonly Rule[], line: string): { daemons: FrrLine['daemons'] } | null {
  const rule = rules.find(([pattern]) => pattern.test(line));
  if (rule === undefined) return null;
  return { daemons: rule[1] === 'all-with-policy' ? rule[1] : [rule[1]] };
}

function isWithoutMeaning(line: string): boolean {
  return /^($|[!#]|exit$|end$|exit-)/.test(line);
}
