import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { editLink } from '../../model/link-edit.ts';
import type { Node } from '../../model/node.ts';
import type { NodeState } from '../../model/node-state.ts';
import type { LinkEdit } from '../../model/overlay.ts';
import { checkOverlayData, type ParsedOverlay, parseOverlayDocuments } from '../../model/overlay-document.ts';
import { formatProblem } from '../../model/problem.ts';
import type { NodeStatus } from '../../model/status.ts';
import { errorText, VinetError } from '../../model/vinet-error.ts';
import { ridersOf } from '../../planner/underlay-order.ts';
import type { ReportedEvent } from '../../rpc/report-codec.ts';
import type { EventLog } from '../events/event-log.ts';
import type { Fleet, FleetListener } from '../fleet/fleet.ts';
import type { Store } from '../store/store.ts';
import { type DeployOutcome, deploy } from './deployment.ts';
import { compileDesiredStates } from './desired-states.ts';
import type { Inventory } from './inventory.ts';
import { createOverlayWatch, type OverlayWatch } from './overlay-watch.ts';
import { DESIRED, NODES, noteConverged, SEEN } from './record.ts';
import { markDeleting, sweep } from './removal.ts';
import { hasRiders } from './riders.ts';
import {
  advanceRotations,
  beginDueRotations,
  beginRotation,
  hasLostKeys,
  mayAdvance,
  type RotationParts,
} from './rotation.ts';
import { createTaskQueue } from './task-queue.ts';
import { FrrUpgrade } from './upgrade.ts';

export interface OverlayServiceParts {
  readonly store: Store;
  readonly inventory: Inventory;
  readonly fleet: Fleet;
  readonly events: EventLog;
  readonly log: Logger;
  /** How long a node may take to promise. */
  readonly prepareDeadlineMs: number;
}

/**
 * The life of overlays: one change at a time from a user's file to the store and from there to the nodes,
 * and back from what nodes report to health and to the end of what is no longer wanted. After a restart
 * everything goes on from the store: agents dial again, and each is sent its whole desired state.
 */
export class OverlayService implements FleetListener {
  readonly watch: OverlayWatch;
  readonly upgrade: FrrUpgrade;
  readonly #parts: OverlayServiceParts;
  readonly #changes = createTaskQueue();
  #tending = false;
  /** Compiled once a revision; null when something has changed. */
  #desired: ReadonlyMap<string, NodeState> | null = null;

  constructor(parts: OverlayServiceParts) {
    this.#parts = parts;
    const { inventory, fleet, events, store, log } = parts;
    this.watch = createOverlayWatch({
      inventory,
      fleet,
      emit: (event) => events.add(event),
      clock: () => performance.now(),
      onConverged: (name, record) => {
        noteConverged(store, name, record).catch((err: unknown) =>
          log.error({ err }, 'could not note a time'),
        );
      },
    });
    this.upgrade = new FrrUpgrade({ ...parts, watch: this.watch, onStep: () => this.#push() });
    for (const prefix of [DESIRED, NODES]) {
      store.watch(prefix, () => {
        this.#desired = null;
      });
    }
  }

  /** Applies a file of one or more overlays as one transaction; a dry run only tells what it would do. */
  async apply(source: Uint8Array | string, dryRun: boolean): Promise<DeployOutcome> {
    const parsed = parseOverlayDocuments(source);
    if (!parsed.ok) return { kind: 'invalid', problems: parsed.problems };
    return await this.#changes.run(() => this.#deploy(parsed.value, dryRun));
  }

  /** Declares one link of an overlay otherwise, and applies that. Fails with `not-found`. */
  async editLink(name: string, link: string, edit: LinkEdit, dryRun: boolean): Promise<DeployOutcome> {
    return await this.#changes.run(async () => {
      const stored = this.#parts.inventory.overlays.get(name);
      if (stored === undefined) throw new VinetError('not-found', `there is no overlay ${name}`);
      const edited = editLink(stored.overlay, link, edit);
      if (!edited.ok) throw new VinetError('not-found', edited.problems.map(formatProblem).join('; '));
      const checked = checkOverlayData(edited.value);
      if (!checked.ok) return { kind: 'invalid', problems: checked.problems };
      return await this.#deploy([{ overlay: checked.value, locate: () => null }], dryRun, `: link ${link}`);
    });
  }

