import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSqliteStore } from '../../../src/controller/store/sqlite-store.ts';
import { closeStateFile, openStateFile } from '../../../src/controller/store/state-file.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vinet-store-'));
  file = join(folder, 'state', 'vinet.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (key: string, value: string) => ({ compare: [], puts: [{ key, value }], deletes: [] });

describe('the SQLite store', () => {
  it('keeps what was committed, with a revision that grows by one', async () => {
    const first = openSqliteStore(file);
    expect(await first.revision()).toBe(0);
    expect(await first.commit(put('a/1', 'one'))).toEqual({ ok: true, revision: 1 });
    expect(await first.commit(put('a/2', 'two'))).toEqual({ ok: true, revision: 2 });
    expect(await first.commit({ compare: [], puts: [], deletes: ['a/1'] })).toEqual({
      ok: true,
      revision: 3,
    });
    first.close();
    const second = openSqliteStore(file);
    expect(await second.revision()).toBe(3);
    expect(await second.get('a/1')).toBeNull();
    expect(await second.list('a/')).toEqual([{ key: 'a/2', value: 'two', modRevision: 2 }]);
    second.close();
  });

  it('changes nothing when a compared key is of another revision', async () => {
    const store = openSqliteStore(file);
    await store.commit(put('k', '1'));
    const stale = {
      compare: [{ key: 'k', modRevision: 0 }],
      puts: [{ key: 'x', value: '' }],
      deletes: ['k'],
    };
    expect(await store.commit(stale)).toEqual({ ok: false, revision: 1 });
    expect(await store.get('x')).toBeNull();
    const fresh = {
      ...stale,
      compare: [
        { key: 'k', modRevision: 1 },
        { key: 'x', modRevision: 0 },
      ],
    };
    expect(await store.commit(fresh)).toEqual({ ok: true, revision: 2 });
    expect(await store.get('k')).toBeNull();
    store.close();
  });

  it('lists by prefix exactly what begins with it, whatever the keys are', async () => {
    const store = openSqliteStore(file);
    const key = fc.string({ unit: fc.constantFrom('a', '%', '_', '*', '/', 'é', '\u{10fffe}') });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { maxLength: 8 }), key, async (keys, prefix) => {
        const old = (await store.list('')).map((entry) => entry.key);
        await store.commit({ compare: [], puts: keys.map((one) => ({ key: one, value: '' })), deletes: old });
        const listed = (await store.list(prefix)).map((entry) => entry.key);
        expect(new Set(listed)).toEqual(new Set(keys.filter((one) => one.startsWith(prefix))));
      }),
      { numRuns: 40 },
    );
    store.close();
  });

  it('tells watchers what changed below their prefix, until they are closed', async () => {
    const store = openSqliteStore(file);
    const onChange = vi.fn();
    const watch = store.watch('a/', onChange);
    await store.commit({
      compare: [],
      puts: [
        { key: 'a/1', value: 'x' },
        { key: 'b/1', value: '' },
      ],
      deletes: [],
    });
    await store.commit({ compare: [], puts: [], deletes: ['a/1'] });
    await store.commit(put('b/2', ''));
    expect(onChange.mock.calls).toEqual([
      [[{ key: 'a/1', entry: { key: 'a/1', value: 'x', modRevision: 1 } }]],
      [[{ key: 'a/1', entry: null }]],
    ]);
    watch.close();
    await store.commit(put('a/1', ''));
    expect(onChange).toHaveBeenCalledTimes(2);
    store.close();
  });

  it('keeps its files and their folder from other users', async () => {
    openSqliteStore(file).close();
    chmodSync(file, 0o644);
    const store = openSqliteStore(file);
    await store.commit(put('k', 'secret'));
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600);
    store.close();
  });

  it('refuses a file of a newer schema, which the newer version still opens', () => {
    closeStateFile(openStateFile(file, 99, () => {}));
    expect(() => openSqliteStore(file)).toThrow(
      expect.objectContaining({ code: 'state-newer', message: expect.stringContaining(file) }),
    );
    const createSchema = vi.fn();
    closeStateFile(openStateFile(file, 99, createSchema));
    expect(createSchema).not.toHaveBeenCalled();
  });

  it('names a damaged file', async () => {
    openSqliteStore(file).close();
    writeFileSync(file, Buffer.alloc(8192, 'not a database'));
    const damaged = expect.objectContaining({
      code: 'state-damaged',
      message: expect.stringContaining(file),
    });
    expect(() => openSqliteStore(file)).toThrow(damaged);
  });

  it('refuses a second controller over the same file', () => {
    const store = openSqliteStore(file);
    expect(() => openSqliteStore(file)).toThrow(expect.objectContaining({ code: 'state-in-use' }));
    store.close();
    openSqliteStore(file).close();
  });

  it('loses no acknowledged commit when its process is killed at any moment', async () => {
    let acknowledged = -1;
    for (let round = 0; round < 6; round += 1) {
      // Round by round a little later, so that the kill meets other moments of a commit.
      const said = await commitUntilKilled(3 + 7 * round, round * 0.3);
      acknowledged = Math.max(acknowledged, ...said);
      const store = openSqliteStore(file);
      const entries = await store.list('number/');
      const kept = new Set(entries.map(({ value }) => Number(value)));
      expect(kept.size).toBe(await store.revision());
      for (let number = 0; number <= acknowledged; number += 1) expect(kept.has(number)).toBe(true);
      store.close();
    }
    expect(acknowledged).toBeGreaterThan(60);
  }, 120_000);
});

const COMMITTING_PROCESS = fileURLToPath(new URL('committing-process.ts', import.meta.url));

/** Node 20 does not run TypeScript itself. */
const LOADER = `
  import { runnerImport } from 'vite';
  await runnerImport(process.argv[1], { configFile: false, logLevel: 'error' });
`;

/** Numbers whose commits were acknowledged before the process was killed. */
async function commitUntilKilled(commits: number, delayMs: number): Promise<number[]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', LOADER, COMMITTING_PROCESS, file]);
  let output = '';
  let errors = '';
  let doomed = false;
  child.stderr.on('data', (data) => {
    errors += data;
  });
  child.stdout.on('data', (data) => {
    output += data;
    if (doomed || output.split('\n').length <= commits) return;
    doomed = true;
    setTimeout(() => child.kill('SIGKILL'), delayMs);
  });
  await once(child, 'close');
  if (!doomed) throw new Error(`the committing process ended by itself: ${errors}`);
  // The last line may be cut; what was written before it was acknowledged.
  return output.split('\n').slice(0, -1).map(Number);
}
