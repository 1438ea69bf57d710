import { isDeepStrictEqual } from 'node:util';
import type { NodeState, OverlayState } from '../../model/node-state.ts';
import type { ParsedOverlay } from '../../model/overlay-document.ts';
import type { Checked, Problem } from '../../model/problem.ts';
import { compileNodeStates, compileOverlayStates, type PlannedOverlay } from '../../planner/node-states.ts';
import { compileOverlay } from '../../planner/overlay-plan.ts';
import type { OverlaySecrets } from '../../planner/overlay-secrets.ts';
import { takenBy } from '../../planner/tunnel-numbers.ts';
import { homesOf, orderByUnderlay, ridersOf } from '../../planner/underlay-order.ts';
import type { Inventory } from './inventory.ts';
import { isWanted, plannedOf, wantedOverlays } from './riders.ts';

/** What would become of some documents, before any node was asked. */
export interface Candidate {
  /** Those that differ from what is stored, and what depends on those; each behind what it needs. */
  readonly planned: readonly PlannedOverlay[];
  /** What each node should be, with everything else that is wanted. */
  readonly states: ReadonlyMap<string, NodeState>;
  /** Nodes whose part of one of these overlays differs from what it is now; sorted. */
  readonly concerned: readonly string[];
}

export interface CandidateInput {
  readonly documents: readonly ParsedOverlay[];
  /** Of the documents that have any. */
  readonly secrets: ReadonlyMap<string, OverlaySecrets>;
  readonly inventory: Inventory;
  /** What the states will bear. */
  readonly revision: number;
}

/** Pure. All problems of all documents are returned at once. */
export function compileCandidate(input: CandidateInput): Checked<Candidate> {
  const { documents, inventory, revision } = input;
  const changed = documents.filter(
    ({ overlay }) => !isDeepStrictEqual(inventory.overlays.get(overlay.metadata.name)?.overlay, overlay),
  );
  const planned = planAll([...changed, ...affectedBy(changed, input)], input);
  if (!planned.ok) return planned;

  const states = compileNodeStates(
    [...untouched(planned.value, inventory), ...planned.value],
    inventory.nodes,
    revision,
  );
  if (!states.ok) {
    // What one node cannot bear may be due to several documents; only a single one can be pointed at.
    const [only] = changed.length === 1 ? changed : [];
    return { ok: false, problems: only === undefined ? states.problems : located(states.problems, only) };
  }
  const concerned = findConcernedNodes(planned.value, states.value, inventory);
  return { ok: true, value: { planned: planned.value, states: states.value, concerned } };
}

/**
 * Overlays that need what changes, as they are: their sites may have moved, and there may be less room in packets.
 * And those whose hosts it has, or had: their internal routers are where it is joined.
 */
function affectedBy(
  changed: readonly ParsedOverlay[],
  { documents, inventory }: CandidateInput,
): ParsedOverlay[] {
  const wanted = [...inventory.overlays.values()].filter((stored) => isWanted(stored, inventory));
  const all = new Map<string, ParsedOverlay>(
    wanted.map(({ name, overlay }) => [name, { overlay, locate: () => null }]),
  );
  for (const document of documents) all.set(document.overlay.metadata.name, document);
  const names = new Set(changed.map(({ overlay }) => overlay.metadata.name));
  const overlays = [...all.values()].map(({ overlay }) => overlay);
  const before = changed.flatMap(
    ({ overlay }) => inventory.overlays.get(overlay.metadata.name)?.overlay ?? [],
  );
  const homes = [...changed.map(({ overlay }) => overlay), ...before].flatMap(homesOf);
  const affected = new Set([...names].flatMap((name) => ridersOf(overlays, name)).concat(homes));
  return [...affected].flatMap((name) => (names.has(name) ? [] : (all.get(name) ?? [])));
}

function planAll(
  documents: readonly ParsedOverlay[],
  { secrets, inventory }: CandidateInput,
): Checked<readonly PlannedOverlay[]> {
  const ordered = orderByUnderlay(documents);
  if (!ordered.ok) return ordered;
  const names = new Set(documents.map(({ overlay }) => overlay.metadata.name));
  const bases = new Map<string, PlannedOverlay>(
    [...inventory.overlays.values()]
      .filter(({ name, deleting }) => !deleting && !names.has(name))
      .map((stored) => [stored.name, plannedOf(stored, inventory)]),
  );
  // A document may not take what the present plan of another one of them holds either.
  const held = new Map([...inventory.overlays.values()].map(({ name, plan }) => [name, plan]));
  const planned: PlannedOverlay[] = [];
  const problems: Problem[] = [];
  for (const document of ordered.value) {
    const { overlay } = document;
    const { name } = overlay.metadata;
    const others = [...held].filter(([other]) => other !== name).map(([, plan]) => plan);
    const previous = inventory.overlays.get(name)?.plan ?? null;
    const plan = compileOverlay({ overlay, previous, taken: takenBy(others), bases });
    if (!plan.ok) {
      problems.push(...located(plan.problems, document));
      continue;
    }
    held.set(name, plan.value);
    const one = {
      overlay,
      plan: plan.value,
      secrets: secrets.get(name) ?? inventory.secrets.get(name) ?? null,
    };
    bases.set(name, one);
    const states = compileOverlayStates(one, inventory.nodes, bases);
    if (states.ok) planned.push(one);
    else problems.push(...located(states.problems, document));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: planned };
}

function untouched(planned: readonly PlannedOverlay[], inventory: Inventory): PlannedOverlay[] {
  const names = new Set(planned.map(({ overlay }) => overlay.metadata.name));
  return [...inventory.overlays.values()]
    .filter((stored) => isWanted(stored, inventory) && !names.has(stored.name))
    .map((stored) => plannedOf(stored, inventory));
}

function findConcernedNodes(
  planned: readonly PlannedOverlay[],
  states: ReadonlyMap<string, NodeState>,
  inventory: Inventory,
): string[] {
  const { nodes, overlays } = inventory;
  const wanted = wantedOverlays(inventory);
  const concerned = new Set<string>();
  for (const { overlay } of planned) {
    const { name } = overlay.metadata;
    const stored = overlays.get(name);
    const compiled =
      stored === undefined ? null : compileOverlayStates(plannedOf(stored, inventory), nodes, wanted);
    const before: ReadonlyMap<string, OverlayState> = compiled?.ok ? compiled.value : new Map();
    for (const [node, state] of states) {
      const after = state.overlays.find((one) => one.name === name);
      if (!isDeepStrictEqual(before.get(node), after)) concerned.add(node);
    }
  }
  return [...concerned].sort();
}

function located(problems: readonly Problem[], { locate }: ParsedOverlay): Problem[] {
  return problems.map((problem) => ({ ...(locate(problem.path) ?? {}), ...problem }));
}
