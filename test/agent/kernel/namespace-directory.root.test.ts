import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NamespaceDirectory } from '../../../src/agent/kernel/namespace-directory.ts';
import { loadSystemCalls } from '../../../src/agent/kernel/system-calls.ts';

const PROCESSES = 6;
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

let scratch: string;
let folder: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vt-netns-'));
  folder = join(scratch, 'netns');
});
afterEach(() => {
  const directory = new NamespaceDirectory(loadSystemCalls(), folder);
  for (const { name } of directory.list()) directory.take(name);
  while (loadSystemCalls().detach(folder));
  rmSync(scratch, { recursive: true, force: true });
});

test('several processes that meet no folder make and mount it once, and all their names are there', async () => {
  const script = await buildScript();
  const children = Array.from({ length: PROCESSES }, (_, at) =>
    spawn(process.execPath, [script, folder, `name${at}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules') },
    }),
  );
  // All are loaded before the first one starts: only then do they meet.
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  for (const child of children) child.stdin.end('go\n');
  const said = await Promise.all(children.map((child) => text(child.stdout)));

  expect(said).toEqual(new Array(PROCESSES).fill('done'));
  const directory = new NamespaceDirectory(loadSystemCalls(), folder);
  expect(directory.list().every(({ mounted }) => mounted)).toBe(true);
  expect(directory.list().length).toBe(PROCESSES);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.split(' ')[4] === folder);
  expect(mounts.length).toBe(1);
  expect(mounts[0]).toContain(' shared:');
});

test('a folder that is not there holds no names', () => {
  expect(new NamespaceDirectory(loadSystemCalls(), folder).list()).toEqual([]);
});

/** Node runs no TypeScript by itself: what the processes need is put into one plain file. */
async function buildScript(): Promise<string> {
  const source = `
    import { readFileSync, writeSync } from 'node:fs';
    import { NamespaceDirectory } from './src/agent/kernel/namespace-directory.ts';
    import { openPresentNetwork } from './src/agent/kernel/network-thread.ts';
    import { loadSystemCalls } from './src/agent/kernel/system-calls.ts';
    const [folder, name] = process.argv.slice(2);
    const directory = new NamespaceDirectory(loadSystemCalls(), folder);
    writeSync(1, 'ready');
    readFileSync(0);
    directory.give(name, openPresentNetwork());
    writeSync(1, 'done');
  `;
  const outfile = join(scratch, 'give-name.cjs');
  await build({
    stdin: { contents: source, resolveDir: ROOT, loader: 'ts' },
    ...{ bundle: true, platform: 'node', format: 'cjs', external: ['koffi'], outfile },
  });
  return outfile;
}
