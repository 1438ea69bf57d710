import type { Change } from '../../model/change.ts';

/**
 * Namespaces that are not yet what they should be. One that only lacks lines of its hosts file stands: nothing in it
 * depends on them.
 */
export function unsettledNamespaces(changes: readonly Change[]): ReadonlySet<string> {
  return new Set(changes.flatMap(({ kind, namespace }) => (kind === 'set-hosts' ? [] : [namespace])));
}
