import { readFileSync } from 'node:fs';

/**
 * Packets that IPsec dropped in the namespace that the thread is in, by the kernel's names for the reasons
 * (`XfrmInStateSeqError`); empty where the kernel does not count them.
 */
export function readSecurityStatistics(): Map<string, number> {
  try {
    return parseSecurityStatistics(readFileSync('/proc/thread-self/net/xfrm_stat', 'utf8'));
  } catch {
    return new Map();
  }
}

/** Lines such as `XfrmInNoPols             0`; anything else is passed over. */
export function parseSecurityStatistics(text: string): Map<string, number> {
  return new Map(
    [...text.matchAll(/^(Xfrm\w+)\s+(\d+)\s*$/gm)].map(([, name = '', count]) => [name, Number(count)]),
  );
}
