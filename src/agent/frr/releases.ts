import type { DaemonName } from '../../model/routing-state.ts';

/** What of FRR differs from release to release, as far as the agent has to know. */
export interface FrrRelease {
  /** The first release that is so: `9.0`. */
  readonly since: string;
  /**
   * Daemons that mgmtd reads and keeps the configuration of: it is started beside zebra and told their lines, by its
   * own file and socket. They take no file of their own (`-f`), and there is no dry run (`-C`) for what they are told.
   */
  readonly managed: readonly DaemonName[];
  /** mgmtd has to be told, as zebra is, that namespaces are VRFs: else both of them lose the connection. */
  readonly mgmtdHasVrfs: boolean;
  /** Whether this version of vinet was tried with it. */
  readonly isTried: boolean;
}

const FIRST: FrrRelease = { since: '8.0', managed: [], mgmtdHasVrfs: false, isTried: false };

/** From FRR's release notes, its manual and its sources; the newest last. What stands in comments needs nothing here. */
export const FRR_RELEASES: readonly FrrRelease[] = [
  // Keys of OSPFv3 (RFC 7166) come with 8.3: until then ospf6d refuses a candidate that has any.
  FIRST,
  // Of this release alone the paths of the gRPC northbound are written down (northbound/yang-words).
  { ...FIRST, since: '8.4', isTried: true },
  { ...FIRST, since: '8.5' },
  // The short form of zebra's --vrfwnetns changes from -n to -w, so the long one is used.
  { since: '9.0', managed: ['staticd'], mgmtdHasVrfs: false, isTried: false },
  // `bgp enforce-first-as` is on unless said: every router here puts its own AS first. A daemon's own addresses become
  // local routes, which are no decisions of a routing protocol. FRR itself writes no file of a single daemon any
  // more: here all of them are the agent's.
  { since: '10.0', managed: ['staticd', 'ripd', 'ripngd'], mgmtdHasVrfs: true, isTried: false },
];

/** Below this, and from the major release after the newest known one on. */
const OLDEST = FIRST.since;
const UNKNOWN_FROM = '11.0';

/** The row of a release; of one that is older than all the first. */
export function releaseOf(version: string): FrrRelease {
  return FRR_RELEASES.findLast(({ since }) => isAtLeast(version, since)) ?? FIRST;
}

/** Why nothing can be run with a release; empty where it can. */
export function refuseRelease(version: string): string {
  if (version === '' || isAtLeast(version, OLDEST)) return '';
  return `FRR ${version} is too old: from ${OLDEST} on OSPFv3 has VRFs and its areas stand with the interfaces, as they are written here; install 8.4 or newer`;
}

/** What an operator should know of a release that is used all the same; empty where there is nothing. */
export function warnOfRelease(version: string): string {
  if (version === '' || refuseRelease(version) !== '') return '';
  if (isAtLeast(version, UNKNOWN_FROM))
    return `FRR ${version} is newer than this version of vinet, which takes it for a ${FRR_RELEASES.at(-1)?.since ?? ''}`;
  const { isTried, managed } = releaseOf(version);
  if (isTried) return '';
  const mgmtd = managed.length === 0 ? '' : ` (${managed.join(', ')} by mgmtd)`;
  return `FRR ${version} is used by what its documents say${mgmtd}; this version of vinet was tried with 8.4`;
}

/**
 * What the daemons of a router are told, as a release wants it: where mgmtd has the configuration of some, it comes
 * second, right behind zebra, and is told theirs.
 */
export function underMgmtd(
  configs: ReadonlyMap<DaemonName, string>,
  { managed }: FrrRelease,
): ReadonlyMap<DaemonName, string> {
  const theirs = managed.flatMap((daemon) => configs.get(daemon) ?? []);
  if (theirs.length === 0) return configs;
  const hostname = /^hostname .*$/m.exec(theirs[0] ?? '')?.[0] ?? '';
  const joined = theirs.map((config) => config.replace(/^hostname .*\n/m, '')).join('');
  const told = new Map<DaemonName, string>();
  for (const [daemon, config] of configs) {
    told.set(daemon, managed.includes(daemon) ? `${hostname}\n` : config);
    if (daemon === 'zebra') told.set('mgmtd', `${hostname}\n${joined}`);
  }
  return told;
}

/** Whether a daemon reads a file of its own that it is told of (`-f`), and can check one (`-C`). */
export function readsOwnFile(daemon: DaemonName, { managed }: FrrRelease): boolean {
  return daemon !== 'mgmtd' && !managed.includes(daemon);
}

function isAtLeast(version: string, other: string): boolean {
  const [one, two] = [version, other].map((text) => text.split('.').map(Number));
  for (let at = 0; at < 2; at += 1) {
    const difference = (one?.[at] ?? 0) - (two?.[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