  /**
   * False when there is no such overlay. One that is being deleted already stays so. Fails with `has-riders` where
   * others ride on it or have hosts of it; a cascade deletes those first, each wholly before the one that it needs.
   */
  async delete(name: string, cascade: boolean): Promise<boolean> {
    return await this.#changes.run(async () => {
      const { store, inventory } = this.#parts;
      if (!inventory.overlays.has(name)) return false;
      const overlays = [...inventory.overlays.values()];
      const riders = ridersOf(
        overlays.map(({ overlay }) => overlay),
        name,
      );
      const isStaying = (one: string) => inventory.overlays.get(one)?.deleting === false;
      const staying = riders.filter(isStaying);
      if (staying.length > 0 && !cascade) throw hasRiders(name, staying, inventory);
      const doomed = [...riders, name].filter(isStaying);
      if (doomed.length === 0) return true;
      const result = await markDeleting(doomed, store, inventory, new Date());
      if (result === 'overtaken')
        throw new VinetError('conflict', `overlay ${name} changed meanwhile; try again`);
      for (const one of doomed) this.#tell('overlay-deleting', one, 'is no longer wanted');
      this.#push();
      this.#tendSoon();
      return true;
    });
  }

  /** Begins to make the keys of an overlay anew. Fails with `not-found` or `conflict`. */
  async rotate(name: string): Promise<void> {
    await this.#changes.run(async () => {
      await beginRotation(name, this.#rotation);
      this.#parts.log.info({ overlay: name }, 'keys are made anew');
      this.#push();
    });
    this.#tendSoon();
  }

  /** To be called now and then: begins the rotations that are due. */
  rotateDue(): void {
    this.#tendSoon();
  }

  /** What a node should be; null for one that is not known. */
  desiredStateOf(node: string): NodeState | null {
    this.#desired ??= compileDesiredStates(this.#parts.inventory);
    return this.#desired.get(node) ?? null;
  }

  /** Resolves when nothing that was begun goes on. */
  async idle(): Promise<void> {
    await this.#changes.idle();
  }

  /**
   * A node's record changes with its registration, and with an address or an MTU also what others should be.
   * Fails with `uncompilable` when it no longer has what overlays on it need: it keeps what it has then.
   */
  async admit(node: Node): Promise<void> {
    const { store, inventory } = this.#parts;
    const key = NODES + node.name;
    const puts = [{ key: SEEN + node.name, value: JSON.stringify(new Date().toISOString()) }];
    if (!isDeepStrictEqual(inventory.nodes.get(node.name), node)) {
      puts.push({ key, value: JSON.stringify(node) });
      if (this.#changesStates(node)) puts.push({ key: DESIRED, value: '' });
    }
    await store.commit({ compare: [], puts, deletes: [] });
    if (puts.some((put) => put.key === DESIRED)) this.#push();
  }

  joined(node: string): void {
    this.#parts.log.info({ node }, 'node joined');
    this.#parts.events.add({
      kind: 'node-joined',
      overlay: '',
      node,
      member: '',
      message: `node ${node} joined`,
    });
    this.#pushTo([node]);
    this.watch.reassessNode(node);
  }

  left(node: string): void {
    const { store, events, log } = this.#parts;
    log.warn({ node }, 'node left');
    events.add({ kind: 'node-left', overlay: '', node, member: '', message: `node ${node} left` });
    const puts = [{ key: SEEN + node, value: JSON.stringify(new Date().toISOString()) }];
    store.commit({ compare: [], puts, deletes: [] }).then(
      () => this.watch.reassessNode(node),
      (error: unknown) => log.error({ node, err: error }, 'could not note when the node left'),
    );
  }

  reported(node: string, status: NodeStatus): void {
    this.watch.reported(node, status);
    if (this.#mayBeClean(node, status) || mayAdvance(this.#parts) || hasLostKeys(this.#rotation))
      this.#tendSoon();
  }

  happened(node: string, event: ReportedEvent): void {
    this.#parts.events.add({ ...event, node });
  }

  /** @param detail what an event says of it besides */
  async #deploy(documents: readonly ParsedOverlay[], dryRun: boolean, detail = ''): Promise<DeployOutcome> {
    const { prepareDeadlineMs } = this.#parts;
    const options = { dryRun, prepareDeadlineMs, now: () => new Date() };
    const outcome = await deploy(documents, this.#parts, options);
    if (!dryRun && outcome.kind === 'done') this.#carryOut(outcome, detail);
    return outcome;
  }

  #carryOut(outcome: DeployOutcome & { kind: 'done' }, detail: string): void {
    const changed = outcome.results.filter((result) => result.outcome !== 'unchanged');
    for (const { overlay, outcome: word } of changed) {
      this.watch.committed(overlay);
      this.#tell('overlay-applied', overlay, word + detail);
    }
    if (changed.length > 0) this.#push();
  }

  #push(): void {
    this.#pushTo([...this.#parts.inventory.nodes.keys()]);
  }

  #pushTo(nodes: readonly string[]): void {
    try {
      for (const node of nodes) {
        const state = this.desiredStateOf(node);
        if (state !== null) this.#parts.fleet.desire(node, state);
      }
    } catch (error) {
      // The nodes keep what they have: less would be torn down.
      this.#parts.log.error({ err: error }, 'could not compile what nodes should be');
    }
  }

  #changesStates(node: Node): boolean {
    const { inventory } = this.#parts;
    if (inventory.overlays.size === 0) return false;
    const nodes = new Map([...inventory.nodes, [node.name, node]]);
    const after = compileDesiredStates(inventory, nodes);
    return [...after].some(
      ([name, state]) => !isDeepStrictEqual(this.desiredStateOf(name)?.overlays ?? [], state.overlays),
    );
  }

  /** Whether the node has caught up with the change by which an overlay left it. */
  #mayBeClean(node: string, { revision }: NodeStatus): boolean {
    return [...this.#parts.inventory.overlays.values()].some(
      (stored) =>
        stored.used.includes(node) &&
        revision >= stored.revision &&
        (stored.deleting || !this.watch.nodesOf(stored.name).includes(node)),
    );
  }

  get #rotation(): RotationParts {
    return { ...this.#parts, now: () => new Date() };
  }

  /** Takes the steps that time or the last reports of nodes have opened: of rotations, and ends of overlays. */
  #tendSoon(): void {
    if (this.#tending) return;
    this.#tending = true;
    const { store, inventory, fleet, log } = this.#parts;
    this.#changes
      .run(async () => {
        this.#tending = false;
        const before = inventory.desiredRevision;
        const gone = await sweep(store, inventory, (node) => fleet.statusOf(node));
        const begun = await beginDueRotations(this.#rotation);
        const rotated = await advanceRotations(this.#rotation);
        if (inventory.desiredRevision > before) this.#push();
        for (const name of gone) {
          this.watch.forget(name);
          this.#tell('overlay-deleted', name, 'is gone from every node');
        }
        for (const { overlay, losers } of begun)
          this.#tell('keys-lost', overlay, `gets new keys, for ${losers.join(', ')} lost those that it had`);
        for (const name of rotated) this.#tell('keys-rotated', name, 'has new keys on every node');
      })
      .catch((error: unknown) => log.error({ reason: errorText(error) }, 'could not tend the overlays'));
  }

  #tell(
    kind: 'overlay-applied' | 'overlay-deleting' | 'overlay-deleted' | 'keys-lost' | 'keys-rotated',
    overlay: string,
    what: string,
  ): void {
    this.#parts.log.info({ overlay, what }, kind);
    this.#parts.events.add({ kind, overlay, node: '', member: '', message: `overlay ${overlay} ${what}` });
  }
}
