import type { PlannedOverlay } from '../../planner/node-states.ts';
import { basesOf } from '../../planner/underlay-order.ts';
import type { Inventory, StoredOverlay } from './inventory.ts';

/** Overlays that ride on the one of this name themselves, also those that are being deleted; sorted by name. */
export function directRidersOf(name: string, { overlays }: Inventory): StoredOverlay[] {
  return [...overlays.values()]
    .filter(({ overlay }) => basesOf(overlay).includes(name))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Whether nodes are to have it: an overlay that is being deleted carries those that ride on it to their end. */
export function isWanted(stored: StoredOverlay, inventory: Inventory): boolean {
  return !stored.deleting || directRidersOf(stored.name, inventory).length > 0;
}

/** A stored overlay with all that the planner needs of it. */
export function plannedOf({ name, overlay, plan }: StoredOverlay, { secrets }: Inventory): PlannedOverlay {
  return { overlay, plan, secrets: secrets.get(name) ?? null };
}
