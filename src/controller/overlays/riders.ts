import { VinetError } from '../../model/vinet-error.ts';
import type { PlannedOverlay } from '../../planner/node-states.ts';
import { homesOf, neededBy } from '../../planner/underlay-order.ts';
import type { Inventory, StoredOverlay } from './inventory.ts';

/**
 * Overlays that ride on the one of this name themselves or have hosts of it, also those that are being deleted; sorted
 * by name.
 */
export function directRidersOf(name: string, { overlays }: Inventory): StoredOverlay[] {
  return [...overlays.values()]
    .filter(({ overlay }) => neededBy(overlay).includes(name))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Whether nodes are to have it: an overlay that is being deleted carries those that need it to their end. */
export function isWanted(stored: StoredOverlay, inventory: Inventory): boolean {
  return !stored.deleting || directRidersOf(stored.name, inventory).length > 0;
}

/** A stored overlay with all that the planner needs of it. */
export function plannedOf({ name, overlay, plan }: StoredOverlay, { secrets }: Inventory): PlannedOverlay {
  return { overlay, plan, secrets: secrets.get(name) ?? null };
}

/** All that nodes are to have, by name, sorted. */
export function wantedOverlays(inventory: Inventory): Map<string, PlannedOverlay> {
  const wanted = [...inventory.overlays.values()].filter((stored) => isWanted(stored, inventory));
  return new Map(
    wanted
      .toSorted((one, other) => (one.name < other.name ? -1 : 1))
      .map((stored) => [stored.name, plannedOf(stored, inventory)]),
  );
}

/** Why an overlay cannot be deleted by itself. */
export function hasRiders(name: string, riders: readonly string[], { overlays }: Inventory): VinetError {
  const isAlone = riders.length === 1;
  const ways = riders.flatMap((rider) => {
    const overlay = overlays.get(rider)?.overlay;
    return overlay !== undefined && homesOf(overlay).includes(name) ? 'host' : 'ride';
  });
  const ride = isAlone ? 'rides on' : 'ride on';
  const verb = !ways.includes('host')
    ? ride
    : `${ways.includes('ride') ? `${ride} or ` : ''}${isAlone ? 'has' : 'have'} hosts of`;
  return new VinetError(
    'has-riders',
    `${riders.join(', ')} ${verb} overlay ${name}: delete ${isAlone ? 'it' : 'them'} first, or all with --cascade`,
  );
}
