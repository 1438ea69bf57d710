import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LinkStep } from '../../../src/agent/kernel/kernel.ts';
import { openKernel } from '../../../src/agent/kernel/open-kernel.ts';
import { loadSystemCalls } from '../../../src/agent/kernel/system-calls.ts';
import { bridge, ip, KernelRoom } from './kernel-room.ts';

let room: KernelRoom;
beforeEach(async () => {
  room = await KernelRoom.open();
});
afterEach(() => room.leave());

test('a new namespace bears the mark, has lo up and is where ip netns looks', async () => {
  const namespace = await room.create('new');
  expect(await namespace.readLinks()).toMatchObject([
    { name: 'lo', index: 1, kind: '', alias: 'vinet', up: true },
  ]);
  expect(ip(namespace, '-o', 'link')).toContain('alias vinet');
  expect(room.kernel.listNamespaces()).toContainEqual({ name: namespace.name, mounted: true });
});

test('a name that is taken is refused and its namespace left as it was', async () => {
  const first = await room.create('taken');
  await expect(room.kernel.createNamespace(first.name)).rejects.toMatchObject({ code: 'exists' });
  const again = room.kernel.openNamespace(first.name);
  expect(again && room.hold(again).inode).toBe(first.inode);
});

test('of several that create the same name at once, one succeeds', async () => {
  const name = room.name('race');
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => room.kernel.createNamespace(name)));
  for (const outcome of outcomes) if (outcome.status === 'fulfilled') room.hold(outcome.value);
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1);
});

test('a file without a namespace is listed as a remnant, cannot be entered, and its name can be used', async () => {
  const name = room.name('remnant');
  writeFileSync(`/run/netns/${name}`, '');
  expect(room.kernel.listNamespaces()).toContainEqual({ name, mounted: false });
  expect(room.kernel.openNamespace(name)).toBeNull();
  const namespace = room.hold(await room.kernel.createNamespace(name));
  expect(ip(namespace, 'link')).toContain('lo');
});

test('a name that was taken away is given back to the same namespace', async () => {
  const namespace = await room.create('lost');
  execFileSync('ip', ['netns', 'del', namespace.name]);
  expect(room.kernel.openNamespace(namespace.name)).toBeNull();
  room.kernel.renameBack(namespace);
  room.kernel.renameBack(namespace);
  const again = room.kernel.openNamespace(namespace.name);
  expect(again && room.hold(again).inode).toBe(namespace.inode);
});

test('a name that another namespace bears meanwhile is not taken from it', async () => {
  const namespace = await room.create('replaced');
  execFileSync('ip', ['netns', 'del', namespace.name]);
  execFileSync('ip', ['netns', 'add', namespace.name]);
  expect(() => room.kernel.renameBack(namespace)).toThrow('exists');
});

test('deleting removes every mount and the file, and again is success', async () => {
  const { name, fd } = await room.create('deleted');
  const calls = loadSystemCalls();
  calls.mount(`/proc/self/fd/${fd}`, `/run/netns/${name}`, 0x1000);
  room.kernel.deleteNamespace(name);
  room.kernel.deleteNamespace(name);
  expect(existsSync(`/run/netns/${name}`)).toBe(false);
  expect(room.kernel.openNamespace(name)).toBeNull();
});

test.each(['', '.', '..', '../run', 'a/b', 'a\0b'])('the name %j never becomes a path', async (name) => {
  await expect(room.kernel.createNamespace(name)).rejects.toMatchObject({ code: 'kernel' });
  expect(() => room.kernel.openNamespace(name)).toThrow("not a namespace's name");
  expect(() => room.kernel.deleteNamespace(name)).toThrow("not a namespace's name");
});

test('a watch hears of names that come and go', async () => {
  const name = room.name('watched');
  const heard: string[] = [];
  const watch = room.kernel.watchNamespaces((changed) => heard.push(changed));
  try {
    execFileSync('ip', ['netns', 'add', name]);
    await vi.waitFor(() => expect(heard).toContain(name), 5000);
    heard.length = 0;
    execFileSync('ip', ['netns', 'del', name]);
    await vi.waitFor(() => expect(heard).toContain(name), 5000);
  } finally {
    watch.close();
  }
});

