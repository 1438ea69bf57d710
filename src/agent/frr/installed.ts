import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { DAEMONS, type DaemonName } from '../../model/routing-state.ts';
import { FRR_PROGRAM_DIRECTORY } from './daemon-catalogue.ts';

/** What of FRR this machine has. */
export interface InstalledFrr {
  /** Such as `8.4.4`; empty where FRR is not installed. */
  readonly version: string;
  readonly daemons: readonly DaemonName[];
  /** The user and group that FRR's daemons run as; root's where there are none. */
  readonly uid: number;
  readonly gid: number;
}

export async function readInstalledFrr(): Promise<InstalledFrr> {
  const daemons = DAEMONS.filter((daemon) => existsSync(`${FRR_PROGRAM_DIRECTORY}/${daemon}`));
  return {
    version: daemons.includes('zebra') ? await readVersion() : '',
    daemons,
    uid: readId('/etc/passwd', 'frr'),
    gid: readId('/etc/group', 'frr'),
  };
}

async function readVersion(): Promise<string> {
  const { stdout } = await promisify(execFile)(`${FRR_PROGRAM_DIRECTORY}/zebra`, ['--version']);
  return /version (\d+(?:\.\d+)*)/.exec(stdout)?.[1] ?? '';
}

/** Number of a user or a group: the third field of its line, passwd(5) and group(5). */
function readId(path: string, name: string): number {
  const line = readFileSync(path, 'utf8')
    .split('\n')
    .find((candidate) => candidate.startsWith(`${name}:`));
  return Number(line?.split(':')[2] ?? 0);
}
