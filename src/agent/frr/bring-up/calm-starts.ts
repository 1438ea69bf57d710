import type { NodeState, OverlayState } from '../../../model/node-state.ts';
import type { DaemonName } from '../../../model/routing-state.ts';
import { daemonHomes, servedRouters } from '../../../planner/shared-frr.ts';
import type { Frr } from '../frr.ts';
import { calmTimers } from './calm-timers.ts';

const LOOK_MS = 500;
/** Then they are no longer coming up but in trouble, and have to react as they were told to. */
const LONGEST_MS = 60_000;

export interface CalmStartsOptions {
  readonly frr: Pick<Frr, 'adjust' | 'restore'>;
  readonly now: () => number;
  /** Whether the router of a namespace has every route that it should have. */
  readonly isComplete: (namespace: string) => boolean;
}

export interface StartedDaemon {
  readonly namespace: string;
  readonly daemon: DaemonName;
  readonly config: string;
}

interface CalmedDaemon {
  readonly pathspace: string;
  readonly daemon: DaemonName;
}

/** Daemons of an overlay that came up together. */
interface Crowd {
  readonly daemons: readonly CalmedDaemon[];
  readonly routers: readonly string[];
  readonly since: number;
}

/** Keeps daemons that were started together calm until all of their routers have all of their routes. */
export class CalmStarts {
  private readonly options: CalmStartsOptions;
  private crowds: readonly Crowd[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(options: CalmStartsOptions) {
    this.options = options;
  }

  /** To be called before the links of these daemons' routers come up. A daemon that does not take it stays as it is. */
  async begin({ overlays }: NodeState, started: readonly StartedDaemon[]): Promise<void> {
    for (const overlay of overlays) await this.beginOverlay(overlay, started);
    this.schedule();
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private async beginOverlay(overlay: OverlayState, started: readonly StartedDaemon[]): Promise<void> {
    const { frr, now } = this.options;
    const homeOf = daemonHomes(overlay);
    const homes = new Set(started.map(({ namespace }) => namespace));
    const routers = servedRouters(overlay).filter((router) => homes.has(homeOf(router)));
    const ours = new Set(routers.map(homeOf));
    const daemons: CalmedDaemon[] = [];
    const adjusting = started.map(async ({ namespace: pathspace, daemon, config }) => {
      const adjustment = ours.has(pathspace) ? calmTimers(config, routers.length) : null;
      if (adjustment === null) return;
      daemons.push({ pathspace, daemon });
      await frr.adjust(pathspace, daemon, adjustment).catch(() => undefined);
    });
    await Promise.all(adjusting);
    if (daemons.length === 0) return;
    const crowd = { daemons, routers: routers.map(({ namespace }) => namespace), since: now() };
    this.crowds = [...this.crowds, crowd];
  }

  private schedule(): void {
    if (this.timer !== null || this.crowds.length === 0) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.endThoseDone();
      this.schedule();
    }, LOOK_MS);
    this.timer.unref();
  }

  private endThoseDone(): void {
    const { frr, now, isComplete } = this.options;
    const done = this.crowds.filter(
      ({ routers, since }) => now() - since > LONGEST_MS || routers.every(isComplete),
    );
    this.crowds = this.crowds.filter((crowd) => !done.includes(crowd));
    for (const { pathspace, daemon } of done.flatMap(({ daemons }) => daemons))
      frr.restore(pathspace, daemon).catch(() => undefined);
  }
}
