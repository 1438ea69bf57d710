import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import { ip, joinByVeth, KernelRoom } from './kernel-room.ts';

let room: KernelRoom;
let router: Namespace;
beforeEach(async () => {
  room = await KernelRoom.open();
  router = await room.create('router');
  const far = await room.create('far');
  for (const [name, index, network] of [
    ['r2', 100, 1],
    ['r3', 101, 2],
  ] as const)
    await joinByVeth(
      { into: router, name, index, addresses: [`10.0.${network}.1/24`, `fd00:${network}::1/64`] },
      { into: far, name, index, addresses: [`10.0.${network}.2/24`] },
    );
});
afterEach(() => room.leave());

test('routes of both families are read with protocol, next hops and metric', async () => {
  ip(router, 'route', 'add', '10.1.0.0/16', 'via', '10.0.1.2', 'proto', 'ospf', 'metric', '20');
  ip(router, 'route', 'add', 'default', 'via', '10.0.2.2', 'proto', 'static');
  ip(router, 'route', 'add', 'fd00:9::/48', 'via', 'fd00:1::2', 'proto', 'bgp', 'metric', '30');
  const routes = await router.readRoutes();
  expect(routes).toContainEqual(route('10.1.0.0/16', 'ospf', [['10.0.1.2', 'r2']], 20));
  expect(routes).toContainEqual(route('0.0.0.0/0', 'static', [['10.0.2.2', 'r3']], 0));
  expect(routes).toContainEqual(route('fd00:9::/48', 'bgp', [['fd00:1::2', 'r2']], 30));
  expect(routes).toContainEqual(route('10.0.1.0/24', 'kernel', [['', 'r2']], 0));
});

test('multipath routes of both families are read with all next hops', async () => {
  const via = (...addresses: string[]) => addresses.flatMap((address) => ['nexthop', 'via', address]);
  ip(router, 'route', 'add', '10.1.0.0/16', 'proto', 'ospf', ...via('10.0.1.2', '10.0.2.2'));
  ip(router, 'route', 'add', 'fd00:9::/48', 'proto', 'ospf', ...via('fd00:1::2', 'fd00:2::2'));
  const routes = await router.readRoutes();
  const both = [
    ['10.0.1.2', 'r2'],
    ['10.0.2.2', 'r3'],
  ] as const;
  expect(routes).toContainEqual(route('10.1.0.0/16', 'ospf', both, 0));
  expect(routes.find(({ prefix }) => prefix === 'fd00:9::/48')?.nextHops).toEqual([
    { via: 'fd00:1::2', interface: 'r2' },
    { via: 'fd00:2::2', interface: 'r3' },
  ]);
});

test('routes over nexthop objects, as FRR installs them, are read like others', async () => {
  ip(router, 'nexthop', 'add', 'id', '7', 'via', '10.0.1.2', 'dev', 'r2');
  ip(router, 'nexthop', 'add', 'id', '8', 'via', '10.0.2.2', 'dev', 'r3');
  ip(router, 'nexthop', 'add', 'id', '9', 'group', '7/8');
  ip(router, 'route', 'add', '10.1.0.0/16', 'nhid', '7', 'proto', 'ospf');
  ip(router, 'route', 'add', '10.2.0.0/16', 'nhid', '9', 'proto', 'ospf');
  const routes = await router.readRoutes();
  expect(routes).toContainEqual(route('10.1.0.0/16', 'ospf', [['10.0.1.2', 'r2']], 0));
  expect(routes.find(({ prefix }) => prefix === '10.2.0.0/16')?.nextHops.length).toBe(2);
});

test('other tables, local and broadcast routes are left out', async () => {
  ip(router, 'route', 'add', '10.1.0.0/16', 'via', '10.0.1.2', 'table', '100');
  ip(router, 'route', 'add', 'blackhole', '10.2.0.0/16');
  const prefixes = (await router.readRoutes()).map(({ prefix }) => prefix);
  expect(prefixes.sort()).toEqual([
    '10.0.1.0/24',
    '10.0.2.0/24',
    'fd00:1::/64',
    'fd00:2::/64',
    'fe80::/64',
    'fe80::/64',
  ]);
});

test('a table of thousands of routes is read whole', async () => {
  const commands = Array.from(
    { length: 5000 },
    (_, at) => `route add 20.${at >> 8}.${at & 255}.0/24 via 10.0.1.2`,
  );
  execFileSync('ip', ['-n', router.name, '-batch', '-'], { input: commands.join('\n') });
  const routes = await router.readRoutes();
  expect(routes.filter(({ prefix }) => prefix.startsWith('20.')).length).toBe(5000);
});

test('a watch tells of a route of the main table that came or went, and of no other', async () => {
  const onChange = vi.fn();
  router.watchRoutes(onChange);
  ip(router, 'route', 'add', '10.1.0.0/16', 'via', '10.0.1.2');
  await vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(1), 5000);
  ip(router, 'route', 'add', '10.1.0.0/16', 'via', '10.0.1.2', 'table', '100');
  ip(router, 'route', 'del', '10.1.0.0/16');
  await vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(2), 5000);
});

test('a flood of notifications that nobody reads in time is told once it is over', async () => {
  const onChange = vi.fn();
  router.watchRoutes(onChange);
  const commands = Array.from(
    { length: 20_000 },
    (_, at) => `route add 20.${at >> 8}.${at & 255}.0/24 via 10.0.1.2`,
  );
  // Synchronous: this process reads nothing meanwhile, and the socket's buffer overflows.
  execFileSync('ip', ['-n', router.name, '-batch', '-'], { input: commands.join('\n') });
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), 5000);
  expect((await router.readRoutes()).length).toBeGreaterThan(20_000);
});

function route(
  prefix: string,
  protocol: string,
  hops: readonly (readonly [string, string])[],
  metric: number,
) {
  return { prefix, protocol, nextHops: hops.map(([via, name]) => ({ via, interface: name })), metric };
}
