import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openKernel } from '../../src/agent/kernel/open-kernel.ts';
import { bringLabUp } from '../../src/lab/lab.ts';
import { keepLab } from '../../src/lab/lab-keeper.ts';
import type { LabPlan } from '../../src/lab/lab-layout.ts';
import { tryLockLab } from '../../src/lab/lab-lock.ts';
import { findProcesses, labServers } from '../../src/lab/lab-process.ts';
import { takeLabDown } from '../../src/lab/lab-removal.ts';

const NAME = 'vt-kept';
const PROGRAM = [process.execPath, fileURLToPath(new URL('./stand-in.mjs', import.meta.url))];
const progress = { update() {}, finish() {} };

let root: string;
let directory: string;
let plan: LabPlan;
let keepers: { readonly ending: AbortController; readonly ended: Promise<void> }[];
let said: string[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'vt-kept-'));
  directory = join(root, 'lab');
  keepers = [];
  said = [];
  plan = (await up(2)).plan;
});

afterEach(async () => {
  for (const { ending } of keepers) ending.abort();
  await Promise.all(keepers.map(({ ended }) => ended));
  await down();
  rmSync(root, { recursive: true, force: true });
});

test('whatever dies is started again, and what lives is left alone', async () => {
  keep();
  const before = pids();
  for (const name of ['controller', 'n1']) {
    const previous = pids();
    process.kill(previous[name] ?? 0, 'SIGKILL');
    await untilRestarted(name, previous[name]);
  }
  expect(pids().n2).toBe(before.n2);
  expect((await up(2)).started).toEqual([]);
});

test('a keeper that died is followed by one that keeps what it finds running', async () => {
  const first = keep();
  first.ending.abort();
  await first.ended;
  const before = pids();
  process.kill(before.n1 ?? 0, 'SIGKILL');
  keep();
  await untilRestarted('n1', before.n1);
  const between = pids();
  process.kill(between.n2 ?? 0, 'SIGKILL');
  await untilRestarted('n2', between.n2);
  expect(pids().controller).toBe(before.controller);
});

test('two keepers start nothing twice', async () => {
  keep();
  keep();
  for (let round = 0; round < 3; round++) {
    const before = pids();
    process.kill(before.n1 ?? 0, 'SIGKILL');
    await untilRestarted('n1', before.n1);
  }
  expect(said.filter((line) => line.includes('n1'))).toHaveLength(3);
});

test('what keeps dying is tried again with pauses', async () => {
  keep();
  mkdirSync(join(directory, 'controller'), { recursive: true });
  writeFileSync(join(directory, 'controller', 'refuse-n1'), '');
  process.kill(pids().n1 ?? 0, 'SIGKILL');
  await vi.waitFor(() => expect(said.filter((line) => /n1 .* after 1 s/.test(line))).toHaveLength(1), 10_000);
  rmSync(join(directory, 'controller', 'refuse-n1'));
  await vi.waitFor(() => expect(pids().n1).toBeGreaterThan(0), 10_000);
});

test('nothing is started while a command works on the lab, and all that is missing afterwards', async () => {
  const lock = await tryLockLab(directory);
  keep();
  const before = pids();
  process.kill(before.n1 ?? 0, 'SIGKILL');
  process.kill(before.n2 ?? 0, 'SIGKILL');
  await vi.waitFor(() => expect(Object.keys(pids())).toEqual(['controller']), 5000);
  const refused = vi.waitFor(() => expect(Object.keys(pids())).not.toEqual(['controller']), 1000);
  await expect(refused).rejects.toThrow();
  lock?.release();
  await untilRestarted('n1', before.n1);
  await untilRestarted('n2', before.n2);
});

test('the end of the lab is the end of its keeper', async () => {
  const keeper = keep();
  expect(await down()).toBe(true);
  await keeper.ended;
  expect(pids()).toEqual({});
  expect(said).toEqual(['the lab is gone']);
});

function keep() {
  const ending = new AbortController();
  const log = (message: string) => void said.push(message);
  const ended = keepLab({ directory, program: PROGRAM, signal: ending.signal, log });
  const keeper = { ending, ended };
  keepers.push(keeper);
  return keeper;
}

async function up(nodes: number) {
  const kernel = await openKernel({ underlay: null });
  return bringLabUp({
    kernel,
    directory,
    name: NAME,
    nodes,
    mtu: null,
    program: PROGRAM,
    timeoutMs: 20_000,
    progress,
  });
}

async function down() {
  const kernel = await openKernel({ underlay: null });
  return takeLabDown({ kernel, directory, name: NAME, program: PROGRAM, timeoutMs: 5000, progress });
}

function pids(): Record<string, number> {
  return Object.fromEntries(findProcesses(labServers(plan)));
}

async function untilRestarted(name: string, before: number | undefined): Promise<void> {
  await vi.waitFor(() => {
    const pid = pids()[name];
    expect(pid).toBeGreaterThan(0);
    expect(pid).not.toBe(before);
  }, 10_000);
}
