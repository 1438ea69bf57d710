import type { NodeState } from '../../model/node-state.ts';
import type { Observation } from '../../model/observation.ts';
import type { DaemonName } from '../../model/routing-state.ts';
import { isDaemonName } from './daemon-catalogue.ts';
import type { Frr } from './frr.ts';

/** Every daemon is looked at this often where that costs next to nothing. */
const PERIOD_MS = 5_000;
/** After a look, nothing is done for so many times as long as it took: at most half a percent of a processor. */
const REST = 200;

export interface DriftWatchOptions {
  readonly frr: Pick<Frr, 'inspect'>;
  /** A daemon holds something else than when last looked at, or does not say what it holds. */
  readonly onChange: (namespace: string) => void;
}

interface Watched {
  readonly namespace: string;
  readonly daemon: DaemonName;
}

/** Looks at what each daemon holds, one after the other, all the time. */
export class DriftWatch {
  private readonly options: DriftWatchOptions;
  private watched: readonly Watched[] = [];
  private turn: readonly Watched[] = [];
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(options: DriftWatchOptions) {
    this.options = options;
  }

  /**
   * Watches the daemons that run.
   * @param unsettled namespaces in which something is still to be done
   */
  follow(desired: NodeState, { environments }: Observation, unsettled: ReadonlySet<string>): void {
    const wanted = new Set(
      desired.overlays.flatMap((overlay) => overlay.environments.map(({ namespace }) => namespace)),
    );
    this.watched = environments
      .filter(({ namespace }) => wanted.has(namespace) && !unsettled.has(namespace))
      .flatMap(({ namespace, daemons }) =>
        daemons.flatMap(({ daemon, healthy }) =>
          healthy && isDaemonName(daemon) ? [{ namespace, daemon }] : [],
        ),
      );
    this.schedule(0);
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private schedule(tookMs: number): void {
    if (this.timer !== null || this.closed || this.watched.length === 0) return;
    const pauseMs = Math.max(PERIOD_MS / this.watched.length, tookMs * REST);
    this.timer = setTimeout(() => void this.lookAtNext(), pauseMs);
    this.timer.unref();
  }

  private async lookAtNext(): Promise<void> {
    if (this.turn.length === 0) this.turn = this.watched;
    const [next, ...rest] = this.turn;
    this.turn = rest;
    const before = performance.now();
    if (next !== undefined && this.watched.includes(next)) await this.look(next);
    this.timer = null;
    this.schedule(performance.now() - before);
  }

  private async look({ namespace, daemon }: Watched): Promise<void> {
    const isOther = await this.options.frr.inspect(namespace, daemon).catch(() => true);
    if (isOther && !this.closed) this.options.onChange(namespace);
  }
}
