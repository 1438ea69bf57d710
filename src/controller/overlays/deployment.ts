import type { ApplyResult } from '../../model/api.ts';
import type { ChangeSummary } from '../../model/change.ts';
import type { ParsedOverlay } from '../../model/overlay-document.ts';
import type { Problem } from '../../model/problem.ts';
import type { PlannedOverlay } from '../../planner/node-states.ts';
import { describeRouters } from '../../planner/overlay-view.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Store, Transaction } from '../store/store.ts';
import { type Candidate, compileCandidate } from './candidate.ts';
import { nodesOfRouters } from './health.ts';
import type { Inventory } from './inventory.ts';
import { collectPromises, type Refusal } from './node-promises.ts';
import { DESIRED, NODES, OVERLAYS, type OverlayRecord, USED } from './record.ts';

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
  const compiled = compileCandidate(documents, inventory, inventory.desiredRevision + 1);
  if (!compiled.ok) return { kind: 'invalid', problems: compiled.problems };
  const candidate = compiled.value;
  if (candidate.planned.length === 0) return { kind: 'done', results: report(documents, inventory, []) };
  const transaction = transactionOf(candidate, inventory, options.now());

  const { dryRun, prepareDeadlineMs: deadlineMs } = options;
  const { concerned: nodes, states } = candidate;
  const promises = await collectPromises(fleet, { nodes, states, dryRun, deadlineMs, seen: inventory.seen });
  if (!promises.ok) return { kind: 'refused', refusals: promises.refusals };
  // Before the commit, for that changes what is reported as created and what as changed.
  const results = report(documents, inventory, candidate.planned, promises.changes);
  if (dryRun) return { kind: 'done', results };

  try {
    const { ok, revision } = await store.commit(transaction);
    if (ok) return { kind: 'done', results: withRevision(results, revision) };
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
  }
  return null;
}

/** Fails when anything that the candidate was compiled from has changed meanwhile. */
function transactionOf({ planned }: Candidate, inventory: Inventory, now: Date): Transaction {
  const compared = new Set([DESIRED]);
  const puts = [{ key: DESIRED, value: '' }];
  for (const { overlay, plan } of planned) {
    const { name } = overlay.metadata;
    const stored = inventory.overlays.get(name);
    const record: OverlayRecord = {
      overlay,
      plan,
      createdAt: stored?.createdAt ?? now.toISOString(),
      changedAt: now.toISOString(),
      deleting: false,
    };
    const nodes = nodesOfRouters(describeRouters(overlay, plan));
    const used = [...new Set([...(stored?.used ?? []), ...nodes])].sort();
    puts.push({ key: OVERLAYS + name, value: JSON.stringify(record) });
    puts.push({ key: USED + name, value: JSON.stringify(used) });
    for (const key of [OVERLAYS + name, USED + name, ...nodes.map((node) => NODES + node)]) compared.add(key);
  }
  const compare = [...compared].map((key) => ({ key, modRevision: inventory.revisionOf(key) }));
  return { compare, puts, deletes: [] };
}

function report(
  documents: readonly ParsedOverlay[],
  inventory: Inventory,
  planned: readonly PlannedOverlay[],
  changes: ReadonlyMap<string, readonly ChangeSummary[]> = new Map(),
): ApplyResult[] {
  const changed = new Set(planned.map(({ overlay }) => overlay.metadata.name));
  return documents.map(({ overlay: { metadata } }) => {
    const { name } = metadata;
    const stored = inventory.overlays.get(name);
    if (!changed.has(name)) {
      return { overlay: name, outcome: 'unchanged', revision: stored?.revision ?? 0, nodes: [] };
    }
    const outcome = stored === undefined ? 'created' : 'changed';
    const nodes = [...changes].map(([node, all]) => ({ node, changes: all.filter(isOf(name)) }));
    return {
      overlay: name,
      outcome,
      revision: stored?.revision ?? 0,
      nodes: nodes.filter((one) => one.changes.length > 0),
    };
  });
}

/** A namespace's name begins with its overlay's, and that holds no underscore. */
function isOf(overlay: string): (change: ChangeSummary) => boolean {
  return ({ namespace }) => namespace.startsWith(`${overlay}_`);
}

function withRevision(results: readonly ApplyResult[], revision: number): ApplyResult[] {
  return results.map((result) => (result.outcome === 'unchanged' ? result : { ...result, revision }));
}
