import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { ExecChannel } from '../rpc/exec-channel.ts';
import type { ExecInput, ExecOutput } from '../rpc/fleet-message.ts';
import { etcFolderOf } from './hosts-file.ts';
import type { Namespace } from './kernel/kernel.ts';

type Channel = ExecChannel<ExecOutput['body'], ExecInput>;

/**
 * Runs a command inside a namespace, with the namespace's own /etc/hosts and resolv.conf where it has them and
 * with its streams at the other end of a channel. When the channel breaks, the command is hung up on, as a
 * terminal would.
 */
export async function runExec(
  channel: Channel,
  namespace: Namespace,
  argv: readonly string[],
): Promise<void> {
  const [command, ...rest] = argv;
  if (command === undefined || command === '') return fail(channel, 'there is no command to run');
  const child = namespace.spawn(command, rest, {
    stdio: 'pipe',
    cwd: '/',
    etc: etcFolderOf(namespace.name),
  });
  const ended = endOf(child, command);
  void feed(channel, child);
  await Promise.all([
    forward(child.stdout, (data) => channel.send({ kind: 'stdout', data })),
    forward(child.stderr, (data) => channel.send({ kind: 'stderr', data })),
  ]);
  const { status, signal, failure } = await ended;
  await channel.send({ kind: 'exit', status, signal, failure });
  channel.end();
}

async function fail(channel: Channel, failure: string): Promise<void> {
  await channel.send({ kind: 'exit', status: 127, signal: '', failure });
  channel.end();
}

function endOf(
  child: ChildProcess,
  command: string,
): Promise<{ status: number; signal: string; failure: string }> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const failure = error.code === 'ENOENT' ? `there is no command ${command} on the node` : error.message;
      resolve({ status: 127, signal: '', failure });
    });
    child.once('close', (status, signal) =>
      resolve({ status: status ?? 0, signal: signal ?? '', failure: '' }),
    );
  });
}

async function forward(stream: Readable | null, send: (data: Buffer) => Promise<boolean>): Promise<void> {
  if (stream === null) return;
  try {
    for await (const data of stream) await send(data as Buffer);
  } catch {
    // The command closed its end in a hurry; its exit status tells the rest.
  }
}

async function feed(channel: Channel, child: ChildProcess): Promise<void> {
  child.stdin?.on('error', () => {
    // The command no longer reads; what was meant for it is lost, as with a pipe.
  });
  try {
    for await (const input of channel.received) {
      if (input.kind === 'stdin') child.stdin?.write(input.data);
      else if (input.kind === 'stdin-closed') child.stdin?.end();
      else child.kill(input.signal);
    }
    child.stdin?.end();
  } catch {
    child.kill('SIGHUP');
  }
}
