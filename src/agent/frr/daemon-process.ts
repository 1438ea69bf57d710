import { setTimeout as delay } from 'node:timers/promises';
import { VinetError } from '../../model/vinet-error.ts';
import { daemonFilesOf, type Pathspace } from './pathspace.ts';
import { readPid } from './pathspace-files.ts';
import { isFrrProcess, type ProcessTable } from './process-table.ts';

const FIRST_LOOK_MS = 4;
const LONGEST_LOOK_MS = 64;
const KILL_DEADLINE_MS = 5_000;

/** The process that the daemon's own file names, if it lives and is that daemon; otherwise 0. */
export function findByPidFile(pathspace: Pathspace, daemon: string): number {
  const pid = readPid(daemonFilesOf(pathspace, daemon));
  return pid !== 0 && isFrrProcess(pid, daemon, pathspace.name) ? pid : 0;
}

/** Processes of the daemon, also those that its own file does not name. */
export async function findStrays(
  processes: ProcessTable,
  pathspace: Pathspace,
  daemon: string,
): Promise<number[]> {
  const found = await processes.find(pathspace.name, STRAY_AGE_MS);
  return found.flatMap(({ pid, daemon: other }) =>
    other === daemon && isFrrProcess(pid, daemon, pathspace.name) ? [pid] : [],
  );
}

/** How old a walk through /proc may be that only has to find daemons whose own files are gone. */
const STRAY_AGE_MS = 1_000;

/** Whether the daemon wrote its own file, and its process is gone. */
export function hasDied(pathspace: Pathspace, daemon: string): boolean {
  const pid = readPid(daemonFilesOf(pathspace, daemon));
  return pid !== 0 && !isFrrProcess(pid, daemon, pathspace.name);
}

/**
 * Ends a process and resolves once it is gone: SIGKILL at once, or when SIGTERM has not helped in time.
 * Each signal goes only to a process whose identity was read right before. Fails with `timeout`.
 */
export async function endProcess(
  pid: number,
  daemon: string,
  pathspace: string,
  how: 'terminate' | 'kill',
  terminateMs: number,
): Promise<void> {
  if (how === 'terminate' && (await signalAndWait(pid, daemon, pathspace, 'SIGTERM', terminateMs))) return;
  if (await signalAndWait(pid, daemon, pathspace, 'SIGKILL', KILL_DEADLINE_MS)) return;
  throw new VinetError('timeout', `${daemon} of ${pathspace} (process ${pid}) does not end`, {
    context: { daemon, pathspace, pid },
  });
}

async function signalAndWait(
  pid: number,
  daemon: string,
  pathspace: string,
  signal: 'SIGTERM' | 'SIGKILL',
  deadlineMs: number,
): Promise<boolean> {
  const until = performance.now() + deadlineMs;
  if (!isFrrProcess(pid, daemon, pathspace)) return true;
  sendSignal(pid, signal);
  for (
    let lookMs = FIRST_LOOK_MS;
    performance.now() < until;
    lookMs = Math.min(2 * lookMs, LONGEST_LOOK_MS)
  ) {
    await delay(lookMs);
    if (!isFrrProcess(pid, daemon, pathspace)) return true;
  }
  return false;
}

function sendSignal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
    if (!isGone) throw error;
  }
}
