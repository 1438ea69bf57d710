import type { Change } from '../model/change.ts';
import { namespaceOf } from '../model/names.ts';
import type { Node } from '../model/node.ts';
import type { NodeState } from '../model/node-state.ts';
import type { DaemonName } from '../model/routing-state.ts';
import type { NodeStatus } from '../model/status.ts';
import { errorText } from '../model/vinet-error.ts';
import type { ReportedEvent } from '../rpc/report-codec.ts';
import { ConfigurationRenderer } from './configurations.ts';
import { CalmStarts } from './frr/bring-up/calm-starts.ts';
import { HelloPrompts } from './frr/bring-up/hello-prompts.ts';
import { DriftWatch } from './frr/drift-watch.ts';
import type { Frr } from './frr/frr.ts';
import { GracefulStarts } from './frr/graceful/graceful-starts.ts';
import { RouterDaemons } from './frr/router-daemons.ts';
import type { Kernel, Namespace } from './kernel/kernel.ts';
import { reportNode } from './node-report.ts';
import { DaemonRestarts } from './reconciler/daemon-restarts.ts';
import { Environments } from './reconciler/environments.ts';
import { Executor } from './reconciler/executor.ts';
import { Observer } from './reconciler/observer.ts';
import { Reconciler, type Round } from './reconciler/reconciler.ts';
import { unsettledNamespaces } from './reconciler/unsettled.ts';
import { eventsOfDrift, eventsOfRound, keptDrifts, outdatedDaemons } from './round-events.ts';
import type { StateFolder } from './state-folder.ts';
import { AgentMetrics } from './telemetry/agent-metrics.ts';
import { readDrops } from './telemetry/drop-samples.ts';
import { pingUnfragmented } from './telemetry/full-size-ping.ts';
import { MtuWatch } from './telemetry/mtu-watch.ts';
import { RouterTelemetry } from './telemetry/router-telemetry.ts';

/** Reports are held back this long, so that 200 routers coming up are a few reports and not 200. */
const REPORT_DELAY_MS = 100;
/** How often those who wait are told how far a long round has come. */
const PROGRESS_DELAY_MS = 500;

export interface AgentOptions {
  readonly node: Node;
  readonly kernel: Kernel;
  readonly frr: Frr;
  readonly folder: StateFolder;
  /** Routers whose daemons are started at the same time. */
  readonly startsAtOnce: number;
  readonly log: (message: string) => void;
  readonly onStatus: (status: NodeStatus) => void;
  readonly onEvent: (event: ReportedEvent) => void;
  readonly isConnected: () => boolean;
}

/** One node's agent without its controller: keeps the node as it should be and knows how it fares. */
export class Agent {
  readonly metrics: AgentMetrics;
  private readonly options: AgentOptions;
  private readonly environments: Environments;
  private readonly observer: Observer;
  private readonly reconciler: Reconciler;
  private readonly restarts: DaemonRestarts;
  private readonly telemetry: RouterTelemetry;
  private readonly mtus: MtuWatch;
  private readonly drifts: DriftWatch;
  private readonly starts: GracefulStarts;
  private readonly calm: CalmStarts;
  private readonly hellos: HelloPrompts;
  private readonly namespaceWatch: { close(): void };
  private desired: NodeState | null = null;
  private round: Round | null = null;
  private lastFailures: ReadonlyMap<string, string> = new Map();
  private lastDrifts: ReadonlyMap<string, string> = new Map();
  private lastOutdated: ReadonlyMap<string, string> = new Map();
  /** Routers that the round under way has started. */
  private readonly started = new Set<string>();
  private report: { readonly timer: NodeJS.Timeout; readonly dueAt: number } | null = null;

  constructor(options: AgentOptions) {
    const { kernel, frr, folder, log, startsAtOnce } = options;
    const now = () => performance.now();
    this.options = options;
    this.restarts = new DaemonRestarts(now);
    const environments = new Environments(kernel, folder, (namespace) => {
      this.changed(namespace);
      this.telemetry.linksChanged(namespace);
    });
    this.environments = environments;
    this.observer = new Observer(kernel, frr, folder, environments, (namespace) => this.changed(namespace));
    const routers = new RouterDaemons(frr, () => this.desired);
    this.telemetry = new RouterTelemetry({
      frr: routers,
      restarts: this.restarts,
      now,
      find: (namespace) => environments.find(namespace),
      onChange: () => this.reportSoon(),
      tell: (kind, namespace, message) => {
        log(`${namespace}: ${message}`);
        this.tell(kind, namespace, message);
      },
      log,
    });
    this.metrics = new AgentMetrics({
      node: options.node.name,
      isConnected: options.isConnected,
      routers: () => this.telemetry.samples(),
      readCounters: async (namespace) => (await environments.find(namespace)?.readCounters()) ?? [],
      readDrops: async () =>
        this.desired === null
          ? []
          : readDrops(this.desired, kernel.underlay, (namespace) => environments.find(namespace)),
    });
    this.mtus = new MtuWatch({
      find: (namespace) => environments.find(namespace),
      probe: pingUnfragmented,
      onChange: (namespace) => this.mtuChanged(namespace),
    });
    this.drifts = new DriftWatch({ frr, onChange: (namespace) => this.changed(namespace) });
    this.starts = new GracefulStarts({ kernel, frr, find: (namespace) => environments.find(namespace) });
    this.calm = new CalmStarts({
      frr,
      now,
      isComplete: (namespace) => this.telemetry.isComplete(namespace),
    });
    this.hellos = new HelloPrompts({ frr, routers });
    this.reconciler = new Reconciler({
      observer: this.observer,
      executor: new Executor({
        kernel,
        frr,
        folder,
        environments,
        starts: this.starts,
        calm: this.calm,
        onLinksUp: (desired, ends) => void this.hellos.prompt(desired, ends),
        startsAtOnce,
        onStarting: (namespace) => this.telemetry.expectZebra(namespace),
        onStarted: (namespace) => {
          this.started.add(namespace);
          this.reportSoon(PROGRESS_DELAY_MS);
        },
      }),
      restarts: this.restarts,
      renderer: new ConfigurationRenderer(frr),
      now,
      onBegin: (round) => {
        this.round = round;
      },
      onRound: (round) => this.roundDone(round),
      onError: (error) => log(`the node could not be looked at: ${errorText(error)}`),
    });
    this.namespaceWatch = kernel.watchNamespaces((name) => {
      if (folder.isMarked(name)) this.changed(name);
    });
    frr.onDeath(({ pathspace, daemon }) => this.daemonDied(pathspace, daemon));
    frr.onProgramsChange(() => {
      this.observer.invalidateAll();
      this.reconciler.trigger();
    });
    this.mendFromMemory();
  }

