import type { UpgradeBody } from '../../model/api.ts';
import type { EnvironmentState, OverlayState } from '../../model/node-state.ts';
import type { EnvironmentStatus } from '../../model/status.ts';
import { VinetError } from '../../model/vinet-error.ts';
import { describeRouters } from '../../planner/overlay-view.ts';
import type { EventLog } from '../events/event-log.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Store } from '../store/store.ts';
import type { Inventory } from './inventory.ts';
import type { OverlayWatch } from './overlay-watch.ts';
import { type DaemonSet, DESIRED, UPGRADE, type UpgradeRecord } from './record.ts';

/** How long nothing may change before routers have found other ways, or taken the old ones again, in ms. */
const QUIET_MS = 3_000;
const LONG_QUIET_MS = 40_000;
/** Routers of which one process computes all paths: it may take its time whatever the timers. */
const LARGE_SET = 64;

export interface UpgradeParts {
  readonly store: Store;
  readonly events: Pick<EventLog, 'add'>;
  readonly inventory: Inventory;
  readonly fleet: Pick<Fleet, 'statusOf' | 'isConnected'>;
  readonly watch: Pick<OverlayWatch, 'healthOf'>;
  /** Milliseconds of a clock that never goes back; this process's unless said. */
  readonly clock?: () => number;
  /** What nodes should be has changed. */
  readonly onStep: () => void;
}

/** What a node should be, with what the upgrade asks of it just now. */
export function withUpgrade(
  node: string,
  overlay: OverlayState,
  upgrade: UpgradeRecord | null,
): OverlayState {
  const set = upgrade?.sets[0];
  if (upgrade === null || set?.overlay !== overlay.name || set.node !== node || upgrade.step === 'restore')
    return overlay;
  const renewsDaemons = upgrade.step === 'renew';
  const change = (one: EnvironmentState): EnvironmentState =>
    one.routing !== null && set.routers.includes(one.name)
      ? { ...one, routing: { ...one.routing, drained: true, renewsDaemons } }
      : one;
  return { ...overlay, environments: overlay.environments.map(change) };
}

/**
 * Starts FRR's daemons anew that run other programs than those installed, one set after the other, each drained
 * before. Every step stands in the store, so it goes on whoever was restarted meanwhile.
 */
export class FrrUpgrade {
  readonly #parts: UpgradeParts;
  /** Since when everything has been as the present step wants it; forgotten with every step. */
  #calm: { readonly revision: number; readonly since: number } | null = null;

  #looking = false;

  constructor(parts: UpgradeParts) {
    this.#parts = parts;
  }

