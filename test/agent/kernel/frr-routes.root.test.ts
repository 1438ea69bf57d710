import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import { joinByVeth, KernelRoom } from './kernel-room.ts';

const CONFIG = `
ip route 10.1.0.0/16 10.0.1.2
ip route 10.2.0.0/16 10.0.1.2
ip route 10.2.0.0/16 10.0.2.2
ipv6 route fd00:9::/48 fd00:1::2
`;

let room: KernelRoom;
let router: Namespace;
let scratch: string;
const daemons: ChildProcess[] = [];

beforeEach(async () => {
  room = await KernelRoom.open();
  router = await room.create('frr');
  const far = await room.create('far');
  for (const [name, index, network] of [
    ['r2', 100, 1],
    ['r3', 101, 2],
  ] as const)
    await joinByVeth(
      { into: router, name, index, addresses: [`10.0.${network}.1/24`, `fd00:${network}::1/64`] },
      { into: far, name, index, addresses: [`10.0.${network}.2/24`] },
    );
  scratch = mkdtempSync(join(tmpdir(), 'vt-frr-'));
  execFileSync('chown', ['frr:frr', scratch]);
});
afterEach(async () => {
  for (const daemon of daemons.splice(0)) {
    if (daemon.exitCode === null && daemon.kill('SIGKILL')) await once(daemon, 'exit');
  }
  room.leave();
  rmSync(scratch, { recursive: true, force: true });
});

test('what zebra installs for staticd is read with its next hops, and a watch told of it', async () => {
  const onChange = vi.fn();
  router.watchRoutes(onChange);
  start('zebra', '');
  start('staticd', CONFIG);
  await vi.waitFor(async () => expect((await staticRoutes()).length).toBe(3), 60_000);
  expect(onChange).toHaveBeenCalled();
  expect(await staticRoutes()).toEqual([
    {
      prefix: '10.1.0.0/16',
      protocol: 'static',
      nextHops: [{ via: '10.0.1.2', interface: 'r2' }],
      metric: 20,
    },
    {
      ...{ prefix: '10.2.0.0/16', protocol: 'static', metric: 20 },
      nextHops: [
        { via: '10.0.1.2', interface: 'r2' },
        { via: '10.0.2.2', interface: 'r3' },
      ],
    },
    {
      prefix: 'fd00:9::/48',
      protocol: 'static',
      nextHops: [{ via: 'fd00:1::2', interface: 'r2' }],
      metric: 20,
    },
  ]);
});

async function staticRoutes() {
  return (await router.readRoutes()).filter(({ protocol }) => protocol === 'static');
}

/** In the foreground and with all its files in the scratch folder, apart from any other FRR of the machine. */
function start(daemon: string, config: string): void {
  const file = (suffix: string) => join(scratch, `${daemon}.${suffix}`);
  writeFileSync(file('conf'), config, { mode: 0o644 });
  const argv = ['-f', file('conf'), '-i', file('pid'), '--vty_socket', scratch, '-z', join(scratch, 'zserv')];
  daemons.push(router.spawn(`/usr/lib/frr/${daemon}`, argv, { stdio: 'ignore' }));
}
