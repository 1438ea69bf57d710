import type { NodeStatus } from '../../model/status.ts';
import { nodesOfOverlay } from '../../planner/overlay-view.ts';
import { neededBy } from '../../planner/underlay-order.ts';
import type { Store, Transaction } from '../store/store.ts';
import type { Inventory, StoredOverlay } from './inventory.ts';
import { CONVERGED, DESIRED, OVERLAYS, type OverlayRecord, SECRETS, USED } from './record.ts';
import { directRidersOf, isWanted } from './riders.ts';

/** Marks overlays as no longer wanted, all in one commit; `overtaken` when one of them changed meanwhile. */
export async function markDeleting(
  names: readonly string[],
  store: Store,
  inventory: Inventory,
  now: Date,
): Promise<'marked' | 'overtaken'> {
  const keys = [...names.map((name) => OVERLAYS + name), DESIRED];
  const { ok } = await store.commit({
    compare: unchanged(keys, inventory),
    puts: [...putDeleting(names, inventory, now), { key: DESIRED, value: '' }],
    deletes: [],
  });
  return ok ? 'marked' : 'overtaken';
}

/**
 * Forgets nodes that have nothing of an overlay any more although they had, and the overlay itself when it is
 * no longer wanted and on no node; what it was the last to need, and is to go too, is next. Returns the names of
 * those that are gone.
 */
export async function sweep(
  store: Store,
  inventory: Inventory,
  statusOf: (node: string) => NodeStatus | null,
): Promise<string[]> {
  const gone: string[] = [];
  for (const stored of [...inventory.overlays.values()]) {
    const left = stored.used.filter((node) => mayHave(stored, inventory, node, statusOf(node)));
    if (left.length === 0 && !isWanted(stored, inventory)) {
      if (await forget(stored, store, inventory)) gone.push(stored.name);
    } else if (left.length < stored.used.length) {
      await store.commit({
        compare: unchanged([OVERLAYS + stored.name, USED + stored.name], inventory),
        puts: [{ key: USED + stored.name, value: JSON.stringify(left) }],
        deletes: [],
      });
    }
  }
  return gone;
}

/** With a base that waited for it, whose record is written anew: its nodes take it down from this revision on. */
async function forget(
  { name, overlay }: StoredOverlay,
  store: Store,
  inventory: Inventory,
): Promise<boolean> {
  const deletes = [OVERLAYS + name, USED + name, SECRETS + name];
  const freed = neededBy(overlay).filter(
    (base) =>
      inventory.overlays.get(base)?.deleting === true &&
      directRidersOf(base, inventory).every((rider) => rider.name === name),
  );
  const { ok } = await store.commit({
    compare: unchanged([...deletes, ...freed.map((base) => OVERLAYS + base), DESIRED], inventory),
    puts:
      freed.length === 0 ? [] : [...putDeleting(freed, inventory, new Date()), { key: DESIRED, value: '' }],
    deletes: [...deletes, CONVERGED + name],
  });
  return ok;
}

function putDeleting(names: readonly string[], inventory: Inventory, now: Date): Transaction['puts'] {
  return names.flatMap((name) => {
    const stored = inventory.overlays.get(name);
    if (stored === undefined) return [];
    const { overlay, plan, createdAt } = stored;
    const record: OverlayRecord = { overlay, plan, createdAt, changedAt: now.toISOString(), deleting: true };
    return [{ key: OVERLAYS + name, value: JSON.stringify(record) }];
  });
}

function unchanged(keys: readonly string[], inventory: Inventory): Transaction['compare'] {
  return keys.map((key) => ({ key, modRevision: inventory.revisionOf(key) }));
}

/** Only what a node said after it had reconciled the overlay's last change counts as a proof. */
function mayHave(
  stored: StoredOverlay,
  inventory: Inventory,
  node: string,
  status: NodeStatus | null,
): boolean {
  if (isWanted(stored, inventory) && nodesOfOverlay(stored.plan).includes(node)) return true;
  if (status === null || status.revision < stored.revision) return true;
  return status.overlays.some(({ name, environments }) => name === stored.name && environments.length > 0);
}
