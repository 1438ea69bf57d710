import { isDeepStrictEqual } from 'node:util';
import type { ApplyResult } from '../../model/api.ts';
import type { ChangeSummary } from '../../model/change.ts';
import type { ParsedOverlay } from '../../model/overlay-document.ts';
import type { Problem } from '../../model/problem.ts';
import type { PlannedOverlay } from '../../planner/node-states.ts';
import { nodesOfOverlay } from '../../planner/overlay-view.ts';
import { basesOf, neededBy } from '../../planner/underlay-order.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Store, Transaction } from '../store/store.ts';
import { compileCandidate } from './candidate.ts';
import type { Inventory } from './inventory.ts';
import { keepSecrets } from './key-generations.ts';
import { collectPromises, type Refusal } from './node-promises.ts';
import { DESIRED, NODES, OVERLAYS, type OverlayRecord, SECRETS, type SecretsRecord, USED } from './record.ts';

/** What came of a deploy; in all cases but the first nothing has changed, on no node and in no store. */
export type DeployOutcome =
  | { readonly kind: 'done'; readonly results: readonly ApplyResult[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] }
  | { readonly kind: 'conflict'; readonly message: string };

export interface DeployOptions {
  readonly dryRun: boolean;
  /** How long a node may take to answer. */
  readonly prepareDeadlineMs: number;
  readonly now: () => Date;
}

export interface DeployParts {
  readonly store: Store;
  readonly inventory: Inventory;
  readonly fleet: Fleet;
}

const ATTEMPTS = 3;

/**
 * All or nothing: every concerned node promises, then one commit of the store makes it true. What nodes
 * promised is carried out when they are sent the new desired state, which is the caller's part.
 */
export async function deploy(
  documents: readonly ParsedOverlay[],
  parts: DeployParts,
  options: DeployOptions,
): Promise<DeployOutcome> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const outcome = await tryDeploy(documents, parts, options);
    if (outcome !== 'overtaken') return outcome;
  }
  return { kind: 'conflict', message: 'nodes or overlays kept changing meanwhile; try again' };
}

async function tryDeploy(
  documents: readonly ParsedOverlay[],
  parts: DeployParts,
  options: DeployOptions,
): Promise<DeployOutcome | 'overtaken'> {
  const { store, inventory, fleet } = parts;
  const conflict = findConflict(documents, inventory);
  if (conflict !== null) return { kind: 'conflict', message: conflict };
  const secrets = secretsOf(documents, inventory, options.now());
  const revision = inventory.desiredRevision + 1;
  const compiled = compileCandidate({ documents, secrets, inventory, revision });
  if (!compiled.ok) return { kind: 'invalid', problems: compiled.problems };
  const candidate = compiled.value;
  if (candidate.planned.length === 0) return { kind: 'done', results: report(documents, inventory, []) };
  const changed = candidate.planned.filter((planned) => isChanged(planned, inventory));
  const transaction = transactionOf(changed, secrets, inventory, options.now());

  const { dryRun, prepareDeadlineMs: deadlineMs } = options;
  const { concerned: nodes, states } = candidate;
  const promises = await collectPromises(fleet, { nodes, states, dryRun, deadlineMs, seen: inventory.seen });
  if (!promises.ok) return { kind: 'refused', refusals: promises.refusals };
  // Before the commit, for that changes what is reported as created and what as changed.
  const results = report(documents, inventory, candidate.planned, promises.changes);
  const names = new Set(changed.map(nameOf));
  if (dryRun) return { kind: 'done', results };

  try {
    const { ok, revision: committed } = await store.commit(transaction);
    if (ok) return { kind: 'done', results: withRevision(results, names, committed) };
  } catch (error) {
    promises.release();
    throw error;
  }
  promises.release();
  return 'overtaken';
}

function findConflict(documents: readonly ParsedOverlay[], inventory: Inventory): string | null {
  for (const { overlay } of documents) {
    const { name } = overlay.metadata;
    if (inventory.overlays.get(name)?.deleting) {
      return `overlay ${name} is being deleted; apply it again when it is gone`;
    }
    const leaving = neededBy(overlay).find((base) => inventory.overlays.get(base)?.deleting);
    if (leaving !== undefined) {
      const what = basesOf(overlay).includes(leaving) ? 'is to ride on' : 'is to have hosts of';
      return `overlay ${leaving}, which ${name} ${what}, is being deleted; apply both when it is gone`;
    }
  }
  return null;
}

