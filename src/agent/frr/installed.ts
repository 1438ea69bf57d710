import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { DAEMONS, type DaemonName } from '../../model/routing-state.ts';
import { FRR_PROGRAM_DIRECTORY } from './daemon-catalogue.ts';
import { refuseRelease, releaseOf } from './releases.ts';

/** What of FRR this machine has. */
export interface InstalledFrr {
  /** Such as `8.4.4`; empty where FRR is not installed. */
  readonly version: string;
  /** Those that can be used: none of a release that is too old, and of a newer one only with the mgmtd that they need. */
  readonly daemons: readonly DaemonName[];
  /** The user and group that FRR's daemons run as; root's where there are none. */
  readonly uid: number;
  readonly gid: number;
  /** Path of the module that serves FRR's northbound by gRPC; null where FRR was built without. */
  readonly grpcModule: string | null;
}

/** @param folders where FRR's modules are looked for */
export async function readInstalledFrr(folders: readonly string[]): Promise<InstalledFrr> {
  const isThere = (daemon: DaemonName) => existsSync(`${FRR_PROGRAM_DIRECTORY}/${daemon}`);
  const version = isThere('zebra') ? await readVersion() : '';
  const { managed } = releaseOf(version);
  const isUsable = (daemon: DaemonName) => isThere(daemon) && (!managed.includes(daemon) || isThere('mgmtd'));
  return {
    version,
    daemons: refuseRelease(version) === '' ? DAEMONS.filter(isUsable) : [],
    uid: readId('/etc/passwd', 'frr'),
    gid: readId('/etc/group', 'frr'),
    grpcModule: findModule(folders, 'grpc.so'),
  };
}

async function readVersion(): Promise<string> {
  const { stdout } = await promisify(execFile)(`${FRR_PROGRAM_DIRECTORY}/zebra`, ['--version']);
  return /version (\d+(?:\.\d+)*)/.exec(stdout)?.[1] ?? '';
}

/** Where distributions put FRR's modules: Debian below the folder of the machine's kind, others below one of these. */
export function usualModuleFolders(): string[] {
  const roots = ['/usr/lib', '/usr/lib64', ...readFolders('/usr/lib').map((name) => `/usr/lib/${name}`)];
  return roots.map((root) => `${root}/frr/modules`);
}

function readFolders(path: string): string[] {
  const isMachine = /^[a-z0-9_]+-linux-/;
  return existsSync(path) ? readdirSync(path).filter((name) => isMachine.test(name)) : [];
}

function findModule(folders: readonly string[], name: string): string | null {
  return folders.map((folder) => `${folder}/${name}`).find((path) => existsSync(path)) ?? null;
}

/** Number of a user or a group: the third field of its line, passwd(5) and group(5). */
function readId(path: string, name: string): number {
  const line = readFileSync(path, 'utf8')
    .split('\n')
    .find((candidate) => candidate.startsWith(`${name}:`));
  return Number(line?.split(':')[2] ?? 0);
}
