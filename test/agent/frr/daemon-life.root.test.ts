import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import type { Frr } from '../../../src/agent/frr/frr.ts';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import type { ObservedDaemon } from '../../../src/model/observation.ts';
import { EXAMPLES } from './example-routing.ts';
import { RouterBench } from './router-bench.ts';

const NAME = 'vt_frr-life';
const ZEBRA = 'hostname r1\n!\n';
const OSPFD = 'hostname r1\n!\nrouter ospf\n ospf router-id 10.0.0.1\n!\n';

const bench = new RouterBench();
afterEach(() => bench.clear());

test('a started daemon is healthy, runs in its namespace, and its files say what it was given', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  await startBoth(frr, namespace);
  const observed = await frr.observe(NAME, namespace);
  expect(observed.map(({ daemon, healthy, config }) => ({ daemon, healthy, config }))).toEqual([
    { daemon: 'ospfd', healthy: true, config: OSPFD },
    { daemon: 'zebra', healthy: true, config: ZEBRA },
  ]);
  for (const { pid } of observed) expect(statSync(`/proc/${pid}/ns/net`).ino).toBe(namespace.inode);
});

test('vtysh -N reaches the router without a complaint, and cannot overwrite what was declared', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  await startBoth(frr, namespace);
  const shown = vtysh('show running-config');
  expect(shown.complaints).toBe('');
  expect(shown.text).toContain('hostname r1\n');
  expect(shown.text).toContain('ospf router-id 10.0.0.1');
  vtysh('write memory');
  expect(readFileSync(`/etc/frr/${NAME}/ospfd.conf`, 'utf8')).toBe(OSPFD);
  expect(statSync(`/etc/frr/${NAME}/ospfd.conf`)).toMatchObject({ uid: 0, mode: 0o100640 });
});

test('a killed daemon is told at once, to whoever started it and to whoever adopted it', async () => {
  const [starter, adopter] = [await bench.openFrr(), await bench.openFrr()];
  const { namespace } = bench.makeNamespace(NAME);
  await startBoth(starter, namespace);
  const pid = pidOf(await adopter.observe(NAME, namespace), 'ospfd');
  const deaths: string[] = [];
  starter.onDeath(({ pathspace, daemon }) => deaths.push(`starter ${pathspace} ${daemon}`));
  adopter.onDeath(({ pathspace, daemon }) => deaths.push(`adopter ${pathspace} ${daemon}`));
  process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(deaths.length).toBe(2), { timeout: 10_000 });
  expect(deaths.sort()).toEqual([`adopter ${NAME} ospfd`, `starter ${NAME} ospfd`]);
  expect(await adopter.observe(NAME, namespace)).toContainEqual({
    daemon: 'ospfd',
    pid: 0,
    startedAt: 0,
    drift: null,
    healthy: false,
    outdated: false,
    config: OSPFD,
  });
});

test('a daemon outlives whoever started it and is adopted, also without the file of its process id', async () => {
  const starter = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  await startBoth(starter, namespace);
  const before = await starter.observe(NAME, namespace);
  starter.close();
  rmSync(`/run/frr/${NAME}/ospfd.pid`);
  const adopter = await bench.openFrr();
  const after = await adopter.observe(NAME, namespace);
  expect(new Set(after)).toEqual(new Set(before));
  expect(after.every(({ healthy }) => healthy)).toBe(true);
});

test('stopping on purpose is no death, and leaves no file', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  await startBoth(frr, namespace);
  const deaths: string[] = [];
  frr.onDeath(({ daemon }) => deaths.push(daemon));
  const pid = pidOf(await frr.observe(NAME, namespace), 'ospfd');
  await frr.stop(NAME, 'ospfd', 'terminate');
  await frr.stop(NAME, 'ospfd', 'terminate');
  expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
  expect((await frr.observe(NAME, namespace)).map(({ daemon }) => daemon)).toEqual(['zebra']);
  expect(deaths).toEqual([]);
});

