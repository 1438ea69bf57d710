import { existsSync } from 'node:fs';
import { NFT, type Nft, type NftObject } from './nft.ts';

/** What a table of nftables (nft(8)) in a network that carries tunnels is about, and how it is written. */
export interface GuardRules<Entry, Drops> {
  readonly table: string;
  /** What was dropped where there is no table. */
  readonly nothing: Drops;
  /** Takes away what there is, and makes the table for these; none where there are none. */
  render(entries: readonly Entry[], drops: Drops): string;
  /** Empty unless the listing is of a table that was rendered so. */
  parse(listing: readonly NftObject[]): Entry[];
  /** What a listing says that was dropped. */
  countDrops(listing: readonly NftObject[]): Drops;
}

/** Drops packets that the kernel's tunnels would take from whom they should not. */
export class GuardTable<Entry, Drops> {
  readonly #nft: Nft;
  readonly #rules: GuardRules<Entry, Drops>;

  constructor(nft: Nft, rules: GuardRules<Entry, Drops>) {
    this.#nft = nft;
    this.#rules = rules;
  }

  /** Null where there can be none: no nftables in the kernel, no nft. Empty also where it is not as it was written. */
  async read(): Promise<readonly Entry[] | null> {
    const { table } = this.#rules;
    const exists = existsSync(NFT) ? await this.#nft.hasTable(table) : null;
    if (exists === null) return null;
    return exists ? this.#rules.parse(await this.#nft.list('table', table)) : [];
  }

  /** Replaces all entries in one transaction; none takes the table away. Counts go on. */
  async write(entries: readonly Entry[]): Promise<void> {
    const drops = await this.readDrops();
    await this.#nft.run([], this.#rules.render(entries, drops));
  }

  /** Packets that were dropped. */
  async readDrops(): Promise<Drops> {
    const { table, nothing } = this.#rules;
    if ((await this.#nft.hasTable(table)) !== true) return nothing;
    return this.#rules.countDrops(await this.#nft.list('table', table));
  }
}
