import { isIP } from 'node:net';
import type { TunnelMark, TunnelSource } from '../../model/tunnel.ts';
import { VinetError } from '../../model/vinet-error.ts';
import type { GuardRules } from './guard-table.ts';
import type { TunnelDrops } from './kernel.ts';
import { isObject, type NftObject } from './nft.ts';

const TABLE = 'vinet_tunnels';

/**
 * Where packets of our tunnels may come from; what comes from elsewhere is dropped and counted, tunnel by tunnel. A
 * VXLAN device takes a packet with its VNI from whoever sends it (RFC 7348, section 7); other devices compare the
 * outer addresses themselves, but count nothing.
 */
export const SOURCE_RULES: GuardRules<TunnelSource, readonly TunnelDrops[]> = {
  table: TABLE,
  nothing: [],
  render: renderSources,
  parse: parseSources,
  countDrops: parseDrops,
};

/** The table as nft's own language says it: its JSON has no words for a set whose key is a part of the payload. */
function renderSources(sources: readonly TunnelSource[], drops: readonly TunnelDrops[]): string {
  const removal = `table inet ${TABLE}\ndelete table inet ${TABLE}\n`;
  if (sources.length === 0) return removal;
  for (const { source } of sources)
    if (isIP(source) === 0) throw new VinetError('kernel', `not an IP address: ${JSON.stringify(source)}`);
  return `${removal}table inet ${TABLE} {
${MARKS.flatMap((mark) => renderSets(mark, sources, drops)).join('\n')}
 chain input {
  type filter hook input priority filter; policy accept;
${MARKS.flatMap(renderRules).join('\n')}
 }
}
`;
}

function parseSources(listing: readonly NftObject[]): TunnelSource[] {
  const rules = listing.filter(({ rule }) => rule?.chain === 'input').length;
  const chain = listing.find((object) => object.chain?.name === 'input')?.chain;
  if (rules !== MARKS.flatMap(renderRules).length || chain?.hook !== 'input') return [];
  return MARKS.flatMap((mark) =>
    FAMILIES.flatMap(({ version }) =>
      elementsOf(listing, `${mark.by}_sources${version}`).flatMap((element) => {
        const words = concatOf(element);
        const source = words.at(-1);
        return typeof source === 'string' ? [{ ...mark.read(words), source }] : [];
      }),
    ),
  );
}

function parseDrops(listing: readonly NftObject[]): TunnelDrops[] {
  return MARKS.flatMap((mark) =>
    elementsOf(listing, `${mark.by}s`).flatMap((element) => {
      const { val, counter } = isObject(element) && isObject(element.elem) ? element.elem : {};
      const packets = isObject(counter) ? Number(counter.packets) : Number.NaN;
      return Number.isInteger(packets) ? [{ ...mark.read(concatOf(val)), packets }] : [];
    }),
  );
}

/** How nft finds what a packet is marked by, and how that is written and read as words of a set's key. */
interface MarkKey {
  readonly by: TunnelMark['by'];
  readonly key: string;
  write(mark: TunnelMark): string;
  read(words: readonly unknown[]): TunnelMark;
}

/**
 * The VNI stands behind the UDP header and four more bytes, the key behind four bytes of GRE. Protocols are numbers: nft
 * finds names in a file that not every machine has.
 */
const MARKS: readonly MarkKey[] = [
  {
    by: 'vni',
    key: 'udp dport . @th,96,24',
    write: ({ port, number }) => `${port} . ${number}`,
    read: ([port, number]) => ({ by: 'vni', port: Number(port), number: Number(number) }),
  },
  {
    by: 'key',
    key: 'meta l4proto . @th,32,32',
    write: ({ number }) => `47 . ${number}`,
    read: ([_protocol, number]) => ({ by: 'key', port: 0, number: Number(number) }),
  },
  {
    by: 'port',
    key: 'meta l4proto . udp dport',
    write: ({ port }) => `17 . ${port}`,
    read: ([_protocol, port]) => ({ by: 'port', port: Number(port), number: 0 }),
  },
];

const FAMILIES = [
  { version: 4, saddr: 'ip saddr' },
  { version: 6, saddr: 'ip6 saddr' },
] as const;

function renderSets(
  { by, key, write }: MarkKey,
  sources: readonly TunnelSource[],
  drops: readonly TunnelDrops[],
): string[] {
  const own = sources.filter((source) => source.by === by);
  const counts = new Map(drops.filter((drop) => drop.by === by).map((drop) => [write(drop), drop.packets]));
  const tunnels = [...new Set(own.map(write))].map(
    (words) => `${words} counter packets ${counts.get(words) ?? 0} bytes 0`,
  );
  return [
    renderSet(`${by}s`, `${key}; counter`, tunnels),
    ...FAMILIES.map(({ version, saddr }) =>
      renderSet(
        `${by}_sources${version}`,
        `${key} . ${saddr}`,
        own.filter(({ source }) => isIP(source) === version).map((one) => `${write(one)} . ${one.source}`),
      ),
    ),
  ];
}

function renderSet(name: string, type: string, elements: readonly string[]): string {
  const list = elements.length === 0 ? '' : ` elements = { ${elements.join(', ')} }`;
  return ` set ${name} { typeof ${type};${list} }`;
}

/** The counter of an element counts what the set is found to have: no packet of a known source comes that far. */
function renderRules({ by, key }: MarkKey): string[] {
  return [
    ...FAMILIES.map(({ version, saddr }) => `  ${key} . ${saddr} @${by}_sources${version} accept`),
    `  ${key} @${by}s drop`,
  ];
}

function elementsOf(listing: readonly NftObject[], name: string): readonly unknown[] {
  const elements: unknown = listing.find(({ set }) => set?.name === name)?.set?.elem;
  return Array.isArray(elements) ? elements : [];
}

function concatOf(element: unknown): readonly unknown[] {
  return isObject(element) && Array.isArray(element.concat) ? element.concat : [];
}