test('a stopped process is not healthy, is not waited for twice, and dies when it has to', async () => {
  const frr = await bench.openFrr({ healthMs: 200, terminateMs: 100 });
  const { namespace } = bench.makeNamespace(NAME);
  await startBoth(frr, namespace);
  const pid = pidOf(await frr.observe(NAME, namespace), 'ospfd');
  process.kill(pid, 'SIGSTOP');
  for (const _ of ['first', 'second']) {
    const observed = await frr.observe(NAME, namespace);
    expect(observed.find(({ daemon }) => daemon === 'ospfd')).toMatchObject({ pid, healthy: false });
    expect(observed.find(({ daemon }) => daemon === 'zebra')).toMatchObject({ healthy: true });
  }
  await frr.stop(NAME, 'ospfd', 'terminate');
  expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
});

test('a daemon of another namespace is not healthy', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  const other = bench.makeNamespace('vt_frr-other');
  await startBoth(frr, namespace);
  expect((await frr.observe(NAME, other.namespace)).some(({ healthy }) => healthy)).toBe(false);
  expect((await frr.observe(NAME, null)).some(({ healthy }) => healthy)).toBe(false);
});

test("a refused line fails the start with FRR's words, and nothing runs", async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  await frr.start(NAME, 'zebra', ZEBRA, namespace);
  await expect(frr.start(NAME, 'ospfd', `${OSPFD}frog\n`, namespace)).rejects.toMatchObject({
    code: 'daemon-failed',
    message: `ospfd of ${NAME}: No such command on config line 6: frog`,
  });
  expect(pidOf(await frr.observe(NAME, namespace), 'ospfd')).toBe(0);
});

test('a daemon that ends at once is told with its reason', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  const broken = { ...namespace, startDetached: refuseToRun(namespace) };
  await expect(frr.start(NAME, 'zebra', ZEBRA, broken)).rejects.toMatchObject({
    code: 'daemon-failed',
    message: expect.stringContaining('exit status'),
  });
});

test('a daemon is not started beside a zebra that is dead, though its socket is still there', async () => {
  const frr = await bench.openFrr({ startMs: 300 });
  const { namespace } = bench.makeNamespace(NAME);
  await (await bench.openFrr()).start(NAME, 'zebra', ZEBRA, namespace);
  const pid = pidOf(await frr.observe(NAME, namespace), 'zebra');
  const died = new Promise((resolve) => frr.onDeath(resolve));
  process.kill(pid, 'SIGKILL');
  await died;
  await expect(frr.start(NAME, 'ospfd', OSPFD, namespace)).rejects.toMatchObject({
    code: 'daemon-failed',
    message: `ospfd of ${NAME}: zebra does not run`,
  });
});

test('a program that cannot be run fails the start', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  const broken = { ...namespace, startDetached: runNothing(namespace) };
  await expect(frr.start(NAME, 'zebra', ZEBRA, broken)).rejects.toMatchObject({
    code: 'daemon-failed',
    message: `zebra of ${NAME}: start /nowhere/zebra: ENOENT`,
  });
});

test('starting again replaces what runs', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  await startBoth(frr, namespace);
  const before = pidOf(await frr.observe(NAME, namespace), 'ospfd');
  await frr.start(NAME, 'ospfd', OSPFD, namespace);
  const after = pidOf(await frr.observe(NAME, namespace), 'ospfd');
  expect(after).not.toBe(before);
  expect(existsSync(`/proc/${before}/exe`)).toBe(false);
});

test('a number that another process bears by now is never signalled', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  mkdirSync(`/run/frr/${NAME}`, { recursive: true });
  writeFileSync(`/run/frr/${NAME}/zebra.pid`, `${process.pid}\n`);
  expect(await frr.observe(NAME, namespace)).toEqual([
    { daemon: 'zebra', pid: 0, startedAt: 0, healthy: false, outdated: false, config: '', drift: null },
  ]);
  await frr.stop(NAME, 'zebra', 'kill');
  await frr.remove(NAME);
});

