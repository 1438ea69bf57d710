import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { OverlayPhase } from '../model/status.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { Inventory } from './overlays/inventory.ts';
import type { OverlayWatch } from './overlays/overlay-watch.ts';

export interface ControllerMetrics {
  readonly registry: Registry;
  applied(result: ApplyResultLabel): void;
  applyTook(seconds: number): void;
}

export type ApplyResultLabel = (typeof APPLY_RESULTS)[number];

const APPLY_RESULTS = ['created', 'changed', 'unchanged', 'refused', 'invalid'] as const;
const PHASES: readonly OverlayPhase[] = ['deploying', 'converging', 'ready', 'degraded', 'deleting'];

/** Gauges are read from the present state at each scrape, so the series of what is gone vanish with it. */
export function createMetrics(parts: {
  readonly inventory: Inventory;
  readonly fleet: Fleet;
  readonly watch: OverlayWatch;
}): ControllerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addOverlayGauges(registry, parts.inventory, parts.watch);
  addNodeGauge(registry, parts.inventory, parts.fleet);
  const applies = new Counter({
    name: 'vinet_applies_total',
    help: 'Overlays applied, by what came of it; dry runs are not counted',
    labelNames: ['result'],
    registers: [registry],
  });
  for (const result of APPLY_RESULTS) applies.inc({ result }, 0);
  const duration = new Histogram({
    name: 'vinet_apply_duration_seconds',
    help: 'From the request of an apply to its answer, when every node has promised and the change is stored',
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
    registers: [registry],
  });
  return {
    registry,
    applied: (result) => applies.inc({ result }),
    applyTook: (seconds) => duration.observe(seconds),
  };
}

function addOverlayGauges(registry: Registry, inventory: Inventory, watch: OverlayWatch): void {
  new Gauge({
    name: 'vinet_overlay_status',
    help: '1 for the phase that the overlay is in, 0 for all others',
    labelNames: ['overlay', 'phase'],
    registers: [registry],
    // One pass fills all gauges, for a scrape to show one moment; so this one is registered first.
    collect() {
      for (const one of [this, ...gauges]) one.reset();
      for (const overlay of inventory.overlays.keys()) {
        const health = watch.healthOf(overlay);
        if (health === null) continue;
        for (const phase of PHASES) this.set({ overlay, phase }, health.phase === phase ? 1 : 0);
        routers.set({ overlay }, health.routers.total);
        ready.set({ overlay }, health.routers.ready);
        routes.set({ overlay }, health.routes.have);
        wanted.set({ overlay }, health.routes.want);
        if (health.convergenceMs !== null) convergence.set({ overlay }, health.convergenceMs / 1000);
        if (health.routeChanges === null) continue;
        const { first, last } = health.routeChanges;
        rerouting.set({ overlay }, (last - first) / 1000);
      }
    },
  });
  const gauge = (name: string, help: string, labelNames: readonly string[] = ['overlay']) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const routers = gauge('vinet_overlay_routers', 'Virtual routers that the overlay declares');
  const ready = gauge('vinet_overlay_routers_ready', 'Virtual routers with a route to every destination');
  const routes = gauge('vinet_overlay_routes', 'Routes that the routers have, of those that they need');
  const wanted = gauge('vinet_overlay_routes_wanted', 'Routes that the routers need');
  const convergence = gauge(
    'vinet_overlay_convergence_seconds',
    'From the last acknowledged change to the last route of the last router',
  );
  const rerouting = gauge(
    'vinet_overlay_rerouting_seconds',
    'From the first to the last of the latest route changes of all routers, whatever caused them',
  );
  const gauges = [routers, ready, routes, wanted, convergence, rerouting];
}

function addNodeGauge(registry: Registry, inventory: Inventory, fleet: Fleet): void {
  new Gauge({
    name: 'vinet_node_connected',
    help: '1 when the agent of the node is connected',
    labelNames: ['node'],
    registers: [registry],
    collect() {
      this.reset();
      for (const node of inventory.nodes.keys()) this.set({ node }, fleet.isConnected(node) ? 1 : 0);
    },
  });
}
