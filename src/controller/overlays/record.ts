import type { Overlay } from '../../model/overlay.ts';
import type { OverlayPlan } from '../../planner/overlay-plan.ts';

/** What stands in the store under which key, as JSON. `nodes/NAME` is the Node as its agent last registered. */
export const NODES = 'nodes/';
export const SEEN = 'seen/';
export const OVERLAYS = 'overlays/';
export const USED = 'used/';

/**
 * Written, empty, by every commit that changes what any node should be: the revision of this key is the
 * revision of the desired state.
 */
export const DESIRED = 'desired';

/** `overlays/NAME`. The revision of the key is the revision of the overlay's last change. */
export interface OverlayRecord {
  readonly overlay: Overlay;
  readonly plan: OverlayPlan;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly changedAt: string;
  /** No longer wanted; the record goes when no node has anything of it any more. */
  readonly deleting: boolean;
}

/** `used/NAME`: nodes that have, or may still have, something of the overlay, sorted. */
export type UsedRecord = readonly string[];

/** `seen/NAME`: when its agent last came or went, RFC 3339, UTC. */
export type SeenRecord = string;
