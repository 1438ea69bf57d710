import { Type } from 'typebox';
import { MEMBER_NAME, OVERLAY_NAME } from '../../model/names.ts';
import { VinetError } from '../../model/vinet-error.ts';
import {
  describeHosts,
  describeRouters,
  type HostDescription,
  type RouterDescription,
} from '../../planner/overlay-view.ts';
import type { Inventory, StoredOverlay } from '../overlays/inventory.ts';

/** Names as they come in paths and queries. */
export const OverlayName = Type.String({ pattern: OVERLAY_NAME });
export const MemberName = Type.String({ pattern: MEMBER_NAME });
/** `r1-r2`, or `r1-r2.2` of the second one between the same members. */
export const LinkName = Type.String({ pattern: '^[a-z][a-z0-9-]{0,30}(\\.[0-9]{1,5})?$' });
export const OverlayParams = Type.Object({ name: OverlayName });

/** Fails with `not-found`. */
export function overlayOf(inventory: Inventory, name: string): StoredOverlay {
  const stored = inventory.overlays.get(name);
  if (stored === undefined) throw new VinetError('not-found', `there is no overlay ${name}`);
  return stored;
}

/** Fails with `not-found`. */
export function routerOf(stored: StoredOverlay, router: string): RouterDescription {
  const found = describeRouters(stored.overlay, stored.plan).find(({ name }) => name === router);
  if (found === undefined)
    throw new VinetError('not-found', `overlay ${stored.name} has no router ${router}`);
  return found;
}

/** A router or host. Fails with `not-found`. */
export function memberOf(stored: StoredOverlay, member: string): HostDescription {
  const { overlay, plan } = stored;
  const all = [...describeRouters(overlay, plan), ...describeHosts(overlay, plan)];
  const found = all.find(({ name }) => name === member);
  if (found === undefined)
    throw new VinetError('not-found', `overlay ${stored.name} has no router or host ${member}`);
  return found;
}
