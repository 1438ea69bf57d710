import type Database from 'libsql';
import { errorText, VinetError } from '../../model/vinet-error.ts';
import { closeStateFile, openStateFile } from './state-file.ts';
import type { Entry, Store, StoreChange, Transaction } from './store.ts';

/**
 * The store in one SQLite file of this controller alone. A commit is on disk before it resolves
 * (write-ahead log with synchronous=FULL, https://www.sqlite.org/wal.html), so it survives `kill -9` and a
 * power cut. Fails with `state-damaged`, `state-newer`, `state-in-use` or `state-unusable`, naming the file.
 */
export function openSqliteStore(file: string): Store {
  const database = openStateFile(file, SCHEMA_VERSION, createSchema);
  return new SqliteStore(database, file);
}

const SCHEMA_VERSION = 1;

function createSchema(database: Database.Database): void {
  database.exec(`
    CREATE TABLE entry (
      key TEXT PRIMARY KEY,
      value TEXT NOT NULL,
      mod_revision INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE counter (revision INTEGER NOT NULL);
    INSERT INTO counter VALUES (0);
  `);
}

const ENTRY = 'SELECT key, value, mod_revision AS modRevision FROM entry';

class SqliteStore implements Store {
  readonly #database: Database.Database;
  readonly #file: string;
  readonly #watchers = new Set<{ prefix: string; onChange: (changes: readonly StoreChange[]) => void }>();

  constructor(database: Database.Database, file: string) {
    this.#database = database;
    this.#file = file;
  }

  async revision(): Promise<number> {
    return this.#run(() => this.#revision());
  }

  async get(key: string): Promise<Entry | null> {
    return this.#run(() => this.#get(key));
  }

  async list(prefix: string): Promise<Entry[]> {
    // No key holds the last code point of Unicode, so this is every key that begins with the prefix.
    const range = [prefix, `${prefix}\u{10ffff}`];
    return this.#run(() =>
      this.#database.prepare(`${ENTRY} WHERE key >= ? AND key < ? ORDER BY key`).all(...range),
    ) as Entry[];
  }

  async commit(transaction: Transaction): Promise<{ ok: boolean; revision: number }> {
    const changes = this.#run(() => this.#commit(transaction));
    const revision = this.#run(() => this.#revision());
    if (changes === null) return { ok: false, revision };
    for (const { prefix, onChange } of this.#watchers) {
      const concerned = changes.filter(({ key }) => key.startsWith(prefix));
      if (concerned.length > 0) onChange(concerned);
    }
    return { ok: true, revision };
  }

  watch(prefix: string, onChange: (changes: readonly StoreChange[]) => void): { close(): void } {
    const watcher = { prefix, onChange };
    this.#watchers.add(watcher);
    return { close: () => void this.#watchers.delete(watcher) };
  }

  close(): void {
    if (this.#database.open) closeStateFile(this.#database);
  }

  #revision(): number {
    const row = this.#database.prepare('SELECT revision FROM counter').get() as { revision: number };
    return row.revision;
  }

  #get(key: string): Entry | null {
    const row = this.#database.prepare(`${ENTRY} WHERE key = ?`).get(key) as Entry | undefined;
    return row ?? null;
  }

  /** What changed, or null when a comparison failed. */
  #commit({ compare, puts, deletes }: Transaction): StoreChange[] | null {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const holds = compare.every(
        ({ key, modRevision }) => (this.#get(key)?.modRevision ?? 0) === modRevision,
      );
      const changes = holds ? this.#write(puts, deletes) : null;
      this.#database.exec(changes === null ? 'ROLLBACK' : 'COMMIT');
      return changes;
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #write(puts: Transaction['puts'], deletes: Transaction['deletes']): StoreChange[] {
    this.#database.prepare('UPDATE counter SET revision = revision + 1').run();
    const modRevision = this.#revision();
    const remove = this.#database.prepare('DELETE FROM entry WHERE key = ?');
    const put = this.#database.prepare('INSERT OR REPLACE INTO entry VALUES (?, ?, ?)');
    for (const key of deletes) remove.run(key);
    for (const { key, value } of puts) put.run(key, value, modRevision);
    return [
      ...deletes.map((key) => ({ key, entry: null })),
      ...puts.map(({ key, value }) => ({ key, entry: { key, value, modRevision } })),
    ];
  }

  #run<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      throw new VinetError('store-failed', `cannot use the state file ${this.#file}: ${errorText(cause)}`, {
        cause,
        context: { file: this.#file },
      });
    }
  }
}
