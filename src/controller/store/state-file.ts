import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { errorText, VinetError } from '../../model/vinet-error.ts';

/**
 * Opens an SQLite file for this process alone, mode 0600 in a folder of mode 0700, and creates its schema
 * where it is new. The schema's version stands in the file (`PRAGMA user_version`); a file of a newer one is
 * refused, for an older controller would not know what it must keep.
 */
export function openStateFile(
  file: string,
  schemaVersion: number,
  createSchema: (database: Database.Database) => void,
): Database.Database {
  prepareFile(file);
  let database: Database.Database | null = null;
  try {
    database = new Database(file, { timeout: 500 });
    secure(database);
    bringToVersion(database, file, schemaVersion, createSchema);
    return database;
  } catch (error) {
    if (database !== null) closeStateFile(database);
    throw error instanceof VinetError ? error : explain(file, error);
  }
}

/**
 * Closes it and lets the next one open it at once: statements that were not collected yet would keep the
 * file locked, so the lock is given back first. Leaving the write-ahead log folds it into the file.
 */
export function closeStateFile(database: Database.Database): void {
  try {
    database.pragma('journal_mode = DELETE');
    database.pragma('locking_mode = NORMAL');
    database.pragma('user_version');
  } catch {
    // Damaged, or another's: there is nothing of ours to give back.
  }
  database.close();
}

function prepareFile(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    chmodSync(dirname(file), 0o700);
    // SQLite gives its log and its index the mode of the database, so this one decides for all.
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  } catch (cause) {
    throw new VinetError('state-unusable', `cannot write the state file ${file}: ${errorText(cause)}`, {
      cause,
      context: { file },
    });
  }
}

function secure(database: Database.Database): void {
  // Held for the life of the process: a second controller over the same file must not start.
  database.pragma('locking_mode = EXCLUSIVE');
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  // What was deleted may have been secret.
  database.pragma('secure_delete = ON');
  const [check] = database.pragma('quick_check(1)') as { quick_check: string }[];
  if (check?.quick_check !== 'ok') throw new Error(check?.quick_check ?? 'it cannot be checked');
}

function bringToVersion(
  database: Database.Database,
  file: string,
  wanted: number,
  createSchema: (database: Database.Database) => void,
): void {
  const [row] = database.pragma('user_version') as { user_version: number }[];
  const version = row?.user_version ?? 0;
  if (version > wanted) {
    throw new VinetError(
      'state-newer',
      `the state file ${file} was written by a newer vinet (schema ${version}, this one knows ${wanted}): start that version, or give another state directory`,
      { context: { file, version } },
    );
  }
  if (version === wanted) return;
  database.exec('BEGIN EXCLUSIVE');
  createSchema(database);
  database.exec(`PRAGMA user_version = ${wanted}`);
  database.exec('COMMIT');
}

function explain(file: string, cause: unknown): VinetError {
  const words = errorText(cause);
  if (/locked|busy/i.test(words)) {
    return new VinetError(
      'state-in-use',
      `another controller uses the state file ${file}: stop it, or give another state directory`,
      { cause, context: { file } },
    );
  }
  return new VinetError(
    'state-damaged',
    `the state file ${file} is damaged or no state of vinet (${words}): put a copy of it back, or move it away to begin anew`,
    { cause, context: { file } },
  );
}
