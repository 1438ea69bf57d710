import { DAEMONS, type DaemonName } from '../../model/routing-state.ts';

export const FRR_PROGRAM_DIRECTORY = '/usr/lib/frr';

export function isDaemonName(name: string): name is DaemonName {
  return name === 'mgmtd' || (DAEMONS as readonly string[]).includes(name);
}

/**
 * What each daemon is given besides its files. zebra leaves its routes in the kernel when it ends (`-r`) and
 * gives the protocols 60 s to announce them anew before it removes what it found (`-K`), so that packets go on. Its module streams its decisions (telemetry/fpm).
 */
export const DAEMON_FLAGS: Readonly<Record<DaemonName, readonly string[]>> = {
  zebra: ['-K', '60', '-r', '-M', 'dplane_fpm_nl'],
  bfdd: [],
  staticd: [],
  ospfd: [],
  ospf6d: [],
  isisd: [],
  bgpd: [],
  ripd: [],
  ripngd: [],
  babeld: [],
  pimd: [],
  mgmtd: [],
};
