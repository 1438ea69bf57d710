/**
 * Where the controller keeps what must survive it. Shaped as etcd's API (revision, compare-and-swap,
 * watch), so that several controllers can share an etcd behind this same port; asynchronous for that reason.
 */
export interface Store {
  /** Grows by one with every commit; 0 is the empty store. */
  revision(): Promise<number>;
  get(key: string): Promise<Entry | null>;
  /** Entries whose keys begin with the prefix, in the order of their keys. */
  list(prefix: string): Promise<Entry[]>;
  /**
   * All of it or nothing, and on disk when it resolves. `ok` is false, and nothing has changed, when a
   * compared key has another revision meanwhile. Fails with `store-failed`.
   */
  commit(transaction: Transaction): Promise<{ readonly ok: boolean; readonly revision: number }>;
  /** Calls back after each commit with what changed below the prefix, in the order of the commits. */
  watch(prefix: string, onChange: (changes: readonly StoreChange[]) => void): { close(): void };
  close(): void;
}

export interface Entry {
  readonly key: string;
  readonly value: string;
  /** Revision of the commit that last wrote it. */
  readonly modRevision: number;
}

export interface Transaction {
  /** Keys that must still be of this revision; 0: must be absent. */
  readonly compare: readonly { readonly key: string; readonly modRevision: number }[];
  readonly puts: readonly { readonly key: string; readonly value: string }[];
  readonly deletes: readonly string[];
}

export interface StoreChange {
  readonly key: string;
  /** Null when it was deleted. */
  readonly entry: Entry | null;
}
