import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { VinetError } from '../../model/vinet-error.ts';
import {
  type DaemonFiles,
  daemonFilesOf,
  isProgramName,
  type Pathspace,
  SCRATCH_DIRECTORY,
} from './pathspace.ts';
import { readFrrProcess } from './process-table.ts';

/**
 * The files of a pathspace. All are small and lie in memory or in the page cache, so they are read and written
 * synchronously: that costs less than a detour through a pool of threads.
 */

/** The user and the group of FRR's daemons. */
export interface FrrOwner {
  readonly uid: number;
  readonly gid: number;
}

const MAX_LOG_BYTES = 256 * 1024;

/** Makes both folders: FRR writes sockets and process ids into one, and may only read the other. */
export function makeFolders(pathspace: Pathspace, owner: FrrOwner): void {
  makeFolder(pathspace.runDirectory, 0o755, owner);
  makeFolder(pathspace.configDirectory, 0o750, { uid: 0, gid: owner.gid });
}

/**
 * Writes a configuration that a reader sees either as it was or as it is. It belongs to root, so that neither
 * FRR nor an operator's `write memory` replaces what was declared.
 */
export function writeConfig(path: string, text: string, owner: FrrOwner): void {
  stageConfig(path, text, owner);
  commitConfig(path);
}

/** Writes the configuration beside the present one: the intention, until it is committed or dropped. */
export function stageConfig(path: string, text: string, owner: FrrOwner): void {
  dropStagedConfig(path);
  const file = openSync(stagedPath(path), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o640);
  try {
    fchownSync(file, 0, owner.gid);
    fchmodSync(file, 0o640);
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

export function commitConfig(path: string): void {
  renameSync(stagedPath(path), path);
}

export function dropStagedConfig(path: string): void {
  rmSync(stagedPath(path), { force: true });
}

/** What was intended and not committed; null when there is nothing. */
export function readStagedConfig(path: string): string | null {
  return existsSync(stagedPath(path)) ? readTextFile(stagedPath(path)) : null;
}

/** Without a file of its own, `vtysh -N` complains and shows the machine's name for the router's. */
export function writeVtyshConfig(pathspace: Pathspace, daemonConfig: string, owner: FrrOwner): void {
  const hostname = /^hostname (\S+)$/m.exec(daemonConfig)?.[1] ?? pathspace.name;
  const text = `! Written by vinet\nhostname ${hostname}\n`;
  if (readTextFile(pathspace.vtyshConfig) !== text) writeConfig(pathspace.vtyshConfig, text, owner);
}

/** An empty log, open for appending; the caller closes it. */
export function openLog(path: string, owner: FrrOwner): number {
  rmSync(path, { force: true });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND;
  const file = openSync(path, flags, 0o640);
  fchownSync(file, 0, owner.gid);
  return file;
}

/** FRR only ever appends: a log that has grown long is emptied in place. */
export function boundLog(path: string): void {
  const size = lstatSync(path, { throwIfNoEntry: false });
  if (size?.isFile() === true && size.size > MAX_LOG_BYTES) truncateSync(path);
}

/** Removes what a dead daemon leaves where the next one and vtysh would stumble over it. */
export function removeRuntimeFiles(pathspace: Pathspace, daemon: string): void {
  const files = daemonFilesOf(pathspace, daemon);
  removeScratch(daemon, readPid(files));
  rmSync(files.vty, { force: true });
  rmSync(files.pid, { force: true });
  if (daemon === 'zebra') rmSync(pathspace.zebraSocket, { force: true });
}

/**
 * A daemon that was killed leaves the folder of its log buffers. One that crashed left its own account of the
 * crash there, which stays for the operator, as a core file would.
 */
export function removeScratch(daemon: string, pid: number): void {
  if (pid === 0 || readFrrProcess(pid) !== null) return;
  const folder = `${SCRATCH_DIRECTORY}/${daemon}.${pid}`;
  if (!existsSync(`${folder}/crashlog`)) rmSync(folder, { recursive: true, force: true });
}

/** The daemon's configuration too: what is not declared any more is not observed any more. */
export function removeDaemonFiles(pathspace: Pathspace, daemon: string): void {
  const files = daemonFilesOf(pathspace, daemon);
  removeRuntimeFiles(pathspace, daemon);
  rmSync(files.log, { force: true });
  rmSync(files.config, { force: true });
  rmSync(takenPathOf(files.config), { force: true });
  dropStagedConfig(files.config);
}

/** Removes both folders. A symbolic link in the place of one is removed, never followed. */
export async function removeFolders(pathspace: Pathspace): Promise<void> {
  const folders = [pathspace.runDirectory, pathspace.configDirectory];
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
}

/** Names of the daemons that have a configuration, a process id or a socket here. */
export function listDaemonsWithFiles(pathspace: Pathspace): string[] {
  const daemons = new Set<string>();
  for (const name of listFolder(pathspace.configDirectory)) addStem(name, ['.conf'], daemons);
  for (const name of listFolder(pathspace.runDirectory)) addStem(name, ['.pid', '.vty'], daemons);
  daemons.delete('vtysh');
  return [...daemons];
}

/** What the file of the process id says; 0 when it says nothing. */
export function readPid(files: DaemonFiles): number {
  const text = readTextFile(files.pid).trim();
  return /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : 0;
}

/** Empty when there is no such file. */
export function readTextFile(path: string): string {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return readFileSync(file, 'utf8');
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}

/** Where what FRR showed of a configuration stands. */
export function takenPathOf(configPath: string): string {
  return `${configPath}.taken`;
}

function stagedPath(path: string): string {
  return `${path}.new`;
}

function makeFolder(path: string, mode: number, owner: FrrOwner): void {
  mkdirSync(path, { recursive: true });
  if (!lstatSync(path).isDirectory()) {
    throw new VinetError('unsafe-path', `${path} is not a folder`, { context: { path } });
  }
  const present = statSync(path);
  if (present.uid !== owner.uid || present.gid !== owner.gid) chownSync(path, owner.uid, owner.gid);
  if ((present.mode & 0o7777) !== mode) chmodSync(path, mode);
}

function listFolder(path: string): string[] {
  try {
    return lstatSync(path).isDirectory() ? readdirSync(path) : [];
  } catch {
    return [];
  }
}

function addStem(name: string, endings: readonly string[], stems: Set<string>): void {
  for (const ending of endings) {
    const stem = name.slice(0, -ending.length);
    if (name.endsWith(ending) && isProgramName(stem)) stems.add(stem);
  }
}
