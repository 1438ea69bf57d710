import type { EnvironmentRole } from './node-state.ts';

/** What an agent reports: how each environment of its node fares. */
export interface NodeStatus {
  /** Revision of the desired state that was last reconciled without a failure left; 0 before the first. */
  readonly revision: number;
  readonly overlays: readonly OverlayNodeStatus[];
}

export interface OverlayNodeStatus {
  readonly name: string;
  readonly environments: readonly EnvironmentStatus[];
  /** The latest route changes of this node's routers, in ms before now; null where zebra told of none yet. */
  readonly routeChanges: { readonly firstAgoMs: number; readonly lastAgoMs: number } | null;
  /** IPsec's keys of which the node had associations that are gone, by the lowest four bits of their generation. */
  readonly lostGenerations: readonly number[];
}

export type EnvironmentPhase =
  /** Wanted and not there yet, or being changed. */
  | 'pending'
  /** As declared; routes are still missing. */
  | 'converging'
  /** As declared, with a route to every destination. */
  | 'ready'
  /** The last attempt failed; `message` says why, and it is tried again. */
  | 'failed'
  /** No longer wanted, not yet gone. */
  | 'removing';

export interface EnvironmentStatus {
  readonly name: string;
  readonly role: EnvironmentRole;
  readonly namespace: string;
  readonly phase: EnvironmentPhase;
  readonly message: string;
  readonly routes: { readonly have: number; readonly want: number };
  /** Routing neighbours whose routes are used, of those that the topology says, over all protocols. */
  readonly neighbors: { readonly have: number; readonly want: number };
  readonly daemons: readonly DaemonStatus[];
}

export interface DaemonStatus {
  readonly daemon: string;
  /** 0 when it is not running. */
  readonly pid: number;
  readonly restarts: number;
  /** Lines of its configuration that somebody else has changed. */
  readonly drift: number;
  /** It runs another program than the one that is installed now: FRR's package was upgraded since. */
  readonly outdated: boolean;
}

export type OverlayPhase = 'deploying' | 'converging' | 'ready' | 'degraded' | 'deleting';

export const EVENT_KINDS = [
  'overlay-applied',
  'overlay-ready',
  'overlay-degraded',
  'overlay-deleting',
  'overlay-deleted',
  'keys-lost',
  'keys-rotated',
  'node-joined',
  'node-left',
  'daemon-died',
  'daemon-started',
  'drift-repaired',
  'config-drift',
  'config-agrees',
  'reconcile-failed',
  'link-mtu-exceeded',
  'route-missing',
  'route-stray',
  'routes-agree',
  'frr-outdated',
  'frr-upgraded',
] as const;

/** Something that an operator may want to know happened. */
export interface VinetEvent {
  /** Of the controller's log; grows by one. 0 until the controller has numbered it. */
  readonly id: number;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly kind: (typeof EVENT_KINDS)[number];
  /** Empty where the event is about no overlay or no node. */
  readonly overlay: string;
  readonly node: string;
  /** The router or segment; empty where there is none. */
  readonly member: string;
  readonly message: string;
}
