import { Counter, Gauge, type Registry } from 'prom-client';
import type { DecisionSample } from './decision-watch.ts';

type RouterLabels = Readonly<Record<'overlay' | 'router' | 'node', string>>;

/** What zebra's stream says of each router, as Prometheus metrics; taken anew at every scrape. */
export class DecisionMetrics {
  readonly #connected: Gauge;
  readonly #changes: Counter;
  readonly #broken: Counter;
  readonly #differences: Gauge;
  readonly #lastChange: Gauge;
  readonly #convergence: Gauge;

  constructor(registry: Registry) {
    const gauge = (name: string, help: string, ...labels: string[]) =>
      new Gauge({ name, help, labelNames: [...ROUTER, ...labels], registers: [registry] });
    const counter = (name: string, help: string) =>
      new Counter({ name, help, labelNames: ROUTER, registers: [registry] });
    this.#connected = gauge('vinet_zebra_stream_up', 'Whether zebra streams its decisions to the agent');
    this.#changes = counter('vinet_zebra_route_changes_total', 'Decisions of zebra that changed a route');
    this.#broken = counter(
      'vinet_zebra_streams_broken_total',
      'Streams closed for bytes that are no decision',
    );
    this.#differences = gauge(
      'vinet_route_differences',
      'Routes that zebra chose and the kernel lacks (missing), or the reverse (stray)',
      'kind',
    );
    this.#lastChange = gauge(
      'vinet_router_last_route_change_timestamp_seconds',
      'When a route of the router last changed',
    );
    this.#convergence = gauge(
      'vinet_router_convergence_seconds',
      'From the first to the last of the latest route changes that followed one another',
    );
  }

  reset(): void {
    const all = [this.#connected, this.#changes, this.#broken, this.#differences];
    for (const metric of [...all, this.#lastChange, this.#convergence]) metric.reset();
  }

  sample(labels: RouterLabels, sample: DecisionSample): void {
    this.#connected.set(labels, sample.isConnected ? 1 : 0);
    this.#changes.inc(labels, sample.changes);
    this.#broken.inc(labels, sample.broken);
    this.#differences.set({ ...labels, kind: 'missing' }, sample.missing);
    this.#differences.set({ ...labels, kind: 'stray' }, sample.stray);
    if (sample.latest === null) return;
    this.#lastChange.set(labels, (Date.now() - sample.latest.lastAgoMs) / 1000);
    this.#convergence.set(labels, sample.latest.durationMs / 1000);
  }
}

const ROUTER = ['overlay', 'router', 'node'];
