import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync } from 'node:fs';
import type { DaemonName } from '../../model/routing-state.ts';
import { VinetError } from '../../model/vinet-error.ts';
import { CHECK_PREFIX, daemonFilesOf, pathspaceOf, RUN_DIRECTORY } from './pathspace.ts';
import { type FrrOwner, makeFolders, removeFolders, removeScratch, writeConfig } from './pathspace-files.ts';
import { findRejections } from './rejections.ts';

const STALE_MS = 60_000;

/**
 * Has FRR's own parser read a configuration (`-C`). FRR carries the lines out while it reads and its exit status
 * is 0 whatever they say, so this happens in a network namespace of its own (unshare(1)) and in a pathspace of
 * its own, and what it writes is read. Returns FRR's words about refused lines, or null.
 */
export async function checkConfig(
  daemon: DaemonName,
  config: string,
  owner: FrrOwner,
  deadlineMs: number,
): Promise<string | null> {
  const pathspace = pathspaceOf(`${CHECK_PREFIX}${randomBytes(6).toString('hex')}`);
  const files = daemonFilesOf(pathspace, daemon);
  try {
    makeFolders(pathspace, owner);
    writeConfig(files.config, withoutModuleLines(config), owner);
    const argv = [
      '--net',
      '--',
      files.program,
      '-N',
      pathspace.name,
      '-C',
      '-f',
      files.config,
      '-i',
      files.pid,
    ];
    const { pid, failure, output } = await run('unshare', argv, deadlineMs);
    removeScratch(daemon, pid);
    const rejections = findRejections(output);
    if (rejections === null && failure !== null) {
      throw new VinetError('daemon-failed', `${daemon} cannot check its configuration: ${output.trim()}`, {
        cause: failure,
        context: { daemon },
      });
    }
    return rejections;
  } finally {
    await removeFolders(pathspace);
  }
}

/**
 * zebra dies of its module's own lines when it only checks (seen with 8.4), and without the module does not know
 * them. Lines keep their numbers.
 */
function withoutModuleLines(config: string): string {
  return config.replace(/^fpm .*$/gm, '!');
}

/** Removes what checks left that were cut off; younger ones may be another agent's and still run. */
export async function removeStaleChecks(): Promise<void> {
  for (const name of readFolder(RUN_DIRECTORY)) {
    if (!name.startsWith(CHECK_PREFIX)) continue;
    const pathspace = pathspaceOf(name);
    const folder = lstatSync(pathspace.runDirectory, { throwIfNoEntry: false });
    if (folder !== undefined && Date.now() - folder.mtimeMs > STALE_MS) await removeFolders(pathspace);
  }
}

function run(
  command: string,
  argv: readonly string[],
  timeout: number,
): Promise<{ pid: number; failure: Error | null; output: string }> {
  return new Promise((resolve) => {
    const options = { timeout, killSignal: 'SIGKILL', cwd: '/' } as const;
    const child = execFile(command, argv, options, (failure, stdout, stderr) => {
      resolve({ pid: child.pid ?? 0, failure, output: stdout + stderr });
    });
  });
}

function readFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
