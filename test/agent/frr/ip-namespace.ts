import { execFileSync } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { DetachedProcesses } from '../../../src/agent/kernel/detached-processes.ts';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import { NetworkThread } from '../../../src/agent/kernel/network-thread.ts';
import { loadSystemCalls } from '../../../src/agent/kernel/system-calls.ts';

/** A namespace made by ip(8), with as much of the port as FRR needs. */
export interface IpNamespace {
  readonly namespace: Namespace;
  ip(...argv: string[]): string;
  delete(): void;
}

export function makeIpNamespace(name: string): IpNamespace {
  ip('netns', 'add', name);
  ip('-n', name, 'link', 'set', 'lo', 'up');
  const fd = openSync(`/run/netns/${name}`, 'r');
  const thread = new NetworkThread(loadSystemCalls());
  const processes = new DetachedProcesses(thread);
  const part: Pick<Namespace, 'name' | 'inode' | 'startDetached'> = {
    name,
    inode: fstatSync(fd).ino,
    startDetached: (...call) => processes.start(fd, ...call),
  };
  return {
    namespace: part as Namespace,
    ip: (...argv) => ip('-n', name, ...argv),
    delete() {
      processes.close();
      thread.close();
      closeSync(fd);
      ip('netns', 'delete', name);
    },
  };
}

export function ip(...argv: string[]): string {
  return execFileSync('ip', argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
