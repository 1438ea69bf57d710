import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { constants, getPriority, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DetachedOptions, DetachedProcess, Namespace } from '../../../src/agent/kernel/kernel.ts';
import { KernelRoom } from './kernel-room.ts';

const PATIENCE = { timeout: 30_000, interval: 20 };

let room: KernelRoom;
let namespace: Namespace;
let folder: string;
let log: number;
let started: DetachedProcess[];

beforeEach(async () => {
  started = [];
  folder = mkdtempSync(join(tmpdir(), 'vt-detached-'));
  log = openSync(join(folder, 'log'), 'w');
  room = await KernelRoom.open();
  namespace = await room.create('detached');
});

afterEach(async () => {
  for (const { pid, ended } of started) if (ended() === null) process.kill(pid, 'SIGKILL');
  for (const one of started) await endOf(one);
  room.leave();
  room.kernel.close();
  closeSync(log);
  rmSync(folder, { recursive: true });
});

test('how a process ended is told, and no zombie is left', async () => {
  const failing = start('/bin/sh', ['-c', 'exit 7']);
  const sleeping = start('/bin/sleep', ['1000']);
  expect(await endOf(failing)).toBe('exit status 7');
  expect(sleeping.ended()).toBeNull();
  process.kill(sleeping.pid, 'SIGKILL');
  expect(await endOf(sleeping)).toBe('signal SIGKILL');
  for (const { pid } of [failing, sleeping]) expect(existsSync(`/proc/${pid}`)).toBe(false);
});

test('what cannot be run is told at once with its reason, and leaves nothing open', () => {
  const before = readdirSync('/proc/self/fd').length;
  expect(() => start('/no/such/program', [])).toThrow(
    expect.objectContaining({ code: 'not-found', message: 'start /no/such/program: ENOENT' }),
  );
  expect(() => start(folder, [])).toThrow('EACCES');
  expect(() => start('/bin/sleep', ['1000\0'])).toThrow('EINVAL');
  expect(readdirSync('/proc/self/fd').length).toBe(before);
  expect(process.listenerCount('SIGCHLD')).toBe(0);
});

test('a process has the words, the environment and the streams that it is given', async () => {
  const script = 'echo "$0 $1"; tr "\\0" "\\n" < /proc/$$/environ; cat; echo complaint >&2';
  const shell = start('/bin/sh', ['-c', script, 'ü', ''], { env: { PATH: '/bin', LANG: 'C' } });
  expect(await endOf(shell)).toBe('exit status 0');
  expect(logged()).toBe('ü \nPATH=/bin\nLANG=C\ncomplaint\n');
});

test('a process stands in the namespace, at the root, in a session of its own; this one stays', () => {
  const here = () => [readlinkSync('/proc/self/ns/net'), process.cwd()];
  const before = here();
  const { pid } = start('/bin/sleep', ['1000']);
  expect(statSync(`/proc/${pid}/ns/net`).ino).toBe(namespace.inode);
  expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/');
  expect(sessionOf(pid)).toBe(pid);
  expect(here()).toEqual(before);
});

test('a process inherits none of our descriptors, whoever opened them', async () => {
  const server = namespace.listenOnLoopback(2620, () => {});
  const client = namespace.connectToLoopback(2620);
  const open = [server, namespace.watchLinks(() => {}), room.kernel.openFileView(['/etc/hostname'])];
  const file = join(folder, 'log');
  try {
    const { pid } = start('/bin/sleep', ['1000']);
    // For a moment it has its libraries open.
    await vi.waitFor(
      () => expect(descriptorsOf(pid)).toEqual(['0 /dev/null', `1 ${file}`, `2 ${file}`]),
      PATIENCE,
    );
  } finally {
    client.destroy();
    for (const one of open) one.close();
  }
});

test('a process has every signal at its default, none blocked, and a normal priority', () => {
  const own = getPriority();
  setPriority(constants.priority.PRIORITY_HIGH);
  try {
    const { pid } = start('/bin/sleep', ['1000']);
    expect(getPriority(pid)).toBe(constants.priority.PRIORITY_NORMAL);
    expect(signalsOf(pid)).toEqual({ blocked: 0n, ignored: 0n });
    expect(signalsOf(process.pid).ignored).not.toBe(0n);
  } finally {
    setPriority(own);
  }
});

