import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { LinkCounters } from '../kernel/kernel.ts';
import type { DropSample } from './drop-samples.ts';
import { DecisionMetrics } from './fpm/decision-metrics.ts';
import type { DecisionSample } from './fpm/decision-watch.ts';

/** What the agent's metrics are read from, at the moment of a scrape. */
export interface MetricSource {
  readonly node: string;
  isConnected(): boolean;
  routers(): readonly RouterSample[];
  readCounters(namespace: string): Promise<readonly LinkCounters[]>;
  readDrops(): Promise<readonly DropSample[]>;
}

export interface RouterSample {
  readonly overlay: string;
  readonly name: string;
  readonly namespace: string;
  /** Virtual link by interface name, and whether the interface is there and up. */
  readonly links: ReadonlyMap<string, { readonly link: string; readonly up: boolean }>;
  readonly daemons: readonly {
    readonly daemon: string;
    readonly up: boolean;
    readonly restarts: number;
    /** Lines of its configuration that somebody else has changed. */
    readonly drift: number;
    /** It runs another program than the one that is installed now. */
    readonly outdated: boolean;
  }[];
  readonly destinations: number;
  readonly reached: number;
  /** By `FAMILY PROTOCOL`. */
  readonly routes: ReadonlyMap<string, number>;
  /** By `PROTOCOL STATE`. */
  readonly neighbors: ReadonlyMap<string, number>;
  /** Null where zebra's decisions are not listened to. */
  readonly decisions: DecisionSample | null;
}

export type ReconcileResult = 'changed' | 'unchanged' | 'failed';

const ROUTER = ['overlay', 'router', 'node'] as const;
const LINK = [...ROUTER, 'link', 'interface'] as const;
const DROPS = ['overlay', 'node', 'environment', 'reason'] as const;

const COUNTERS = [
  ['vinet_link_receive_bytes_total', 'Bytes received', 'receivedBytes'],
  ['vinet_link_receive_packets_total', 'Packets received', 'receivedPackets'],
  ['vinet_link_receive_errors_total', 'Packets received in error', 'receivedErrors'],
  ['vinet_link_receive_dropped_total', 'Packets dropped on receipt', 'receivedDropped'],
  ['vinet_link_transmit_bytes_total', 'Bytes sent', 'sentBytes'],
  ['vinet_link_transmit_packets_total', 'Packets sent', 'sentPackets'],
  ['vinet_link_transmit_errors_total', 'Packets not sent for an error', 'sentErrors'],
  ['vinet_link_transmit_dropped_total', 'Packets dropped before sending', 'sentDropped'],
] as const satisfies readonly (readonly [string, string, keyof LinkCounters])[];

/** The agent's Prometheus metrics: counts of its own work, and samples of every router taken when scraped. */
export class AgentMetrics {
  readonly registry = new Registry();
  private readonly source: MetricSource;
  private readonly reconciles: Counter;
  private readonly durations: Histogram;
  private readonly repairs: Counter;
  private readonly samples: ReturnType<typeof createSamples>;
  private readonly decisions: DecisionMetrics;

  constructor(source: MetricSource) {
    this.source = source;
    const registers = [this.registry];
    this.reconciles = new Counter({
      name: 'vinet_reconciles_total',
      help: 'Looks at the node by what they came to',
      labelNames: ['node', 'result'],
      registers,
    });
    for (const result of ['changed', 'unchanged', 'failed'])
      this.reconciles.inc({ node: source.node, result }, 0);
    this.durations = new Histogram({
      name: 'vinet_reconcile_duration_seconds',
      help: 'Time that a look at the node and the changes it led to took',
      labelNames: ['node'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 20, 60],
      registers,
    });
    this.repairs = new Counter({
      name: 'vinet_drift_repairs_total',
      help: 'Times that something changed by others was put right',
      labelNames: ['node'],
      registers,
    });
    this.repairs.inc({ node: source.node }, 0);
    this.samples = createSamples(registers);
    this.decisions = new DecisionMetrics(this.registry);
    collectDefaultMetrics({ register: this.registry });
  }

  countReconcile(result: ReconcileResult, durationMs: number): void {
    this.reconciles.inc({ node: this.source.node, result });
    this.durations.observe({ node: this.source.node }, durationMs / 1000);
  }

  countRepair(): void {
    this.repairs.inc({ node: this.source.node });
  }

