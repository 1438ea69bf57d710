import type { Change } from '../../model/change.ts';
import type { NodeState } from '../../model/node-state.ts';
import type { Observation } from '../../model/observation.ts';
import { type Configurations, diffNode } from '../../planner/diff.ts';
import type { DaemonRestarts } from './daemon-restarts.ts';
import type { Executor } from './executor.ts';
import type { Observer } from './observer.ts';
import { RetrySchedule } from './retry-schedule.ts';

const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 10_000;
/** Changes that succeed and still have to be made again this often are a failure, not progress. */
const ATTEMPTS = 4;
/** Everything is looked at again this often, should a notification ever have been missed. */
const RESYNC_MS = 60_000;

/** What one look at the node, and what was done about it, came to. */
export interface Round {
  readonly desired: NodeState;
  readonly observed: Observation;
  /** What was to be done; empty when the node is as declared. */
  readonly changes: readonly Change[];
  /** Why namespaces are not as declared, by name. */
  readonly failures: ReadonlyMap<string, string>;
  /** Revision of the desired state that the node last agreed with in everything; 0 before the first. */
  readonly reachedRevision: number;
  /** The same desired state had been reached before: somebody else changed the node. */
  readonly drift: boolean;
  readonly durationMs: number;
}

export interface ReconcilerOptions {
  readonly observer: Observer;
  readonly executor: Executor;
  readonly restarts: DaemonRestarts;
  readonly renderer: { render(desired: NodeState): Configurations };
  readonly now: () => number;
  /** What a round is about to do, before it does it; `changes` is not empty. */
  readonly onBegin: (round: Round) => void;
  readonly onRound: (round: Round) => void;
  /** The node could not even be looked at; it is tried again. */
  readonly onError: (error: unknown) => void;
}

/** Makes the node what it should be, again and again: observe, diff, execute, look again. */
export class Reconciler {
  private readonly options: ReconcilerOptions;
  private readonly retries: RetrySchedule;
  private readonly failures = new Map<string, string>();
  /** Rounds in a row in which a namespace was changed. */
  private readonly attempts = new Map<string, number>();
  private desired: NodeState | null = null;
  private configurations: Configurations = new Map();
  private prune = false;
  private reached: NodeState | null = null;
  private interruption = new AbortController();
  private wake: () => void = () => {};
  private woken = false;
  /** When it was last judged what may be tried. */
  private judgedAt = 0;
  private closed = false;
  private readonly finished: Promise<void>;

  constructor(options: ReconcilerOptions) {
    this.options = options;
    this.retries = new RetrySchedule(options.now, FIRST_RETRY_MS, LONGEST_RETRY_MS);
    this.finished = this.run();
  }

  /** @param prune whether environments that are not in `desired` are removed. */
  setDesired(desired: NodeState, prune: boolean): void {
    this.configurations = this.options.renderer.render(desired);
    this.desired = desired;
    this.prune = prune;
    this.retries.clear();
    this.failures.clear();
    this.attempts.clear();
    this.interruption.abort();
    this.trigger();
  }

  /** Something may have changed; look soon. */
  trigger(): void {
    this.woken = true;
    this.wake();
  }

  /** What would be done if `candidate` were desired. */
  async preview(candidate: NodeState): Promise<Change[]> {
    const observed = await this.options.observer.observe(candidate);
    return diffNode(candidate, observed, this.options.renderer.render(candidate), true);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.interruption.abort();
    this.wake();
    await this.finished;
  }

  private async run(): Promise<void> {
    while (!this.closed) {
      if (!this.woken) await this.sleep();
      this.woken = false;
      if (this.closed || this.desired === null) continue;
      try {
        await this.reconcile(this.desired);
      } catch (error) {
        this.retries.failed('');
        this.options.onError(error);
      }
    }
  }

  private async reconcile(desired: NodeState): Promise<void> {
    const { observer, now, onBegin, onRound } = this.options;
    const startedAt = now();
    this.interruption = new AbortController();
    const observed = await observer.observe(desired);
    const changes = diffNode(desired, observed, this.configurations, this.prune);
    this.judgedAt = now();
    const possible = changes.filter((change) => this.mayTry(change));
    const drift = this.reached === desired && changes.length > 0;
    const round = (): Round => ({
      desired,
      observed,
      changes,
      failures: new Map(this.failures),
      reachedRevision: this.reached?.revision ?? 0,
      drift,
      durationMs: now() - startedAt,
    });
    if (possible.length > 0) {
      onBegin(round());
      await this.execute(possible, desired, observed);
    }
    if (changes.length === 0) this.reach(desired);
    onRound(round());
  }

  private reach(desired: NodeState): void {
    this.reached = desired;
    this.failures.clear();
    this.attempts.clear();
    this.retries.clear();
  }

  private async execute(
    changes: readonly Change[],
    desired: NodeState,
    observed: Observation,
  ): Promise<void> {
    const failed = await this.options.executor.execute(changes, desired, observed, this.interruption.signal);
    this.forget(changes);
    for (const namespace of namespacesOf(changes)) {
      const attempts = (this.attempts.get(namespace) ?? 0) + 1;
      this.attempts.set(namespace, attempts);
      const failure = failed.firstOf(namespace) || (attempts > ATTEMPTS ? 'changes do not last' : '');
      if (failure !== '') {
        this.retries.failed(namespace);
        this.failures.set(namespace, failure);
      } else {
        this.retries.succeeded(namespace);
        this.failures.delete(namespace);
      }
    }
    this.woken = true;
  }

  /** What is known of what was changed. */
  private forget(changes: readonly Change[]): void {
    const { observer } = this.options;
    const others = changes.filter(({ kind }) => kind !== 'set-hosts');
    for (const namespace of [...carriersOf(others), ...namespacesOf(others)]) observer.invalidate(namespace);
    for (const { kind, namespace } of changes) if (kind === 'set-hosts') observer.hostsChanged(namespace);
  }

  private mayTry(change: Change): boolean {
    if (!this.retries.mayTry(change.namespace)) return false;
    return change.kind !== 'start-daemon' || this.options.restarts.mayStart(change.namespace, change.daemon);
  }

  private async sleep(): Promise<void> {
    const waiting = [this.retries, this.options.restarts].map((schedule) => schedule.nextInMs(this.judgedAt));
    const pauses = waiting.filter((ms) => ms !== null);
    const resync = Math.min(RESYNC_MS, ...pauses);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        if (resync === RESYNC_MS) this.options.observer.invalidateAll();
        this.woken = true;
        resolve();
      }, resync);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => {};
  }
}

/** Who took a tunnel away may have taken what it needs in the network that carries it, of which the kernel says nothing. */
function carriersOf(changes: readonly Change[]): string[] {
  return changes.flatMap((change) =>
    change.kind === 'create-link' && change.link.kind === 'tunnel' ? [change.link.transport ?? ''] : [],
  );
}

function namespacesOf(changes: readonly Change[]): Set<string> {
  const namespaces = new Set<string>();
  for (const change of changes) {
    namespaces.add(change.namespace);
    if ('transport' in change) namespaces.add(change.transport ?? '');
    if (change.kind === 'create-link' && change.peer !== null) namespaces.add(change.peer.namespace);
  }
  return namespaces;
}
