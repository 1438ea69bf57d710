import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { NamespaceSpawnOptions } from './kernel.ts';
import type { NetworkThread } from './network-thread.ts';

/** Starts a process in the namespace of a descriptor; see `Namespace.spawn`. */
export function spawnInside(
  thread: NetworkThread,
  fd: number,
  command: string,
  argv: readonly string[],
  { etc, ...options }: NamespaceSpawnOptions,
): ChildProcess {
  const start = () => spawn(command, argv, options);
  const child = thread.inNamespace(fd, () => thread.withView({ etc }, start));
  // The agent may run at a higher priority, which is not for what it starts.
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_NORMAL);
  return child;
}
