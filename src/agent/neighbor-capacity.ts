import { readFileSync, writeFileSync } from 'node:fs';
import { errorText } from '../model/vinet-error.ts';

/** Neighbour entries that a virtual router is reckoned with: those of its links, and as many being replaced. */
const ENTRIES_A_ROUTER = 16;

/**
 * All namespaces of a machine share one neighbour table of each family, and its limit (1,024 entries by default,
 * Documentation/networking/ip-sysctl, neigh/default/gc_thresh3) is reached by some hundred routers: packets are then
 * lost with "neighbor table overflow" in the kernel's log. Raises the limits where they are too low, never lowers.
 */
export function raiseNeighborLimits(routers: number, log: (message: string) => void): void {
  const wanted = routers * ENTRIES_A_ROUTER;
  for (const family of ['ipv4', 'ipv6'])
    for (const [name, value] of [
      ['gc_thresh3', wanted],
      ['gc_thresh2', Math.floor(wanted / 2)],
    ] as const)
      raise(`/proc/sys/net/${family}/neigh/default/${name}`, value, log);
}

function raise(file: string, wanted: number, log: (message: string) => void): void {
  try {
    const present = Number(readFileSync(file, 'utf8'));
    if (present >= wanted) return;
    writeFileSync(file, String(wanted));
    log(`raised ${file} from ${present} to ${wanted}: the neighbour table is shared by all namespaces`);
  } catch (error) {
    log(`cannot raise ${file} to ${wanted}, so many routers may lose packets: ${errorText(error)}`);
  }
}
