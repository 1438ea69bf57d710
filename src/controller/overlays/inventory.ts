import type { Node } from '../../model/node.ts';
import { VinetError } from '../../model/vinet-error.ts';
import { type StoredPlan, upgradePlan } from '../../planner/stored-plan.ts';
import type { Store, StoreChange } from '../store/store.ts';
import {
  CONVERGED,
  type ConvergedRecord,
  DESIRED,
  NODES,
  OVERLAYS,
  type OverlayRecord,
  SECRETS,
  SEEN,
  type SecretsRecord,
  type SeenRecord,
  UPGRADE,
  type UpgradeRecord,
  USED,
  type UsedRecord,
} from './record.ts';

/** What the store holds, parsed and at hand. It changes with the store's commits and in no other way. */
export interface Inventory {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly overlays: ReadonlyMap<string, StoredOverlay>;
  /** Of overlays with keys. Nothing of it may leave the controller but the keys that the planner makes of it. */
  readonly secrets: ReadonlyMap<string, SecretsRecord>;
  /** How long overlays took to converge. */
  readonly converged: ReadonlyMap<string, ConvergedRecord>;
  /** When each node's agent last came or went. */
  readonly seen: ReadonlyMap<string, SeenRecord>;
  /** The upgrade of FRR that is under way. */
  readonly upgrade: UpgradeRecord | null;
  /** Revision of the last change of what any node should be; 0 before the first. */
  readonly desiredRevision: number;
  /** Revision of any key, for a comparison; 0 when it is absent. */
  revisionOf(key: string): number;
}

export interface StoredOverlay extends OverlayRecord {
  readonly name: string;
  /** Of its last change. */
  readonly revision: number;
  /** Nodes that have, or may still have, something of it. */
  readonly used: readonly string[];
}

/** Reads the store and follows it. Fails with `state-damaged` naming the key that is not what it should be. */
export async function openInventory(store: Store): Promise<Inventory> {
  const inventory = new StoreInventory();
  const entries = await store.list('');
  inventory.take(entries.map((entry) => ({ key: entry.key, entry })));
  store.watch('', (changes) => inventory.take(changes));
  return inventory;
}

class StoreInventory implements Inventory {
  readonly nodes = new Map<string, Node>();
  readonly overlays = new Map<string, StoredOverlay>();
  readonly secrets = new Map<string, SecretsRecord>();
  readonly seen = new Map<string, SeenRecord>();
  readonly converged = new Map<string, ConvergedRecord>();
  #upgrade: UpgradeRecord | null = null;
  readonly #revisions = new Map<string, number>();
  readonly #used = new Map<string, UsedRecord>();

  get upgrade(): UpgradeRecord | null {
    return this.#upgrade;
  }

  get desiredRevision(): number {
    return this.revisionOf(DESIRED);
  }

  revisionOf(key: string): number {
    return this.#revisions.get(key) ?? 0;
  }

  take(changes: readonly StoreChange[]): void {
    // An overlay is shown with the nodes that it uses, so those are taken first.
    const used = changes.filter(({ key }) => key.startsWith(USED));
    const others = changes.filter(({ key }) => !key.startsWith(USED));
    for (const change of [...used, ...others]) this.#takeOne(change);
  }

  #takeOne({ key, entry }: StoreChange): void {
    if (entry === null) this.#revisions.delete(key);
    else this.#revisions.set(key, entry.modRevision);
    const value: unknown = entry === null ? undefined : parse(key, entry.value);
    if (key === UPGRADE) this.#upgrade = (value as UpgradeRecord | undefined) ?? null;
    if (key.startsWith(NODES)) place(this.nodes, key.slice(NODES.length), value as Node | undefined);
    if (key.startsWith(SECRETS))
      place(this.secrets, key.slice(SECRETS.length), value as SecretsRecord | undefined);
    if (key.startsWith(SEEN)) place(this.seen, key.slice(SEEN.length), value as SeenRecord | undefined);
    if (key.startsWith(CONVERGED))
      place(this.converged, key.slice(CONVERGED.length), value as ConvergedRecord | undefined);
    if (key.startsWith(USED)) {
      const name = key.slice(USED.length);
      place(this.#used, name, value as UsedRecord | undefined);
      const overlay = this.overlays.get(name);
      if (overlay !== undefined) this.overlays.set(name, { ...overlay, used: this.#used.get(name) ?? [] });
    }
    if (key.startsWith(OVERLAYS)) {
      const name = key.slice(OVERLAYS.length);
      const stored = { name, revision: this.revisionOf(key), used: this.#used.get(name) ?? [] };
      place(
        this.overlays,
        name,
        value === undefined ? undefined : { ...upgrade(value as StoredRecord), ...stored },
      );
    }
  }
}

/** As it stands in the store, perhaps since an older version. */
type StoredRecord = Omit<OverlayRecord, 'plan'> & { readonly plan: StoredPlan };

function upgrade(record: StoredRecord): OverlayRecord {
  return { ...record, plan: upgradePlan(record.plan) };
}

function place<T>(map: Map<string, T>, name: string, value: T | undefined): void {
  if (value === undefined) map.delete(name);
  else map.set(name, value);
}

function parse(key: string, text: string): unknown {
  if (text === '') return '';
  try {
    return JSON.parse(text);
  } catch {
    // The cause would cite the entry, which may be secret.
    throw new VinetError('state-damaged', `the state's entry ${key} is damaged: it is not JSON`);
  }
}
