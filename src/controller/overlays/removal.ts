import type { NodeStatus } from '../../model/status.ts';
import { describeRouters } from '../../planner/overlay-view.ts';
import type { Store } from '../store/store.ts';
import { nodesOfRouters } from './health.ts';
import type { Inventory, StoredOverlay } from './inventory.ts';
import { DESIRED, OVERLAYS, type OverlayRecord, USED } from './record.ts';

/** Marks an overlay as no longer wanted; null when there is none of the name, `overtaken` when it changed meanwhile. */
export async function markDeleting(
  name: string,
  store: Store,
  inventory: Inventory,
  now: Date,
): Promise<'marked' | 'already' | 'absent' | 'overtaken'> {
  const stored = inventory.overlays.get(name);
  if (stored === undefined) return 'absent';
  if (stored.deleting) return 'already';
  const { overlay, plan, createdAt } = stored;
  const record: OverlayRecord = { overlay, plan, createdAt, changedAt: now.toISOString(), deleting: true };
  const { ok } = await store.commit({
    compare: [{ key: OVERLAYS + name, modRevision: stored.revision }],
    puts: [
      { key: OVERLAYS + name, value: JSON.stringify(record) },
      { key: DESIRED, value: '' },
    ],
    deletes: [],
  });
  return ok ? 'marked' : 'overtaken';
}

/**
 * Forgets nodes that have nothing of an overlay any more although they had, and the overlay itself when it is
 * no longer wanted and on no node. Returns the names of those that are gone.
 */
export async function sweep(
  store: Store,
  inventory: Inventory,
  statusOf: (node: string) => NodeStatus | null,
): Promise<string[]> {
  const gone: string[] = [];
  for (const stored of [...inventory.overlays.values()]) {
    const left = stored.used.filter((node) => mayHave(stored, node, statusOf(node)));
    const compare = [OVERLAYS, USED].map((prefix) => {
      const key = prefix + stored.name;
      return { key, modRevision: inventory.revisionOf(key) };
    });
    if (stored.deleting && left.length === 0) {
      const deletes = compare.map(({ key }) => key);
      const { ok } = await store.commit({ compare, puts: [], deletes });
      if (ok) gone.push(stored.name);
    } else if (left.length < stored.used.length) {
      await store.commit({
        compare,
        puts: [{ key: USED + stored.name, value: JSON.stringify(left) }],
        deletes: [],
      });
    }
  }
  return gone;
}

/** Only what a node said after it had reconciled the overlay's last change counts as a proof. */
function mayHave(stored: StoredOverlay, node: string, status: NodeStatus | null): boolean {
  if (!stored.deleting && isOn(stored, node)) return true;
  if (status === null || status.revision < stored.revision) return true;
  return status.overlays.some(({ name, environments }) => name === stored.name && environments.length > 0);
}

function isOn({ overlay, plan }: StoredOverlay, node: string): boolean {
  return nodesOfRouters(describeRouters(overlay, plan)).includes(node);
}
