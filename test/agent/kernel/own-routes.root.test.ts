import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import { carryOut, ip, joinByVeth, KernelRoom, ping } from './kernel-room.ts';

let room: KernelRoom;
let host: Namespace;
let router: Namespace;
beforeEach(async () => {
  room = await KernelRoom.open();
  host = await room.create('host');
  router = await room.create('router');
  await joinByVeth(
    { into: host, name: 'r1', index: HOST_END, addresses: ['10.0.1.1/31', 'fd00:1::1/127'] },
    { into: router, name: 'h1', index: 200, addresses: ['10.0.1.0/31', 'fd00:1::/127'] },
  );
  ip(router, 'address', 'add', '10.9.9.9/32', 'dev', 'lo');
  ip(router, 'address', 'add', 'fd00:9::9/128', 'dev', 'lo');
});
afterEach(() => room.leave());

test('default routes of both families carry packets and are read as they were given', async () => {
  await addRoutes(DEFAULTS);
  ping(host, '10.9.9.9');
  ping(host, 'fd00:9::9');
  expect(await ownRoutes()).toEqual(sorted(DEFAULTS));
  expect(await host.readRoutes()).toContainEqual({
    prefix: '0.0.0.0/0',
    protocol: 'vinet',
    nextHops: [{ via: '10.0.1.0', interface: 'r1' }],
    metric: 0,
  });
});

test('routes that others made are neither read nor removed', async () => {
  ip(host, 'route', 'add', '10.5.0.0/16', 'via', '10.0.1.0', 'proto', 'static');
  ip(host, 'route', 'add', '10.6.0.0/16', 'via', '10.0.1.0', 'table', '100', 'proto', '118');
  const others = { ...DEFAULT_4, prefix: '10.5.0.0/16' };
  const [error] = await host.program([{ step: 'remove-route', index: HOST_END, route: others }]);
  expect(error).toMatchObject({ code: 'not-found' });
  expect(await ownRoutes()).toEqual([]);
  expect(ip(host, 'route', 'show', '10.5.0.0/16')).toContain('10.5.0.0/16');
});

test('a route that an operator put in place of ours is replaced again', async () => {
  await addRoutes([DEFAULT_4]);
  ip(host, 'route', 'replace', 'default', 'via', '10.0.1.0', 'proto', 'static');
  expect(await ownRoutes()).toEqual([]);
  await addRoutes([DEFAULT_4]);
  expect(await ownRoutes()).toEqual([DEFAULT_4]);
  expect(ip(host, 'route', 'show', 'default').trim().split('\n').length).toBe(1);
});

test('a route is removed once, then it is not found', async () => {
  await addRoutes(DEFAULTS);
  const steps = DEFAULTS.map((route) => ({ step: 'remove-route', index: HOST_END, route }) as const);
  expect(await host.program(steps)).toEqual([null, null]);
  expect(await ownRoutes()).toEqual([]);
  const errors = await host.program(steps);
  expect(errors).toEqual([
    expect.objectContaining({ code: 'not-found' }),
    expect.objectContaining({ code: 'not-found' }),
  ]);
});

test('a namespace without any route has none of ours', async () => {
  expect(await (await room.create('bare')).readOwnRoutes()).toEqual([]);
});

const HOST_END = 100;
const DEFAULT_4 = { prefix: '0.0.0.0/0', via: '10.0.1.0', interface: 'r1' };
const DEFAULTS = [DEFAULT_4, { prefix: '::/0', via: 'fd00:1::', interface: 'r1' }];

async function addRoutes(routes: typeof DEFAULTS): Promise<void> {
  await carryOut(
    host,
    routes.map((route) => ({ step: 'add-route', index: HOST_END, route }) as const),
  );
}

async function ownRoutes() {
  return sorted(await host.readOwnRoutes());
}

function sorted<T extends { readonly prefix: string }>(routes: readonly T[]): T[] {
  return routes.toSorted((a, b) => a.prefix.localeCompare(b.prefix));
}
