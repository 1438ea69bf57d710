import { execFileSync, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';

/**
 * A namespace made by ip(8), with as much of the port as FRR needs. `ip netns exec` becomes the command that it
 * is given, so the process keeps its number.
 */
export interface IpNamespace {
  readonly namespace: Namespace;
  ip(...argv: string[]): string;
  delete(): void;
}

export function makeIpNamespace(name: string): IpNamespace {
  ip('netns', 'add', name);
  ip('-n', name, 'link', 'set', 'lo', 'up');
  const part: Pick<Namespace, 'name' | 'inode' | 'spawn'> = {
    name,
    inode: statSync(`/run/netns/${name}`).ino,
    spawn: (command, argv, options) => spawn('ip', ['netns', 'exec', name, command, ...argv], options),
  };
  return {
    namespace: part as Namespace,
    ip: (...argv) => ip('-n', name, ...argv),
    delete: () => ip('netns', 'delete', name),
  };
}

export function ip(...argv: string[]): string {
  return execFileSync('ip', argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
