import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import type { TunnelSource } from '../../model/tunnel.ts';
import { errorText, VinetError } from '../../model/vinet-error.ts';
import type { TransportStep } from './kernel.ts';
import { countsOf, isObject, NFT, type Nft, type NftObject } from './nft.ts';

export type SourceStep = Extract<TransportStep, { readonly sources: unknown }>;

export function isSourceStep(step: TransportStep): step is SourceStep {
  return 'sources' in step;
}

/** Table of nftables (nft(8)) in a network that carries VXLAN tunnels. */
const TABLE = 'vinet_tunnels';
const COUNTER = 'wrong-source';

/**
 * Where packets of our VXLAN tunnels may come from. A VXLAN device takes a packet with its VNI from whoever sends it
 * (RFC 7348, section 7); other tunnels compare the outer addresses themselves.
 */
export class TunnelGuard {
  readonly #nft: Nft;

  constructor(nft: Nft) {
    this.#nft = nft;
  }

  /** Null where there can be none: no nftables in the kernel, no nft. Empty also where it is not as it was written. */
  async read(): Promise<readonly TunnelSource[] | null> {
    const exists = existsSync(NFT) ? await this.#nft.hasTable(TABLE) : null;
    if (exists === null) return null;
    return exists ? parseSources(await this.#nft.list('table', TABLE)) : [];
  }

  /** Replaces all sources in one transaction; none takes the table away. Counts go on. */
  async write(sources: readonly TunnelSource[]): Promise<void> {
    const drops = await this.readDrops();
    await this.#nft.run([], renderSources(sources, drops));
  }

  /** Resolves with one entry a step: null, or why it failed. */
  async program(steps: readonly SourceStep[]): Promise<(Error | null)[]> {
    const results: (Error | null)[] = [];
    for (const { sources } of steps) {
      const written = this.write(sources).then(
        () => null,
        (error: unknown) => (error instanceof Error ? error : new VinetError('kernel', errorText(error))),
      );
      results.push(await written);
    }
    return results;
  }

  /** Packets from elsewhere that were dropped. */
  async readDrops(): Promise<number> {
    if ((await this.#nft.hasTable(TABLE)) !== true) return 0;
    return countsOf(await this.#nft.list('counters', TABLE)).get(COUNTER) ?? 0;
  }
}

/**
 * The table as nft's own language says it: its JSON has no words for a set whose key is a part of the payload. The VNI
 * stands behind the UDP header and four more bytes.
 */
export function renderSources(sources: readonly TunnelSource[], drops: number): string {
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

/** Empty unless the listing is of a table that was rendered here. */
export function parseSources(listing: readonly NftObject[]): TunnelSource[] {
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