  /** What the node should be from now on, as the controller says. */
  setDesired(state: NodeState): void {
    this.options.folder.writeDesired(state);
    this.desired = state;
    this.telemetry.forgetUnwanted(state);
    this.reconciler.setDesired(state, true);
  }

  /** What would change if `candidate` were desired. */
  preview(candidate: NodeState): Promise<Change[]> {
    return this.reconciler.preview(candidate);
  }

  /** A router or host of the present desired state; null when there is none such or it is not up yet. */
  findMember(overlay: string, member: string): Namespace | null {
    const wanted = this.desired?.overlays
      .find(({ name }) => name === overlay)
      ?.environments.some(({ name, role }) => name === member && (role === 'router' || role === 'host'));
    return wanted === true ? this.environments.find(namespaceOf(overlay, member)) : null;
  }

  /** Stops working and leaves everything as it is: packets go on. */
  async close(): Promise<void> {
    this.namespaceWatch.close();
    if (this.report !== null) clearTimeout(this.report.timer);
    await this.reconciler.close();
    this.telemetry.close();
    this.mtus.close();
    this.drifts.close();
    this.starts.close();
    this.calm.close();
    this.hellos.close();
    this.environments.close();
  }

  /** Until the controller speaks, what it said last is kept up; nothing is removed on the strength of memory. */
  private mendFromMemory(): void {
    const remembered = this.options.folder.readDesired();
    if (remembered === null) return;
    try {
      this.reconciler.setDesired(remembered, false);
      this.desired = remembered;
    } catch (error) {
      // Another version may have written it down; what runs goes on, and the controller will say it anew.
      this.options.log(`what this node was last told to be is of no use: ${errorText(error)}`);
    }
  }

  private changed(namespace: string): void {
    this.observer.invalidate(namespace);
    this.reconciler.trigger();
  }

  private daemonDied(namespace: string, daemon: DaemonName): void {
    this.options.log(`${daemon} of ${namespace} died`);
    this.restarts.died(namespace, daemon);
    this.tell('daemon-died', namespace, `${daemon} died and is started again`);
    this.changed(namespace);
  }

  private tell(kind: ReportedEvent['kind'], namespace: string, message: string): void {
    const mark = this.options.folder.marks().find((other) => other.namespace === namespace);
    const { overlay, name: member } = mark ?? { overlay: '', name: '' };
    this.options.onEvent({ time: new Date().toISOString(), kind, overlay, member, message });
  }

  private roundDone(round: Round): void {
    const result = round.failures.size > 0 ? 'failed' : round.changes.length > 0 ? 'changed' : 'unchanged';
    this.metrics.countReconcile(result, round.durationMs);
    if (round.drift) this.metrics.countRepair();
    for (const event of eventsOfRound(round, this.lastFailures, new Date())) {
      this.options.log(`${event.overlay}/${event.member}: ${event.message}`);
      this.options.onEvent(event);
    }
    const drifts = keptDrifts(round);
    for (const { kind, namespace, message } of eventsOfDrift(this.lastDrifts, drifts)) {
      this.options.log(`${namespace}: ${message}`);
      this.tell(kind, namespace, message);
    }
    const outdated = outdatedDaemons(round);
    for (const [namespace, daemons] of outdated)
      if (!this.lastOutdated.has(namespace))
        this.tell(
          'frr-outdated',
          namespace,
          `${daemons}: not the program that is installed now; vinet upgrade-frr`,
        );
    this.round = round;
    this.lastOutdated = outdated;
    this.lastFailures = round.failures;
    this.lastDrifts = drifts;
    this.started.clear();
    this.telemetry.follow(round);
    this.mtus.follow(round);
    this.starts.follow(round.desired, round.observed);
    this.drifts.follow(round.desired, round.observed, unsettledNamespaces(round.changes));
    this.reportSoon();
  }

  private mtuChanged(namespace: string): void {
    const message = this.mtus.complaintOf(namespace);
    if (message !== '') this.tell('link-mtu-exceeded', namespace, message);
    this.reportSoon();
  }

  private reportSoon(delayMs = REPORT_DELAY_MS): void {
    const dueAt = performance.now() + delayMs;
    if (this.report !== null) {
      if (this.report.dueAt <= dueAt) return;
      clearTimeout(this.report.timer);
    }
    const timer = setTimeout(() => {
      this.report = null;
      if (this.round !== null)
        this.options.onStatus(reportNode(this.round, this.telemetry, this.mtus, this.started));
    }, delayMs);
    this.report = { timer, dueAt };
  }
}
