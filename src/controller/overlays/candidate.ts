import { isDeepStrictEqual } from 'node:util';
import type { NodeState, OverlayState } from '../../model/node-state.ts';
import type { ParsedOverlay } from '../../model/overlay-document.ts';
import type { Checked, Problem } from '../../model/problem.ts';
import { compileNodeStates, compileOverlayStates, type PlannedOverlay } from '../../planner/node-states.ts';
import { compileOverlay } from '../../planner/overlay-plan.ts';
import { takenBy } from '../../planner/tunnel-numbers.ts';
import { orderByUnderlay } from '../../planner/underlay-order.ts';
import type { Inventory } from './inventory.ts';

/** What would become of some documents, before any node was asked. */
export interface Candidate {
  /** Those that differ from what is stored. */
  readonly planned: readonly PlannedOverlay[];
  /** What each node should be, with everything else that is wanted. */
  readonly states: ReadonlyMap<string, NodeState>;
  /** Nodes whose part of a changed overlay differs from what it is now; sorted. */
  readonly concerned: readonly string[];
}

/** Pure. `revision` is what the states will bear. All problems of all documents are returned at once. */
export function compileCandidate(
  documents: readonly ParsedOverlay[],
  inventory: Inventory,
  revision: number,
): Checked<Candidate> {
  const changed = documents.filter(
    ({ overlay }) => !isDeepStrictEqual(inventory.overlays.get(overlay.metadata.name)?.overlay, overlay),
  );
  const planned = planAll(changed, inventory);
  if (!planned.ok) return planned;

  const wanted = [...untouched(changed, inventory), ...planned.value];
  const states = compileNodeStates(wanted, inventory.nodes, revision);
  if (!states.ok) {
    // What one node cannot bear may be due to several documents; only a single one can be pointed at.
    const [only] = changed.length === 1 ? changed : [];
    return { ok: false, problems: only === undefined ? states.problems : located(states.problems, only) };
  }
  const concerned = findConcernedNodes(planned.value, states.value, inventory);
  return { ok: true, value: { planned: planned.value, states: states.value, concerned } };
}

function planAll(
  documents: readonly ParsedOverlay[],
  inventory: Inventory,
): Checked<readonly PlannedOverlay[]> {
  const names = new Set(documents.map(({ overlay }) => overlay.metadata.name));
  const ordered = orderByUnderlay(documents);
  if (!ordered.ok) return ordered;
  // A document may not take what the present plan of another one of them holds either.
  const held = new Map([...inventory.overlays.values()].map(({ name, plan }) => [name, plan]));
  const bases = new Map<string, PlannedOverlay>(
    [...inventory.overlays.values()]
      .filter(({ name, deleting }) => !deleting && !names.has(name))
      .map((stored) => [stored.name, stored]),
  );
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
    bases.set(name, { overlay, plan: plan.value });
    const states = compileOverlayStates({ overlay, plan: plan.value }, inventory.nodes, bases);
    if (states.ok) planned.push({ overlay, plan: plan.value });
    else problems.push(...located(states.problems, document));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: planned };
}

function untouched(changed: readonly ParsedOverlay[], inventory: Inventory): PlannedOverlay[] {
  const names = new Set(changed.map(({ overlay }) => overlay.metadata.name));
  return [...inventory.overlays.values()].filter(({ name, deleting }) => !deleting && !names.has(name));
}

function findConcernedNodes(
  planned: readonly PlannedOverlay[],
  states: ReadonlyMap<string, NodeState>,
  inventory: Inventory,
): string[] {
  const concerned = new Set<string>();
  for (const { overlay } of planned) {
    const { name } = overlay.metadata;
    const stored = inventory.overlays.get(name);
    const compiled =
      stored === undefined ? null : compileOverlayStates(stored, inventory.nodes, inventory.overlays);
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
