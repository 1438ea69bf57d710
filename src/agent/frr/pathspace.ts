import { VinetError } from '../../model/vinet-error.ts';
import { FRR_PROGRAM_DIRECTORY } from './daemon-catalogue.ts';

export const RUN_DIRECTORY = '/var/run/frr';
/** Where each of FRR's processes has a folder `DAEMON.PID` for buffers of its log and a crash's account. */
export const SCRATCH_DIRECTORY = '/var/tmp/frr';
const CONFIG_DIRECTORY = '/etc/frr';
const PATHSPACE_NAME = /^[a-z][a-z0-9_-]{0,99}$/;
const PROGRAM_NAME = /^[a-z][a-z0-9]{0,31}$/;

/** Pathspaces in which configurations are only checked; no router's name begins so, for it holds a `_`. */
export const CHECK_PREFIX = 'vinet-check-';

/** Where FRR's `-N NAME` looks for what belongs to one router. */
export interface Pathspace {
  readonly name: string;
  /** Sockets, process ids and logs; FRR writes here. */
  readonly runDirectory: string;
  /** Configuration; only root writes here. */
  readonly configDirectory: string;
  /** zebra's socket for the other daemons. */
  readonly zebraSocket: string;
  readonly vtyshConfig: string;
}

export interface DaemonFiles {
  readonly program: string;
  readonly config: string;
  readonly pid: string;
  readonly vty: string;
  readonly log: string;
}

/** Fails with `bad-name` for whatever could be a path or a flag. */
export function pathspaceOf(name: string): Pathspace {
  if (!PATHSPACE_NAME.test(name)) {
    throw new VinetError('bad-name', `not a pathspace's name: ${JSON.stringify(name)}`);
  }
  const runDirectory = `${RUN_DIRECTORY}/${name}`;
  const configDirectory = `${CONFIG_DIRECTORY}/${name}`;
  return {
    name,
    runDirectory,
    configDirectory,
    zebraSocket: `${runDirectory}/zserv.api`,
    vtyshConfig: `${configDirectory}/vtysh.conf`,
  };
}

/** Fails with `bad-name` for whatever could be a path or a flag. */
export function daemonFilesOf(pathspace: Pathspace, daemon: string): DaemonFiles {
  if (!PROGRAM_NAME.test(daemon)) {
    throw new VinetError('bad-name', `not a daemon's name: ${JSON.stringify(daemon)}`);
  }
  return {
    program: `${FRR_PROGRAM_DIRECTORY}/${daemon}`,
    config: `${pathspace.configDirectory}/${daemon}.conf`,
    pid: `${pathspace.runDirectory}/${daemon}.pid`,
    vty: `${pathspace.runDirectory}/${daemon}.vty`,
    log: `${pathspace.runDirectory}/${daemon}.log`,
  };
}

export function isProgramName(name: string): boolean {
  return PROGRAM_NAME.test(name);
}
