import type { DaemonName } from '../../model/node-state.ts';

export const FRR_PROGRAM_DIRECTORY = '/usr/lib/frr';

/** The daemons that vinet runs, in the order in which they are started. */
export const DAEMONS: readonly DaemonName[] = ['zebra', 'ospfd', 'staticd'];

export function isDaemonName(name: string): name is DaemonName {
  return (DAEMONS as readonly string[]).includes(name);
}

/**
 * What each daemon is given besides its files. zebra leaves its routes in the kernel when it ends (`-r`) and
 * gives the protocols 60 s to announce them anew before it removes what it found (`-K`), so that packets go on.
 */
export const DAEMON_FLAGS: Readonly<Record<DaemonName, readonly string[]>> = {
  zebra: ['-K', '60', '-r'],
  ospfd: [],
  staticd: [],
};
