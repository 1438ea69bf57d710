import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import type { BorderFilter, LinkFilter } from '../../../src/model/node-state.ts';
import { isSameFilter } from '../../../src/planner/diff-filter.ts';
import { inside } from '../../machine.ts';
import { ip, joinByVeth, KernelRoom, ping } from './kernel-room.ts';

const DEADLINE_MS = 20_000;

/** A link layer with a tunnel to each of two nodes; a link each. */
let room: KernelRoom;
let layer: Namespace;
let left: Namespace;
let right: Namespace;
beforeEach(async () => {
  room = await KernelRoom.open();
  layer = await room.create('layer');
  left = await room.create('left');
  right = await room.create('right');
  await joinByVeth(
    { into: layer, name: 'n2', index: 100, addresses: ['172.16.0.1/24', 'fd00:1::1/64'] },
    { into: left, name: 'n1', index: 200, addresses: ['172.16.0.2/24', 'fd00:1::2/64'] },
  );
  await joinByVeth(
    { into: layer, name: 'n3', index: 101, addresses: ['172.16.1.1/24', 'fd00:2::1/64'] },
    { into: right, name: 'n1', index: 201, addresses: ['172.16.1.2/24', 'fd00:2::2/64'] },
  );
  ip(left, 'route', 'add', 'default', 'via', '172.16.0.1');
  ip(left, 'route', 'add', 'default', 'via', 'fd00:1::1');
});
afterEach(() => room.leave());

test('the filter is read as it was written, by anybody who looks', async () => {
  await layer.writeFilter(FILTER);
  expect(isSameFilter(await layer.readFilter(), FILTER)).toBe(true);
  const again = room.hold(room.kernel.openNamespace(layer.name) ?? layer);
  expect(isSameFilter(await again.readFilter(), FILTER)).toBe(true);
});

test('an empty filter is a filter', async () => {
  await layer.writeFilter({ accept: [] });
  expect(await layer.readFilter()).toEqual({ accept: [] });
});

test('a thousand entries are written and read', async () => {
  const accept = Array.from({ length: 1000 }, (_, at) => ({
    ...{ interface: `n${at % 10}`, source: `172.16.${at >> 8}.${at & 255}` },
    destination: '172.31.0.1',
  }));
  await layer.writeFilter({ accept });
  expect(isSameFilter(await layer.readFilter(), { accept })).toBe(true);
});

test('no filter takes it away with its table, once and again', async () => {
  await layer.writeFilter(FILTER);
  await layer.writeFilter(null);
  await layer.writeFilter(null);
  expect(await layer.readFilter()).toBeNull();
  expect(await layer.readFilterDrops()).toEqual(new Map());
  expect(nft('list', 'ruleset')).toBe('');
});

test.each([
  ['a rule of theirs', ['insert', 'rule', 'inet', 'vinet', 'input', 'accept']],
  ['a policy', ['add', 'chain', 'inet', 'vinet', 'input', '{', 'policy', 'accept', ';', '}']],
  [
    'an entry in a set beside',
    ['add', 'element', 'inet', 'vinet', 'pairs4', '{', '1.1.1.1', '.', '1.1.1.2', '}'],
  ],
  ['a chain gone', ['delete', 'chain', 'inet', 'vinet', 'forward']],
  ['a set of theirs', ['add', 'set', 'inet', 'vinet', 'theirs', '{', 'type', 'ipv4_addr', ';', '}']],
])('%s is tampering, and writing mends it', async (_what, command) => {
  await layer.writeFilter(FILTER);
  nft(...command);
  expect(await layer.readFilter()).toBeNull();
  await layer.writeFilter(FILTER);
  expect(isSameFilter(await layer.readFilter(), FILTER)).toBe(true);
});

test('known packets pass in both families, and so does what stays within', async () => {
  await layer.writeFilter(FILTER);
  ping(left, '172.16.0.1');
  ping(left, 'fd00:1::1');
  ping(layer, '172.16.1.1');
  ping(layer, '::1');
});

