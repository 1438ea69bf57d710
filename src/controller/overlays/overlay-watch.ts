import type { RouteBurst } from '../../model/route-burst.ts';
import type { NodeStatus, VinetEvent } from '../../model/status.ts';
import { describeRouters, nodesOfOverlay, type RouterDescription } from '../../planner/overlay-view.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { Convergence } from './convergence.ts';
import { assessHealth, type Health } from './health.ts';
import type { Inventory, StoredOverlay } from './inventory.ts';
import type { ConvergedRecord } from './record.ts';
import { directRidersOf } from './riders.ts';

/** Follows how overlays fare: measures convergence and says when one becomes ready or stops being so. */
export interface OverlayWatch {
  healthOf(name: string): WatchedHealth | null;
  /** Nodes that an overlay stands on, sorted; none where there is no such overlay. */
  nodesOf(name: string): readonly string[];
  /** The overlay's last change was acknowledged just now. */
  committed(name: string): void;
  /** Something that its health depends on may have changed. */
  reassess(name: string): void;
  /** The same for all overlays that stand on a node. */
  reassessNode(node: string): void;
  /** A node said how it fares. */
  reported(node: string, status: NodeStatus): void;
  forget(name: string): void;
}

export interface WatchedHealth extends Health {
  readonly nodes: readonly string[];
  /** From the acknowledged change to the last route of the last router, in ms; null until then. */
  readonly convergenceMs: number | null;
  /** The latest route changes anywhere in it, in ms of the clock; null where none is known of. */
  readonly routeChanges: RouteBurst | null;
}

export interface OverlayWatchParts {
  readonly inventory: Inventory;
  readonly fleet: Fleet;
  readonly emit: (event: Omit<VinetEvent, 'id' | 'time'>) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly clock: () => number;
  /** How long it took to converge was measured, for this revision of it. */
  readonly onConverged: (name: string, record: ConvergedRecord) => void;
}

export function createOverlayWatch(parts: OverlayWatchParts): OverlayWatch {
  const { inventory, fleet, emit, clock, onConverged } = parts;
  const tracks = new Map<string, Track>();

  /** A change of the overlay begins a new track, also when a restart of the controller hid its commit. */
  function trackOf(stored: StoredOverlay): Track {
    const known = tracks.get(stored.name);
    if (known?.revision === stored.revision) return known;
    const routers = describeRouters(stored.overlay, stored.plan);
    const before = inventory.converged.get(stored.name);
    const track: Track = {
      revision: stored.revision,
      routers,
      nodes: nodesOfOverlay(stored.plan),
      convergence: new Convergence(clock, before?.revision === stored.revision ? before.tookMs : null),
      wasReady: false,
      said: null,
    };
    tracks.set(stored.name, track);
    return track;
  }

  function assess(stored: StoredOverlay): { track: Track; health: Health } {
    const track = trackOf(stored);
    const health = assessHealth({
      stored,
      routers: track.routers,
      riders: directRidersOf(stored.name, inventory).map(({ name }) => name),
      isConnected: (node) => fleet.isConnected(node),
      statusOf: (node) => fleet.statusOf(node),
      seen: inventory.seen,
      wasReady: track.wasReady,
    });
    return { track, health };
  }

  function reassess(name: string): void {
    const stored = inventory.overlays.get(name);
    if (stored === undefined) return;
    const { track, health } = assess(stored);
    if (health.phase === 'ready' && !track.wasReady) {
      track.wasReady = true;
      track.convergence.ready();
    }
    save(name, track);
    if (health.phase === track.said || (health.phase !== 'ready' && health.phase !== 'degraded')) return;
    track.said = health.phase;
    emit({
      kind: health.phase === 'ready' ? 'overlay-ready' : 'overlay-degraded',
      overlay: name,
      node: '',
      member: '',
      message: health.phase === 'ready' ? explainReady(health, track) : health.message,
    });
  }

  function reassessNode(node: string): void {
    for (const stored of inventory.overlays.values()) {
      if (trackOf(stored).nodes.includes(node)) reassess(stored.name);
    }
  }

  function save(name: string, { revision, convergence }: Track): void {
    const { tookMs } = convergence;
    const known = inventory.converged.get(name);
    if (tookMs === null || (known?.revision === revision && known.tookMs === tookMs)) return;
    onConverged(name, { revision, tookMs });
  }

  return {
    healthOf(name) {
      const stored = inventory.overlays.get(name);
      if (stored === undefined) return null;
      const { track, health } = assess(stored);
      const { tookMs, latest } = track.convergence;
      return { ...health, nodes: track.nodes, convergenceMs: tookMs, routeChanges: latest };
    },
    nodesOf(name) {
      const stored = inventory.overlays.get(name);
      return stored === undefined ? [] : trackOf(stored).nodes;
    },
    committed(name) {
      const stored = inventory.overlays.get(name);
      if (stored !== undefined) trackOf(stored).convergence.committed();
    },
    reassess,
    reassessNode,
    reported(node, status) {
      for (const { name, routeChanges } of status.overlays)
        tracks.get(name)?.convergence.reported(node, routeChanges);
      reassessNode(node);
    },
    forget: (name) => void tracks.delete(name),
  };
}

interface Track {
  readonly revision: number;
  readonly routers: readonly RouterDescription[];
  readonly nodes: readonly string[];
  readonly convergence: Convergence;
  wasReady: boolean;
  /** The phase that the last event told of. */
  said: 'ready' | 'degraded' | null;
}

function explainReady({ routers }: Health, { convergence }: Track): string {
  const { tookMs } = convergence;
  const after = tookMs === null ? '' : ` after ${(tookMs / 1000).toFixed(2)} s`;
  return `all ${routers.total} routers have every route${after}`;
}
