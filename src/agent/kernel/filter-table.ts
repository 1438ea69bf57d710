import type { EnvironmentFilter } from '../../model/node-state.ts';
import { TABLE } from './filter-description.ts';
import { parseFilter, renderFilter, renderRemoval } from './filter-ruleset.ts';
import { countsOf, type Nft } from './nft.ts';

/** The filter of one namespace. */
export class FilterTable {
  readonly #nft: Nft;

  constructor(nft: Nft) {
    this.#nft = nft;
  }

  /** Null also where nft cannot read it: writing it then says why. */
  async read(): Promise<EnvironmentFilter | null> {
    if (!(await this.#exists())) return null;
    try {
      return parseFilter(await this.#nft.list('table', TABLE.name));
    } catch {
      return null;
    }
  }

  /** Counts go on where the table had them. */
  async write(filter: EnvironmentFilter | null): Promise<void> {
    const exists = await this.#exists();
    if (filter === null && !exists) return;
    const drops = exists ? await this.readDrops() : new Map<string, number>();
    const commands = filter === null ? renderRemoval() : renderFilter(filter, drops);
    await this.#nft.run(['-j'], JSON.stringify({ nftables: commands }));
  }

  async readDrops(): Promise<Map<string, number>> {
    return (await this.#exists()) ? countsOf(await this.#nft.list('counters', TABLE.name)) : new Map();
  }

  async #exists(): Promise<boolean> {
    return (await this.#nft.hasTable(TABLE.name)) === true;
  }
}