test.each([
  ['172.16.0.2', '172.16.1.1', 'wrong-address'],
  ['172.16.1.2', '172.16.1.1', 'wrong-tunnel'],
  ['172.16.7.7', '172.16.0.1', 'unknown-source'],
  ['172.16.0.2', '172.16.1.2', 'forwarded'],
  ['172.16.0.2', '224.0.0.1', 'multicast'],
  ['fd00:1::2', 'fd00:2::1', 'wrong-address'],
  ['fd00:2::2', 'fd00:2::1', 'wrong-tunnel'],
  ['fd00:7::7', 'fd00:1::1', 'unknown-source'],
])(
  'a packet from %s to %s through the first tunnel is counted as %s',
  async (source, destination, reason) => {
    await layer.writeFilter(FILTER);
    layer.writeSysctls({
      'net/ipv4/ip_forward': '1',
      'net/ipv4/conf/all/rp_filter': '0',
      'net/ipv4/conf/n2/rp_filter': '0',
    });
    if (!ip(left, 'address').includes(` ${source}/`))
      ip(left, 'address', 'add', source, 'dev', 'lo', ...(source.includes(':') ? ['nodad'] : []));
    const before = (await layer.readFilterDrops()).get(reason) ?? 0;
    send(left, source, destination);
    await vi.waitFor(async () => {
      expect((await layer.readFilterDrops()).get(reason)).toBeGreaterThan(before);
    }, DEADLINE_MS);
  },
);

test('counts survive a change of the filter', async () => {
  await layer.writeFilter(FILTER);
  send(left, '172.16.0.2', '172.16.1.1');
  await vi.waitFor(
    async () => expect((await layer.readFilterDrops()).get('wrong-address')).toBe(1),
    DEADLINE_MS,
  );
  await layer.writeFilter({ accept: FILTER.accept.slice(1) });
  expect((await layer.readFilterDrops()).get('wrong-address')).toBe(1);
});

test('the border of an internal router is read as it was written, and mended when tampered with', async () => {
  const border: BorderFilter = {
    sources: [
      { interface: 'n2', prefix: '172.16.0.2', accept: true },
      { interface: 'n2', prefix: '172.16.8.0/24', accept: true },
      { interface: 'n2', prefix: '172.16.0.0/16', accept: false },
      { interface: 'n2', prefix: 'fe80::/10', accept: true },
      { interface: 'n2', prefix: '::', accept: true },
      { interface: 'n3', prefix: '', accept: false },
    ],
    local: [
      { interface: 'n2', address: '172.16.0.1' },
      { interface: 'n2', address: 'fd00:1::1' },
    ],
    forward: [{ from: 'n2', to: 'n3' }],
  };
  await layer.writeFilter(border);
  expect(await layer.readFilter()).toEqual(border);
  ping(left, '172.16.0.1');
  ping(left, 'fd00:1::1');
  nft('insert', 'rule', 'inet', 'vinet', 'forward', 'accept');
  expect(await layer.readFilter()).toBeNull();
  await layer.writeFilter({ sources: [], local: [], forward: [] });
  expect(await layer.readFilter()).toEqual({ sources: [], local: [], forward: [] });
  await layer.writeFilter(FILTER);
  expect(isSameFilter(await layer.readFilter(), FILTER)).toBe(true);
});

test('what is no entry is refused, with the filter left as it was', async () => {
  await layer.writeFilter(FILTER);
  const [entry] = FILTER.accept;
  for (const bad of [{ interface: 'n*' }, { source: 'localhost' }, { destination: 'fd00:1::1' }])
    await expect(layer.writeFilter({ accept: [{ ...ENTRY, ...entry, ...bad }] })).rejects.toThrow(
      'not an entry',
    );
  expect(isSameFilter(await layer.readFilter(), FILTER)).toBe(true);
});

const ENTRY = { interface: 'n2', source: '172.16.0.2', destination: '172.16.0.1' };
const FILTER: LinkFilter = {
  accept: [
    ENTRY,
    { interface: 'n3', source: '172.16.1.2', destination: '172.16.1.1' },
    { interface: 'n2', source: 'fd00:1::2', destination: 'fd00:1::1' },
    { interface: 'n3', source: 'fd00:2::2', destination: 'fd00:2::1' },
  ],
};

function nft(...command: readonly string[]): string {
  return execFileSync('ip', ['netns', 'exec', layer.name, 'nft', ...command], { encoding: 'utf8' });
}

/** One packet, of whose answer nobody waits for long. */
function send(from: Namespace, source: string, destination: string): void {
  inside(from.name, 'ping', '-n', '-c', '1', '-W', '0.1', '-I', source, destination);
}
