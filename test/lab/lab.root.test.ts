import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Kernel } from '../../src/agent/kernel/kernel.ts';
import { openKernel } from '../../src/agent/kernel/open-kernel.ts';
import { bringLabUp } from '../../src/lab/lab.ts';
import { type LabPlan, labNodes } from '../../src/lab/lab-layout.ts';
import { tryLockLab } from '../../src/lab/lab-lock.ts';
import { isWired } from '../../src/lab/lab-network.ts';
import { findProcesses, keeperProcess, labServers } from '../../src/lab/lab-process.ts';
import { takeLabDown } from '../../src/lab/lab-removal.ts';

const NAME = 'vt-lab';
const PROGRAM = [process.execPath, fileURLToPath(new URL('./stand-in.mjs', import.meta.url))];
const progress = { update() {}, finish() {} };

let kernel: Kernel;
let root: string;
let directory: string;

beforeEach(async () => {
  kernel = await openKernel({ underlay: null });
  root = mkdtempSync(join(tmpdir(), 'vt-lab-'));
  directory = join(root, 'lab');
});

afterEach(async () => {
  await down();
  for (const name of namespaces()) kernel.deleteNamespace(name);
  rmSync(root, { recursive: true, force: true });
});

test('joins its nodes by a network of their own and leaves nothing when it is taken down', async () => {
  const { plan, nodes, existed, started } = await up(3);
  expect(existed).toBe(false);
  expect(started).toEqual(['controller', 'n1', 'n2', 'n3', 'keeper']);
  expect(nodes.map((node) => node.connected)).toEqual([true, true, true]);
  expect(namespaces()).toEqual(['vt-lab-lab', 'vt-lab-n1', 'vt-lab-n2', 'vt-lab-n3']);
  expect(await ping('vt-lab-n1', '198.18.0.3')).toBe(0);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(join(directory, 'client.yaml')).mode & 0o777).toBe(0o600);

  expect(await down()).toBe(true);
  expect(namespaces()).toEqual([]);
  expect(existsSync(directory)).toBe(false);
  expect(pids(plan)).toEqual({});
  expect(await down()).toBe(false);
});

test('starts again only what died, and keeps what runs', async () => {
  const { plan } = await up(2);
  const before = pids(plan);
  process.kill(before.n1 ?? 0, 'SIGKILL');
  const again = await up(2);
  expect(again.existed).toBe(true);
  expect(again.started).toEqual(['n1']);
  const after = pids(plan);
  expect(after).toEqual({ ...before, n1: after.n1 });
  expect(after.n1).not.toBe(before.n1);
  expect((await up(2)).started).toEqual([]);
});

test('makes a lost namespace again, wires it and restarts the agent that stood in it', async () => {
  const { plan } = await up(2);
  const before = pids(plan);
  kernel.deleteNamespace('vt-lab-n2');
  expect((await up(2)).started).toEqual(['n2']);
  expect(pids(plan).n2).not.toBe(before.n2);
  expect(await ping('vt-lab-n2', '198.18.0.1')).toBe(0);
});

test('mends a wire that was cut by hand', async () => {
  const { plan } = await up(2);
  const first = kernel.openNamespace('vt-lab-n1');
  const wire = (await first?.readLinks())?.find((link) => link.name === 'eth0');
  await first?.program([{ step: 'delete', index: wire?.index ?? 0 }]);
  first?.close();
  await up(2);
  for (const node of labNodes(plan)) expect(await isWired(kernel, node)).toBe(true);
  expect(await ping('vt-lab-n2', '198.18.0.1')).toBe(0);
});

test('widens to more nodes and never shrinks', async () => {
  const small = await up(1);
  const wide = await up(3);
  expect(wide.started).toEqual(['n2', 'n3']);
  expect(wide.plan.restPort).toBe(small.plan.restPort);
  expect(wide.plan.metricsPorts[0]).toBe(small.plan.metricsPorts[0]);
  expect((await up(2)).plan.nodes).toBe(3);
});

test('touches no namespace that it did not make', async () => {
  const foreign = await kernel.createNamespace('vt-lab-n2');
  foreign.close();
  await expect(up(2)).rejects.toMatchObject({
    code: 'lab-foreign',
    message: expect.stringContaining('vt-lab-n2'),
  });
  expect(namespaces()).toEqual(['vt-lab-n2']);
  expect(existsSync(directory)).toBe(false);

  await up(1);
  await expect(up(2)).rejects.toMatchObject({ code: 'lab-foreign' });
  await down();
  expect(namespaces()).toEqual(['vt-lab-n2']);
});

