import type { Overlay } from '../../model/overlay.ts';
import type { OverlayPlan } from '../../planner/overlay-plan.ts';
import type { OverlaySecrets } from '../../planner/overlay-secrets.ts';
import type { Store } from '../store/store.ts';

/** What stands in the store under which key, as JSON. `nodes/NAME` is the Node as its agent last registered. */
export const NODES = 'nodes/';
export const SEEN = 'seen/';
export const OVERLAYS = 'overlays/';
export const USED = 'used/';
export const CONVERGED = 'converged/';
/** Kept apart from what the API shows, so that no answer can hold it by mistake. */
export const SECRETS = 'secrets/';

/**
 * Written, empty, by every commit that changes what any node should be: the revision of this key is the
 * revision of the desired state.
 */
export const DESIRED = 'desired';

/** The upgrade of FRR that is under way; absent where there is none. */
export const UPGRADE = 'upgrade';

/** `overlays/NAME`. The revision of the key is the revision of the overlay's last change. */
export interface OverlayRecord {
  readonly overlay: Overlay;
  readonly plan: OverlayPlan;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly changedAt: string;
  /**
   * No longer wanted. While other overlays ride on it, it stays as it is until the last of them is gone; then the
   * nodes take it down, and the record goes when none has anything of it any more.
   */
  readonly deleting: boolean;
}

/** `secrets/NAME`, of an overlay with keys. The revision of the key is that of the last step of a rotation. */
export interface SecretsRecord extends OverlaySecrets {
  /** When the newest generation was made, RFC 3339, UTC. */
  readonly madeAt: string;
  /** Whether a rotation is under way: until every node has dropped all generations but one. */
  readonly rotating: boolean;
}

/** Daemons that are started anew together: a router's own, or those that an overlay's routers share on a node. */
export interface DaemonSet {
  readonly overlay: string;
  readonly node: string;
  readonly routers: readonly string[];
}

/**
 * `upgrade`. The revision of the key is that of its last step. A set is drained, then its daemons are renewed, then it
 * is given its traffic back.
 */
export interface UpgradeRecord {
  /** The first one is under way. */
  readonly sets: readonly DaemonSet[];
  readonly step: 'drain' | 'renew' | 'restore';
  /** Sets that are done with. */
  readonly done: number;
}

/** `used/NAME`: nodes that have, or may still have, something of the overlay, sorted. */
export type UsedRecord = readonly string[];

/** `seen/NAME`: when its agent last came or went, RFC 3339, UTC. */
export type SeenRecord = string;

/** `converged/NAME`: from an acknowledged change of the overlay to its last route, in ms. */
export interface ConvergedRecord {
  /** Of the change, as the overlay's own. */
  readonly revision: number;
  readonly tookMs: number;
}

/** Unless the overlay has changed meanwhile. */
export async function noteConverged(store: Store, name: string, record: ConvergedRecord): Promise<void> {
  await store.commit({
    compare: [{ key: OVERLAYS + name, modRevision: record.revision }],
    puts: [{ key: CONVERGED + name, value: JSON.stringify(record) }],
    deletes: [],
  });
}
