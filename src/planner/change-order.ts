import type { Change } from '../model/change.ts';

/**
 * The order of changes and its reasons:
 * what goes away makes room for names, addresses and VNIs of what comes; a namespace must be there before its
 * links, and links before the daemons, which would otherwise configure themselves twice; links come up last,
 * since daemons that start while their neighbours already talk compute every intermediate topology.
 */
const ORDER: readonly Change['kind'][] = [
  'stop-daemon',
  'delete-namespace',
  'restore-namespace-name',
  'delete-link',
  'remove-remote',
  'remove-address',
  'create-namespace',
  'set-forwarding',
  'create-link',
  'set-link-alias',
  'set-link-mtu',
  'set-link-master',
  'add-remote',
  'add-address',
  'configure-daemon',
  'start-daemon',
  'set-link-up',
];

const RANK = new Map(ORDER.map((kind, index) => [kind, index]));

/** Changes of one kind keep the order in which they were found. */
export function orderChanges(changes: readonly Change[]): Change[] {
  return changes.toSorted((a, b) => (RANK.get(a.kind) ?? 0) - (RANK.get(b.kind) ?? 0));
}
