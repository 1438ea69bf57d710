import { isIP } from 'node:net';
import type { TunnelSource } from '../../model/tunnel.ts';
import { VinetError } from '../../model/vinet-error.ts';
import type { GuardRules } from './guard-table.ts';
import { isObject, type NftObject } from './nft.ts';

const TABLE = 'vinet_tunnels';
const COUNTER = 'wrong-source';

/**
 * Where packets of our VXLAN tunnels may come from. A VXLAN device takes a packet with its VNI from whoever sends it
 * (RFC 7348, section 7); other tunnels compare the outer addresses themselves.
 */
export const SOURCE_RULES: GuardRules<TunnelSource> = {
  table: TABLE,
  counter: COUNTER,
  render: renderSources,
  parse: parseSources,
};

/**
 * The table as nft's own language says it: its JSON has no words for a set whose key is a part of the payload. The VNI
 * stands behind the UDP header and four more bytes.
 */
function renderSources(sources: readonly TunnelSource[], drops: number): string {
  const removal = `table inet ${TABLE}\ndelete table inet ${TABLE}\n`;
  if (sources.length === 0) return removal;
  for (const { source } of sources)
    if (isIP(source) === 0) throw new VinetError('kernel', `not an IP address: ${JSON.stringify(source)}`);
  const tunnels = [...new Set(sources.map(({ port, vni }) => `${port} . ${vni}`))];
  return `${removal}table inet ${TABLE} {
 counter ${COUNTER} { packets ${drops} bytes 0 }
${renderSet('tunnels', '', tunnels)}
${FAMILIES.map(({ version, saddr }) => renderSet(`sources${version}`, ` . ${saddr}`, keysOf(sources, version))).join('\n')}
 chain input {
  type filter hook input priority filter; policy accept;
${FAMILIES.map(({ version, saddr }) => `  ${KEY} @tunnels ${KEY} . ${saddr} != @sources${version} counter name "${COUNTER}" drop`).join('\n')}
 }
}
`;
}

function parseSources(listing: readonly NftObject[]): TunnelSource[] {
  const rules = listing.filter(({ rule }) => rule?.chain === 'input').length;
  const chain = listing.find((object) => object.chain?.name === 'input')?.chain;
  if (rules !== FAMILIES.length || chain?.hook !== 'input') return [];
  return FAMILIES.flatMap(({ version }) => {
    const elements: unknown = listing.find(({ set }) => set?.name === `sources${version}`)?.set?.elem;
    return (Array.isArray(elements) ? elements : []).flatMap((element: unknown) => {
      const key = isObject(element) && Array.isArray(element.concat) ? element.concat : [];
      const [port, vni, source] = [Number(key[0]), Number(key[1]), String(key[2])];
      return Number.isInteger(port) && Number.isInteger(vni) ? [{ port, vni, source }] : [];
    });
  });
}

const KEY = 'udp dport . @th,96,24';

const FAMILIES = [
  { version: 4, saddr: 'ip saddr' },
  { version: 6, saddr: 'ip6 saddr' },
] as const;

function keysOf(sources: readonly TunnelSource[], version: 4 | 6): string[] {
  return sources
    .filter(({ source }) => isIP(source) === version)
    .map(({ port, vni, source }) => `${port} . ${vni} . ${source}`);
}

function renderSet(name: string, rest: string, keys: readonly string[]): string {
  const elements = keys.length === 0 ? '' : ` elements = { ${keys.join(', ')} }`;
  return ` set ${name} { typeof ${KEY}${rest};${elements} }`;
}