test('refuses a folder that holds something else, and a lab of another name in its folder', async () => {
  mkdirSync(directory);
  writeFileSync(join(directory, 'thesis.txt'), 'years of work');
  await expect(up(1)).rejects.toMatchObject({ code: 'lab-foreign' });
  await down();
  expect(readFileSync(join(directory, 'thesis.txt'), 'utf8')).toBe('years of work');

  rmSync(directory, { recursive: true });
  await up(1);
  await expect(up(1, 'vt-other')).rejects.toMatchObject({ code: 'lab-exists' });
});

test('says why an agent ended instead of waiting for it', async () => {
  mkdirSync(join(directory, 'controller'), { recursive: true });
  writeFileSync(join(directory, 'controller', 'refuse-n2'), '');
  await expect(up(2)).rejects.toMatchObject({
    code: 'lab-process',
    message: expect.stringMatching(/n2 ended by itself.*refused to start/s),
  });
});

test('moves to the next free port when a dead process lost its own to somebody else', async () => {
  const { plan } = await up(2);
  await killAll(plan);
  const thieves = [await occupy(plan.restPort), await occupy(plan.metricsPorts[1] ?? 0)];
  try {
    const { plan: moved, nodes } = await up(2);
    expect(nodes).toHaveLength(2);
    expect(moved.restPort).not.toBe(plan.restPort);
    expect(moved.metricsPorts[0]).toBe(plan.metricsPorts[0]);
    expect(moved.metricsPorts[1]).not.toBe(plan.metricsPorts[1]);
    expect(new Set([moved.restPort, ...moved.metricsPorts]).size).toBe(3);
  } finally {
    for (const thief of thieves) thief.close();
  }
});

test('is worked on by one command at a time', async () => {
  const lock = await tryLockLab(directory);
  await expect(up(1)).rejects.toMatchObject({ code: 'lab-busy' });
  await expect(down()).rejects.toMatchObject({ code: 'lab-busy' });
  expect(namespaces()).toEqual([]);
  lock?.release();
  const [first, second] = await Promise.all([up(1), up(1)]);
  expect([first.started, second.started]).toContainEqual([]);
});

test('is taken down also when its record is lost and everything of it is dead', async () => {
  const { plan } = await up(2);
  await killAll(plan);
  const marks = join(directory, 'n1', 'environments');
  mkdirSync(marks);
  writeFileSync(join(marks, 'ring_r1'), '{}');
  rmSync(join(directory, 'lab.json'));
  expect(await down()).toBe(true);
  expect(namespaces()).toEqual([]);
  expect(existsSync(directory)).toBe(false);
});

function up(nodes: number, name = NAME) {
  return bringLabUp({
    kernel,
    directory,
    name,
    nodes,
    mtu: null,
    program: PROGRAM,
    timeoutMs: 20_000,
    progress,
  });
}

function down() {
  return takeLabDown({ kernel, directory, name: NAME, program: PROGRAM, timeoutMs: 5000, progress });
}

/** Process ids by name, of what runs. */
function pids(plan: LabPlan): Record<string, number> {
  return Object.fromEntries(findProcesses([keeperProcess(plan), ...labServers(plan)]));
}

async function killAll(plan: LabPlan): Promise<void> {
  for (const pid of Object.values(pids(plan))) process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(pids(plan)).toEqual({}), { timeout: 5000 });
}

/** Listens on a loopback port, waiting until it is free. */
async function occupy(port: number): Promise<Server> {
  const server = createServer();
  await vi.waitFor(
    () =>
      new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', resolve);
      }),
    { timeout: 5000 },
  );
  return server;
}

function namespaces(): string[] {
  return kernel
    .listNamespaces()
    .map((found) => found.name)
    .filter((name) => name.startsWith(`${NAME}-`))
    .sort();
}

function ping(from: string, to: string): Promise<number | null> {
  const namespace = kernel.openNamespace(from);
  if (namespace === null) throw new Error(`no namespace ${from}`);
  const child = namespace.spawn('ping', ['-c', '1', '-W', '2', to], { stdio: 'ignore' });
  namespace.close();
  return new Promise((resolve) => child.once('exit', (status) => resolve(status)));
}