  /** To be called now and then: takes the next step when it is time for it. */
  async look(): Promise<void> {
    if (this.#looking || this.#parts.inventory.upgrade === null) return;
    this.#looking = true;
    try {
      await this.#advance();
    } finally {
      this.#looking = false;
    }
  }

  /**
   * @param nodes none: all of them
   * Fails with `conflict` when one is under way or nothing is outdated, and with `not-found` for an unknown node.
   */
  async begin(nodes: readonly string[]): Promise<void> {
    const { inventory } = this.#parts;
    const unknown = nodes.filter((node) => !inventory.nodes.has(node));
    if (unknown.length > 0) throw new VinetError('not-found', `there is no node ${unknown.join(', ')}`);
    if (inventory.upgrade !== null) throw new VinetError('conflict', 'an upgrade of FRR is under way');
    const sets = outdatedSets(this.#parts, nodes);
    if (sets.length === 0)
      throw new VinetError('conflict', 'every daemon of FRR runs the program that is installed on its node');
    await this.#write({ sets, step: 'drain', done: 0 });
  }

  /** Gives what is drained its traffic back and leaves the rest as it is; false when none is under way. */
  async abort(): Promise<boolean> {
    if (this.#parts.inventory.upgrade === null) return false;
    await this.#write(null);
    return true;
  }

  status(): UpgradeBody {
    const { upgrade } = this.#parts.inventory;
    const set = upgrade?.sets[0];
    if (upgrade === null || set === undefined)
      return { running: false, step: '', done: 0, total: 0, current: null, waitingFor: '' };
    const { done, sets, step } = upgrade;
    const current = { overlay: set.overlay, node: set.node, routers: [...set.routers] };
    const waitingFor = whatIsMissing(set, upgrade, this.#parts) || 'routes to settle';
    return { running: true, step, done, total: done + sets.length, current, waitingFor };
  }

  async #advance(): Promise<void> {
    const { upgrade } = this.#parts.inventory;
    const [set, ...rest] = upgrade?.sets ?? [];
    if (upgrade === null || set === undefined) return;
    if (isGone(set, this.#parts)) return await this.#next(rest, upgrade.done);
    if (!this.#isOver(set, upgrade)) return;
    if (upgrade.step === 'restore') return await this.#next(rest, upgrade.done + 1);
    await this.#write({ ...upgrade, step: upgrade.step === 'drain' ? 'renew' : 'restore' });
  }

  async #next(rest: readonly DaemonSet[], done: number): Promise<void> {
    await this.#write(rest.length === 0 ? null : { sets: rest, step: 'drain', done });
    if (rest.length > 0) return;
    const message = `FRR's daemons run the programs that are installed: ${done} sets of them were started anew`;
    this.#parts.events.add({ kind: 'frr-upgraded', overlay: '', node: '', member: '', message });
  }

  /** Whether all is as the present step wants it, and has been for long enough. */
  #isOver(set: DaemonSet, upgrade: UpgradeRecord): boolean {
    const { watch, inventory, clock = () => performance.now() } = this.#parts;
    const revision = inventory.revisionOf(UPGRADE);
    if (whatIsMissing(set, upgrade, this.#parts) !== '') {
      this.#calm = null;
      return false;
    }
    if (this.#calm?.revision !== revision) this.#calm = { revision, since: clock() };
    const lastChange = watch.healthOf(set.overlay)?.routeChanges?.last ?? 0;
    return clock() >= Math.max(this.#calm.since, lastChange) + quietMsOf(set, inventory);
  }

  async #write(record: UpgradeRecord | null): Promise<void> {
    const { store, inventory } = this.#parts;
    const { ok } = await store.commit({
      compare: [{ key: UPGRADE, modRevision: inventory.revisionOf(UPGRADE) }],
      puts: [
        ...(record === null ? [] : [{ key: UPGRADE, value: JSON.stringify(record) }]),
        { key: DESIRED, value: '' },
      ],
      deletes: record === null ? [UPGRADE] : [],
    });
    if (!ok) throw new VinetError('conflict', 'the upgrade of FRR changed meanwhile; try again');
    this.#calm = null;
    this.#parts.onStep();
  }
}

/** By overlay, then by node where routers share daemons, else by router. */
function outdatedSets({ inventory, fleet }: UpgradeParts, nodes: readonly string[]): DaemonSet[] {
  const wanted = nodes.length === 0 ? [...inventory.nodes.keys()] : nodes;
  return [...inventory.overlays.values()]
    .filter(({ deleting }) => !deleting)
    .flatMap(({ name, overlay }) =>
      wanted.flatMap((node): DaemonSet[] => {
        const routers = environmentsOf(fleet, node, name)
          .filter(({ daemons }) => daemons.some(({ outdated }) => outdated))
          .map((environment) => environment.name);
        if (routers.length === 0) return [];
        if (overlay.spec.routing?.instance === 'shared') {
          const served = environmentsOf(fleet, node, name).filter(({ daemons }) => daemons.length > 0);
          return [{ overlay: name, node, routers: served.map((one) => one.name) }];
        }
        return routers.map((router) => ({ overlay: name, node, routers: [router] }));
      }),
    );
}

/** Empty when nodes have done what the step asks, and the overlay is whole. */
function whatIsMissing(
  set: DaemonSet,
  { step }: UpgradeRecord,
  { inventory, fleet, watch }: UpgradeParts,
): string {
  const { node, overlay, routers } = set;
  if (!fleet.isConnected(node)) return `node ${node}, which is not connected`;
  if ((fleet.statusOf(node)?.revision ?? 0) < inventory.revisionOf(UPGRADE)) return `node ${node} to ${step}`;
  const environments = environmentsOf(fleet, node, overlay).filter(({ name }) => routers.includes(name));
  const outdated = environments.filter(({ daemons }) => daemons.some((one) => one.outdated || one.pid === 0));
  if (step !== 'drain' && outdated.length > 0) return `daemons of ${namesOf(outdated)}`;
  const lonely = environments.filter(({ neighbors }) => neighbors.have < neighbors.want);
  if (step !== 'drain' && lonely.length > 0) return `neighbours of ${namesOf(lonely)}`;
  const health = watch.healthOf(overlay);
  return health?.phase === 'ready' ? '' : `overlay ${overlay}: ${health?.message ?? ''}`;
}

/** Whether nothing of the set stands where it stood when the upgrade began. */
function isGone({ overlay, node, routers }: DaemonSet, { inventory }: UpgradeParts): boolean {
  const stored = inventory.overlays.get(overlay);
  if (stored === undefined || stored.deleting) return true;
  return !describeRouters(stored.overlay, stored.plan).some(
    (router) => router.node === node && routers.includes(router.name),
  );
}

function quietMsOf({ overlay, routers }: DaemonSet, { overlays }: Inventory): number {
  const spec = overlays.get(overlay)?.overlay.spec;
  const isSlow = routers.some((router) => {
    const timers = spec?.routers?.[router]?.routing?.timers ?? spec?.routing?.timers ?? 'fast';
    return timers !== 'fast';
  });
  return isSlow || routers.length > LARGE_SET ? LONG_QUIET_MS : QUIET_MS;
}

function environmentsOf(
  fleet: UpgradeParts['fleet'],
  node: string,
  overlay: string,
): readonly EnvironmentStatus[] {
  return fleet.statusOf(node)?.overlays.find(({ name }) => name === overlay)?.environments ?? [];
}

function namesOf(environments: readonly EnvironmentStatus[]): string {
  return environments.map(({ name }) => name).join(', ');
}