/** Of those that are to have any; what an overlay has already stays. */
function secretsOf(
  documents: readonly ParsedOverlay[],
  inventory: Inventory,
  now: Date,
): Map<string, SecretsRecord> {
  return new Map(
    documents.flatMap(({ overlay }): [string, SecretsRecord][] => {
      const { name } = overlay.metadata;
      const kept = keepSecrets(overlay, inventory.secrets.get(name), now);
      return kept === null ? [] : [[name, kept]];
    }),
  );
}

/** What rides on an overlay that changes may have to be compiled anew and stay as it is. */
function isChanged({ overlay, plan }: PlannedOverlay, inventory: Inventory): boolean {
  const stored = inventory.overlays.get(overlay.metadata.name);
  return !isDeepStrictEqual(stored?.overlay, overlay) || !isDeepStrictEqual(stored?.plan, plan);
}

/** Fails when anything that the candidate was compiled from has changed meanwhile. */
function transactionOf(
  planned: readonly PlannedOverlay[],
  secrets: ReadonlyMap<string, SecretsRecord>,
  inventory: Inventory,
  now: Date,
): Transaction {
  const compared = new Set([DESIRED]);
  const puts = [{ key: DESIRED, value: '' }];
  const deletes: string[] = [];
  for (const { overlay, plan } of planned) {
    const { name } = overlay.metadata;
    const stored = inventory.overlays.get(name);
    const record: OverlayRecord = {
      overlay,
      plan,
      createdAt: stored?.createdAt ?? now.toISOString(),
      changedAt: now.toISOString(),
      deleting: stored?.deleting ?? false,
    };
    const nodes = nodesOfOverlay(plan);
    const used = [...new Set([...(stored?.used ?? []), ...nodes])].sort();
    puts.push({ key: OVERLAYS + name, value: JSON.stringify(record) });
    puts.push({ key: USED + name, value: JSON.stringify(used) });
    const present = inventory.secrets.get(name);
    const kept = keepSecrets(overlay, secrets.get(name) ?? present, now);
    if (kept === null) deletes.push(SECRETS + name);
    else if (kept !== present) puts.push({ key: SECRETS + name, value: JSON.stringify(kept) });
    for (const key of [SECRETS + name, OVERLAYS + name, USED + name, ...nodes.map((node) => NODES + node)])
      compared.add(key);
  }
  const compare = [...compared].map((key) => ({ key, modRevision: inventory.revisionOf(key) }));
  return { compare, puts, deletes };
}

/** What becomes of the documents, and of what rides on them where that has to change. */
function report(
  documents: readonly ParsedOverlay[],
  inventory: Inventory,
  planned: readonly PlannedOverlay[],
  changes: ReadonlyMap<string, readonly ChangeSummary[]> = new Map(),
): ApplyResult[] {
  const declared = documents.map(nameOf);
  const affected = new Set(planned.map(nameOf));
  const results = [...new Set([...declared, ...affected])].map((name): ApplyResult => {
    const stored = inventory.overlays.get(name);
    const nodes = [...changes].map(([node, all]) => ({ node, changes: all.filter(isOf(name)) }));
    const own = affected.has(name) ? nodes.filter((one) => one.changes.length > 0) : [];
    const isSame =
      own.length === 0 && !planned.some((one) => nameOf(one) === name && isChanged(one, inventory));
    const outcome = stored === undefined ? 'created' : isSame ? 'unchanged' : 'changed';
    return { overlay: name, outcome, revision: stored?.revision ?? 0, nodes: own };
  });
  return results.filter(({ overlay, outcome }) => declared.includes(overlay) || outcome !== 'unchanged');
}

function nameOf({ overlay }: Pick<PlannedOverlay, 'overlay'>): string {
  return overlay.metadata.name;
}

/** A namespace's name begins with its overlay's, and that holds no underscore. */
function isOf(overlay: string): (change: ChangeSummary) => boolean {
  return ({ namespace }) => namespace.startsWith(`${overlay}_`);
}

function withRevision(
  results: readonly ApplyResult[],
  changed: ReadonlySet<string>,
  revision: number,
): ApplyResult[] {
  return results.map((result) => (changed.has(result.overlay) ? { ...result, revision } : result));
}
