import type { Change } from '../../model/change.ts';
import type { NodeState } from '../../model/node-state.ts';
import type { Observation } from '../../model/observation.ts';
import type { RoutingState } from '../../model/routing-state.ts';
import { VinetError } from '../../model/vinet-error.ts';
import { holdsVrfs, servedRouters, sharedFrrOf } from '../../planner/shared-frr.ts';
import type { Frr } from '../frr/frr.ts';
import type { GracefulStarts } from '../frr/graceful/graceful-starts.ts';
import type { VrfSet } from '../frr/vrf-check.ts';
import type { Kernel, Namespace } from '../kernel/kernel.ts';
import type { Environments } from './environments.ts';
import { attempt, attemptNow, type Failures } from './failures.ts';
import { groupBy } from './group-by.ts';
import { forEachAtOnce } from './worker-pool.ts';

type DaemonChange<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>;

/** What routers' own daemons were told, by namespace. */
function routingsOf({ overlays }: NodeState): ReadonlyMap<string, RoutingState | null> {
  const environments = overlays.flatMap((overlay) => overlay.environments);
  return new Map(environments.map(({ namespace, routing }) => [namespace, routing]));
}

export interface DaemonProgrammerOptions {
  readonly kernel: Kernel;
  readonly frr: Frr;
  readonly environments: Environments;
  readonly starts: GracefulStarts;
  readonly startsAtOnce: number;
  /** The zebra of a router that has one for itself is about to be started. */
  readonly onStarting: (namespace: Namespace) => void;
  readonly onStarted: (namespace: string) => void;
}

/** What shared daemons serve, by their namespace. */
function vrfSetsOf({ overlays }: NodeState, { vrfFolders }: Kernel): ReadonlyMap<string, VrfSet> {
  const sets = new Map<string, VrfSet>();
  for (const overlay of overlays) {
    const namespace = sharedFrrOf(overlay)?.namespace;
    if (namespace === undefined) continue;
    const names = servedRouters(overlay).map(({ name }) => name);
    sets.set(namespace, { folder: holdsVrfs(overlay) ? null : vrfFolders.pathOf(namespace), names });
  }
  return sets;
}

/** Carries out changes of daemons, and of the namespaces that shared daemons see. */
export class DaemonProgrammer {
  private readonly options: DaemonProgrammerOptions;
  private readonly vrfSets: ReadonlyMap<string, VrfSet>;
  private readonly routings: ReadonlyMap<string, RoutingState | null>;
  private readonly failures: Failures;

  constructor(options: DaemonProgrammerOptions, desired: NodeState, failures: Failures) {
    this.options = options;
    this.vrfSets = vrfSetsOf(desired, options.kernel);
    this.routings = routingsOf(desired);
    this.failures = failures;
  }

  /** Whether the daemons of a namespace serve several routers. */
  serveVrfs(namespace: string): boolean {
    return this.vrfSets.has(namespace);
  }

  async stop(changes: readonly DaemonChange<'stop-daemon'>[]): Promise<void> {
    await forEachAtOnce(changes, 64, ({ namespace, daemon }) =>
      attempt(this.failures, namespace, () => this.options.frr.stop(namespace, daemon, 'terminate')),
    );
  }

  /**
   * One after the other: zebra overlooks what else happens to its folder while it lets go of a VRF.
   * @param changes with the links of those that leave down, so that their routes go before them
   */
  async removeVrfs(
    changes: readonly { namespace: string; name: string; leaving?: string | null }[],
  ): Promise<void> {
    const { kernel, frr } = this.options;
    for (const { namespace, name, leaving = null } of changes)
      await attempt(this.failures, namespace, async () => {
        if (leaving !== null) await frr.drainVrf(namespace, name);
        kernel.vrfFolders.unbind(namespace, name);
        await frr.releaseVrf(namespace, name);
      });
  }

  async setVrfs(changes: readonly DaemonChange<'set-vrf'>[], observed: Observation): Promise<void> {
    const { kernel, environments } = this.options;
    const present = new Set(
      observed.environments.flatMap(({ namespace, vrfs }) => vrfs.map(({ name }) => `${namespace} ${name}`)),
    );
    await this.removeVrfs(changes.filter(({ namespace, name }) => present.has(`${namespace} ${name}`)));
    for (const { namespace, name, of } of changes)
      attemptNow(this.failures, namespace, () => {
        const router = environments.find(of);
        if (router !== null) kernel.vrfFolders.bind(namespace, name, router);
      });
  }

  async configure(changes: readonly DaemonChange<'configure-daemon'>[]): Promise<void> {
    const { frr } = this.options;
    await forEachAtOnce(changes, 16, (change) =>
      attempt(this.failures, change.namespace, async () => {
        const { namespace, daemon, commands, config } = change;
        try {
          await frr.configure(namespace, daemon, commands, config, this.vrfSets.get(namespace));
        } catch (error) {
          await this.startInstead(change, error);
        }
      }),
    );
  }

  /** The daemons of one namespace one after the other, zebra first; namespaces side by side. */
  async start(changes: readonly DaemonChange<'start-daemon'>[], signal: AbortSignal): Promise<void> {
    const { environments, starts: graceful, startsAtOnce, onStarting, onStarted } = this.options;
    const sets = groupBy(changes, ({ namespace }) => namespace);
    await forEachAtOnce(
      [...sets],
      startsAtOnce,
      ([namespace, starts]) =>
        attempt(this.failures, namespace, async () => {
          const held = environments.find(namespace);
          if (held === null || this.failures.has(namespace)) return;
          const vrfs = this.vrfSets.get(namespace);
          if (vrfs === undefined && starts.some(({ daemon }) => daemon === 'zebra')) onStarting(held);
          const routing = this.routings.get(namespace) ?? null;
          for (const change of starts) await graceful.start(held, change, routing, vrfs);
          onStarted(namespace);
        }),
      signal,
    );
  }

  /**
   * What a running daemon refuses to become it may still be when it starts with it: FRR's parser knows. Not for one
   * router's sake, though, where others have the same daemon.
   */
  private async startInstead(
    { namespace, daemon, config }: DaemonChange<'configure-daemon'>,
    refusal: unknown,
  ): Promise<void> {
    const { frr, environments } = this.options;
    const held = environments.find(namespace);
    const isRefused = refusal instanceof VinetError && refusal.code === 'rejected';
    // Without its zebra no other daemon can go on.
    const mayTry = isRefused && held !== null && daemon !== 'zebra' && !this.vrfSets.has(namespace);
    if (!mayTry || (await frr.check(daemon, config)) !== null) throw refusal;
    await frr.start(namespace, daemon, config, held);
  }
}