test('removing ends everything, leaves nothing, follows no symbolic link, and may be repeated', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  await startBoth(frr, namespace);
  const pids = (await frr.observe(NAME, namespace)).map(({ pid }) => pid);
  mkdirSync('/run/vt_frr-bystander');
  writeFileSync('/run/vt_frr-bystander/file', '');
  try {
    symlinkSync('/run/vt_frr-bystander', `/run/frr/${NAME}/link`);
    await frr.remove(NAME);
    symlinkSync('/run/vt_frr-bystander', `/etc/frr/${NAME}`);
    await frr.remove(NAME);
    expect(existsSync('/run/vt_frr-bystander/file')).toBe(true);
  } finally {
    rmSync('/run/vt_frr-bystander', { recursive: true });
  }
  for (const folder of ['/run/frr', '/etc/frr']) {
    expect(lstatSync(`${folder}/${NAME}`, { throwIfNoEntry: false })).toBeUndefined();
  }
  for (const pid of pids) expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
  expect(await frr.observe(NAME, namespace)).toEqual([]);
});

test('a folder that is a symbolic link is not written into', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  symlinkSync('/tmp', `/etc/frr/${NAME}`);
  await expect(frr.start(NAME, 'zebra', ZEBRA, namespace)).rejects.toMatchObject({ code: 'unsafe-path' });
});

test('only questions are asked, and their answers are data', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  await startBoth(frr, namespace);
  expect(await frr.ask(NAME, 'ospfd', 'show ip ospf json')).toMatchObject({ routerId: '10.0.0.1' });
  for (const command of ['configure terminal', 'show frog json', 'clear ip ospf process']) {
    await expect(frr.ask(NAME, 'ospfd', command)).rejects.toMatchObject({ code: 'rejected' });
  }
  await expect(frr.ask(NAME, 'staticd', 'show version')).rejects.toMatchObject({ code: 'not-running' });
});

test('names that lead elsewhere are refused by everything', async () => {
  const frr = await bench.openFrr();
  for (const name of ['../vt_x', 'a/b', '-N', '']) {
    await expect(frr.observe(name, null)).rejects.toMatchObject({ code: 'bad-name' });
    await expect(frr.remove(name)).rejects.toMatchObject({ code: 'bad-name' });
    await expect(frr.stop('vt_x', name, 'kill')).rejects.toMatchObject({ code: 'bad-name' });
  }
});

test('checking a configuration leaves nothing behind', async () => {
  const frr = await bench.openFrr();
  const before = new Set(readdirSync('/var/tmp/frr'));
  expect(await frr.check('ospfd', 'hostname r1\n')).toBeNull();
  const left = readdirSync('/var/tmp/frr').filter((name) => name.startsWith('ospfd.') && !before.has(name));
  expect(left).toEqual([]);
});

test('every golden configuration pleases the real parser', async () => {
  const frr = await bench.openFrr();
  for (const routing of Object.values(EXAMPLES)) {
    for (const [daemon, config] of frr.render(routing)) expect(await frr.check(daemon, config)).toBeNull();
  }
});

test("a check quotes FRR's words with line and text, and leaves nothing behind", async () => {
  const frr = await bench.openFrr();
  expect(await frr.check('ospfd', 'router ospf\n frog\n!\nip ospf cost 0\n')).toBe(
    'No such command on config line 2: frog; No such command on config line 4: ip ospf cost 0',
  );
  expect(execFileSync('ls', ['/run/frr', '/etc/frr'], { encoding: 'utf8' })).not.toContain('vinet-check');
});

async function startBoth(frr: Frr, namespace: Namespace): Promise<void> {
  await Promise.all([frr.start(NAME, 'ospfd', OSPFD, namespace), frr.start(NAME, 'zebra', ZEBRA, namespace)]);
}

function pidOf(observed: readonly ObservedDaemon[], daemon: string): number {
  return observed.find((one) => one.daemon === daemon)?.pid ?? 0;
}

/** Starts the program without the flags that it needs. */
function refuseToRun(namespace: Namespace): Namespace['startDetached'] {
  return (program, _argv, options) => namespace.startDetached(program, ['--frog'], options);
}

function runNothing(namespace: Namespace): Namespace['startDetached'] {
  return (_program, argv, options) => namespace.startDetached('/nowhere/zebra', argv, options);
}

function vtysh(command: string): { text: string; complaints: string } {
  const { stdout, stderr } = spawnSync('vtysh', ['-N', NAME, '-c', command], { encoding: 'utf8' });
  return { text: stdout, complaints: stderr };
}
