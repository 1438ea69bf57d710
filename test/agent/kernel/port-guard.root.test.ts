import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import { ATTACKERS, type Attacker, canConnect } from '../port-attack.ts';
import { joinByVeth, KernelRoom } from './kernel-room.ts';

const GUARDED = 2651;
const OTHER = 2750;
const LISTENER = `
  const { createServer } = require('node:net');
  const open = (port) => new Promise((done) => createServer((s) => s.on('error', () => {}).end('hello')).listen(port, '0.0.0.0', done));
  Promise.all([open(${GUARDED}), open(${OTHER})]).then(() => console.log('ready'));`;

let room: KernelRoom;
let listener: ChildProcess;
let attack: (attacker: Attacker, port: number) => Promise<boolean>;
let router: Namespace;

beforeEach(async () => {
  room = await KernelRoom.open();
  router = await room.create('r1');
  const neighbor = await room.create('r2');
  await joinByVeth(
    { into: router, name: 'r2', index: 20, addresses: ['10.9.0.1/24'] },
    { into: neighbor, name: 'r1', index: 21, addresses: ['10.9.0.2/24'] },
  );
  listener = router.spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (listener.stdout !== null) await once(listener.stdout, 'data');
  attack = (attacker, port) => canConnect(attacker, { router, neighbor, address: '10.9.0.1', port });
});

afterEach(() => {
  listener.kill('SIGKILL');
  room.leave();
});

describe.each(ATTACKERS)('$name', (attacker) => {
  test('reaches a port that is not guarded, and one that is no more', async () => {
    expect(await attack(attacker, GUARDED)).toBe(true);
    await router.guardPorts([GUARDED], 'renew');
    expect(await attack(attacker, GUARDED)).toBe(false);
    expect(await attack(attacker, OTHER)).toBe(true);
  });
});

test('the agent itself connects to a guarded port, and is told when nobody listens', async () => {
  await router.guardPorts([GUARDED, 2652], 'renew');
  const [greeting] = (await once(router.connectToLoopback(GUARDED), 'data')) as [Buffer];
  expect(greeting.toString()).toBe('hello');
  await expect(once(router.connectToLoopback(2652), 'data')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a guard that somebody took away is put back', async () => {
  const unprivileged = ATTACKERS[1];
  await router.guardPorts([GUARDED], 'renew');
  await once(router.spawn('nft', ['flush', 'ruleset'], { stdio: 'ignore' }), 'close');
  expect(await attack(unprivileged, GUARDED)).toBe(true);
  await router.guardPorts([GUARDED], 'keep');
  expect(await attack(unprivileged, GUARDED)).toBe(false);
});