test('a process finds the files of its view, and the namespaces of its folder', async () => {
  const view = room.kernel.openFileView(['/etc/hostname']);
  try {
    view.write('/etc/hostname', 'elsewhere\n');
    room.kernel.vrfFolders.bind(namespace.name, 'r1', namespace);
    await endOf(start('/bin/cat', ['/etc/hostname'], { files: view }));
    await endOf(start('/bin/ls', ['/run/netns'], { netns: room.kernel.vrfFolders.pathOf(namespace.name) }));
    expect(logged()).toBe('elsewhere\nr1\n');
  } finally {
    room.kernel.vrfFolders.remove(namespace.name);
    view.close();
  }
});

test('children of Node are left to Node', async () => {
  const sleeping = start('/bin/sleep', ['1000']);
  const [status] = await once(spawn('/bin/sh', ['-c', 'exit 3'], { stdio: 'ignore' }), 'exit');
  expect(status).toBe(3);
  expect(sleeping.ended()).toBeNull();
});

test('nobody listens for ends of children but while there are any', async () => {
  const sleeping = start('/bin/sleep', ['1000']);
  await endOf(start('/bin/true', []));
  expect(process.listenerCount('SIGCHLD')).toBe(1);
  process.kill(sleeping.pid, 'SIGKILL');
  await endOf(sleeping);
  expect(process.listenerCount('SIGCHLD')).toBe(0);
});

test('a closed kernel listens no more, and the process goes on', async () => {
  const other = await KernelRoom.open();
  const opened = other.kernel.openNamespace(namespace.name);
  const pid = opened && other.hold(opened).startDetached('/bin/sleep', ['1000'], { log, env: {} }).pid;
  try {
    expect(process.listenerCount('SIGCHLD')).toBe(1);
    other.leave();
    other.kernel.close();
    expect(process.listenerCount('SIGCHLD')).toBe(0);
    expect(pid && sessionOf(pid)).toBe(pid);
  } finally {
    if (pid !== null) process.kill(pid, 'SIGKILL');
  }
});

test('a process keeps nobody who started it from ending, and goes on without it', async () => {
  const argv = ['--input-type=module', '-e', LOADER, STARTING_PROCESS, namespace.name];
  const pid = Number((await promisify(execFile)(process.execPath, argv, { timeout: 60_000 })).stdout);
  try {
    expect(sessionOf(pid)).toBe(pid);
  } finally {
    process.kill(pid, 'SIGKILL');
  }
});

const STARTING_PROCESS = fileURLToPath(new URL('starting-process.ts', import.meta.url));

/** Node 20 does not run TypeScript itself. */
const LOADER = `
  import { runnerImport } from 'vite';
  await runnerImport(process.argv[1], { configFile: false, logLevel: 'error' });
`;

function start(
  program: string,
  argv: readonly string[],
  options: Partial<DetachedOptions> = {},
): DetachedProcess {
  const one = namespace.startDetached(program, argv, { log, env: {}, ...options });
  started.push(one);
  return one;
}

async function endOf({ ended }: DetachedProcess): Promise<string | null> {
  await vi.waitFor(() => expect(ended()).not.toBeNull(), PATIENCE);
  return ended();
}

function logged(): string {
  return readFileSync(join(folder, 'log'), 'utf8');
}

function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => `${fd} ${readlinkSync(`/proc/${pid}/fd/${fd}`)}`);
}

/** Field 6, proc_pid_stat(5). */
function sessionOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
}

/** Sets of signals as numbers, proc_pid_status(5), without 32 and 33, which libc keeps to itself. */
function signalsOf(pid: number): { blocked: bigint; ignored: bigint } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const setOf = (name: string) =>
    BigInt(`0x${new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1]}`) & ~0x180000000n;
  return { blocked: setOf('SigBlk'), ignored: setOf('SigIgn') };
}