  /** The text of a scrape. */
  async collect(): Promise<string> {
    const { node } = this.source;
    const { gauges, counters, restarts, drops } = this.samples;
    for (const metric of [...Object.values(gauges), ...counters, ...Object.values(drops), restarts])
      metric.reset();
    this.decisions.reset();
    gauges.connected.set({ node }, this.source.isConnected() ? 1 : 0);
    for (const router of this.source.routers()) {
      this.sampleRouter(router);
      await this.sampleLinks(router);
    }
    for (const { by, overlay, environment, reasons } of await this.source.readDrops()) {
      for (const [reason, count] of reasons) drops[by].inc({ overlay, node, environment, reason }, count);
    }
    return this.registry.metrics();
  }

  private sampleRouter(router: RouterSample): void {
    const { gauges, restarts } = this.samples;
    const labels = { overlay: router.overlay, router: router.name, node: this.source.node };
    gauges.destinations.set(labels, router.destinations);
    gauges.reached.set(labels, router.reached);
    for (const [key, count] of router.routes) {
      const [family = '', protocol = ''] = key.split(' ');
      gauges.routes.set({ ...labels, family, protocol }, count);
    }
    for (const [key, count] of router.neighbors) {
      const [protocol = '', state = ''] = key.split(' ');
      gauges.neighbors.set({ ...labels, protocol, state }, count);
    }
    for (const [name, { link, up }] of router.links)
      gauges.linkUp.set(linkLabels(router, this.source.node, link, name), up ? 1 : 0);
    for (const { daemon, up, restarts: count, drift, outdated } of router.daemons) {
      gauges.daemonUp.set({ ...labels, daemon }, up ? 1 : 0);
      gauges.drift.set({ ...labels, daemon }, drift);
      gauges.outdated.set({ ...labels, daemon }, outdated ? 1 : 0);
      restarts.inc({ ...labels, daemon }, count);
    }
    if (router.decisions !== null) this.decisions.sample(labels, router.decisions);
  }

  private async sampleLinks(router: RouterSample): Promise<void> {
    const counted = await this.source.readCounters(router.namespace);
    for (const link of counted) {
      const known = router.links.get(link.name);
      if (known === undefined) continue;
      const labels = linkLabels(router, this.source.node, known.link, link.name);
      COUNTERS.forEach(([, , field], at) => {
        this.samples.counters[at]?.inc(labels, link[field]);
      });
    }
  }
}

function linkLabels(router: RouterSample, node: string, link: string, name: string) {
  return { overlay: router.overlay, router: router.name, node, link, interface: name };
}

function createSamples(registers: Registry[]) {
  const gauge = (name: string, help: string, labelNames: readonly string[]) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers });
  const counter = (name: string, help: string, labelNames: readonly string[]) =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  return {
    gauges: {
      connected: gauge('vinet_agent_connected', 'Whether the agent is registered with a controller', [
        'node',
      ]),
      destinations: gauge(
        'vinet_router_destinations',
        'Routers that a router should reach, itself included',
        ROUTER,
      ),
      reached: gauge('vinet_router_destinations_reached', 'Routers that its kernel has a route to', ROUTER),
      routes: gauge('vinet_routes', 'Routes in the kernel', [...ROUTER, 'family', 'protocol']),
      neighbors: gauge('vinet_neighbors', 'Routing neighbours by state', [...ROUTER, 'protocol', 'state']),
      linkUp: gauge('vinet_link_up', 'Whether an interface is there and up', LINK),
      drift: gauge('vinet_frr_config_drift_lines', 'Lines of FRR that somebody else has changed', [
        ...ROUTER,
        'daemon',
      ]),
      outdated: gauge(
        'vinet_frr_daemon_outdated',
        'Whether an FRR daemon runs another program than the one installed',
        [...ROUTER, 'daemon'],
      ),
      daemonUp: gauge('vinet_frr_daemon_up', 'Whether an FRR daemon runs and answers', [...ROUTER, 'daemon']),
    },
    counters: COUNTERS.map(([name, help]) => counter(name, help, LINK)),
    drops: {
      'link-layer': counter(
        'vinet_link_layer_dropped_packets_total',
        'Packets that came through another link than their addresses say, or are of none',
        DROPS,
      ),
      'internal-router': counter(
        'vinet_internal_router_dropped_packets_total',
        'Packets that would have crossed from one overlay into another in the internal router of a host',
        DROPS,
      ),
      tunnel: counter(
        'vinet_tunnel_dropped_packets_total',
        "Packets that bore a tunnel's number and did not come from its far end",
        DROPS,
      ),
      ipsec: counter('vinet_ipsec_dropped_packets_total', 'Packets that IPsec did not let in or out', DROPS),
    },
    restarts: counter('vinet_frr_daemon_restarts_total', 'Restarts of an FRR daemon that died', [
      ...ROUTER,
      'daemon',
    ]),
  };
}
