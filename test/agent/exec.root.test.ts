import { mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runExec } from '../../src/agent/exec.ts';
import type { Namespace } from '../../src/agent/kernel/kernel.ts';
import type { ExecInput, ExecOutput } from '../../src/rpc/fleet-message.ts';
import { KernelRoom } from './kernel/kernel-room.ts';

let room: KernelRoom;
let inside: Namespace;
let etc: string;

beforeAll(async () => {
  room = await KernelRoom.open();
  inside = await room.create('exec');
  etc = `/etc/netns/${inside.name}`;
  mkdirSync(etc, { recursive: true });
  writeFileSync(`${etc}/hosts`, '10.0.0.7 r7 r7.ring\n');
  writeFileSync(`${etc}/no-such-file-in-etc`, 'x');
});
afterAll(() => {
  rmSync(etc, { recursive: true, force: true });
  room.leave();
});

test('a command finds the names of its overlay, and nobody else does', async () => {
  const hosts = readFileSync('/etc/hosts', 'utf8');
  const before = ownMounts();
  expect((await run(['cat', '/etc/hosts'])).out).toBe('10.0.0.7 r7 r7.ring\n');
  expect((await run(['getent', 'hosts', 'r7.ring'])).out).toMatch(/^10\.0\.0\.7\s+r7/);
  expect(readFileSync('/etc/hosts', 'utf8')).toBe(hosts);
  expect(ownMounts()).toEqual(before);
});

test('what starts it stays in the folder where it was', async () => {
  const before = readlinkSync('/proc/thread-self/cwd');
  await run(['true']);
  expect(readlinkSync('/proc/thread-self/cwd')).toBe(before);
});

test('a namespace without files of its own sees those of the node', async () => {
  const plain = await room.create('plain');
  expect((await run(['cat', '/etc/hosts'], [], plain)).out).toBe(readFileSync('/etc/hosts', 'utf8'));
});

test('a signal ends the command itself', async () => {
  const { exit } = await run(['sleep', '60'], [{ kind: 'signal', signal: 'SIGINT' }]);
  expect(exit).toMatchObject({ signal: 'SIGINT' });
});

test('a command that is not there is told by name, with the status of a shell', async () => {
  const { exit } = await run(['no-such-command']);
  expect(exit).toEqual({
    kind: 'exit',
    status: 127,
    signal: '',
    failure: 'there is no command no-such-command on the node',
  });
});

/** The mount namespace, and what stands over files of /etc in it; other tests mount namespaces meanwhile. */
function ownMounts(): string[] {
  const mounts = readFileSync('/proc/thread-self/mountinfo', 'utf8').split('\n');
  return [readlinkSync('/proc/thread-self/ns/mnt'), ...mounts.filter((line) => line.includes(' /etc/'))];
}

/** Runs a command to its end. */
async function run(argv: readonly string[], inputs: readonly ExecInput[] = [], where = inside) {
  const sent: ExecOutput['body'][] = [];
  await runExec(
    {
      send: async (body) => {
        sent.push(body);
        return true;
      },
      received: (async function* () {
        yield* inputs;
      })(),
      end: () => {},
      abort: () => {},
    },
    where,
    argv,
  );
  const out = sent.flatMap((body) => (body.kind === 'stdout' ? [Buffer.from(body.data).toString()] : []));
  return { out: out.join(''), exit: sent.at(-1) };
}