test('a process that is spawned stands in the namespace, and this one does not', async () => {
  const before = readlinkSync('/proc/self/ns/net');
  const namespace = await room.create('spawn');
  const child = namespace.spawn('readlink', ['/proc/self/ns/net'], { stdio: ['ignore', 'pipe', 'inherit'] });
  expect(child.stdout && (await text(child.stdout)).trim()).toBe(`net:[${namespace.inode}]`);
  expect(readlinkSync('/proc/self/ns/net')).toBe(before);
});

test('a command that is not there is an error event, as with child_process.spawn', async () => {
  const namespace = await room.create('missing');
  const [error] = await once(namespace.spawn('/no/such/command', [], {}), 'error');
  expect(error).toMatchObject({ code: 'ENOENT' });
});

test('sysctls are those of the namespace', async () => {
  const namespace = await room.create('sysctl');
  const outside = room.kernel.underlay.readSysctl('net/ipv4/conf/all/rp_filter');
  namespace.writeSysctls({ 'net/ipv4/ip_forward': '1', 'net/ipv4/conf/all/rp_filter': '2' });
  expect(namespace.readSysctl('net/ipv4/ip_forward')).toBe('1');
  expect(room.kernel.underlay.readSysctl('net/ipv4/conf/all/rp_filter')).toBe(outside);
  expect(() => namespace.readSysctl('net/ipv4/nothing')).toThrow(
    expect.objectContaining({ code: 'not-found' }),
  );
  expect(() => namespace.writeSysctls({ 'net/../kernel/hostname': 'x' })).toThrow('not a sysctl');
});

test('a node of a lab has its own namespace as its underlay', async () => {
  const { name, inode } = await room.create('node');
  const inside = await openKernel({ underlay: name });
  room.hold(inside.underlay);
  expect(inside.underlay.inode).toBe(inode);
  await expect(openKernel({ underlay: room.name('nowhere') })).rejects.toMatchObject({ code: 'not-found' });
});

test('the kinds that the kernel creates are found without leaving anything', async () => {
  const before = room.kernel.listNamespaces().length;
  expect(await room.kernel.readLinkKinds()).toEqual(expect.arrayContaining(['veth', 'vxlan', 'bridge']));
  expect(room.kernel.listNamespaces().length).toBe(before);
  expect(room.kernel.readRelease()).toMatch(/^\d+\.\d+/);
});

test('a closed namespace does nothing more, least of all in one that has its descriptor now', async () => {
  const [closed, other] = [await room.create('closed'), await room.create('other')];
  closed.close();
  const link: LinkStep = { step: 'create', into: closed, index: 100, link: bridge('br'), peer: null };
  const refused = expect.objectContaining({ code: 'not-found' });
  expect(await other.program([link])).toEqual([refused]);
  await expect(closed.readLinks()).rejects.toEqual(refused);
  expect(() => closed.writeSysctls({ 'net/ipv4/ip_forward': '1' })).toThrow(refused);
  expect(() => closed.spawn('true', [], {})).toThrow(refused);
  expect(() => closed.watchLinks(() => {})).toThrow(refused);
});

test('two hundred namespaces, watched and closed, leave no file descriptor', async () => {
  await room.kernel.readLinkKinds();
  const before = readdirSync('/proc/self/fd').length;
  const namespaces = await Promise.all(Array.from({ length: 200 }, (_, at) => room.create(`many${at}`)));
  for (const namespace of namespaces) {
    namespace.watchLinks(() => {});
    namespace.watchRoutes(() => {});
  }
  const links = await Promise.all(namespaces.map((namespace) => namespace.readLinks()));
  expect(links.every(([lo]) => lo?.alias === 'vinet')).toBe(true);
  room.leave();
  await vi.waitFor(() => expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before), 5000);
});
