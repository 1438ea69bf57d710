import type { Node } from '../../src/model/node.ts';
import type { NodeState } from '../../src/model/node-state.ts';
import type { Overlay } from '../../src/model/overlay.ts';
import type { Checked } from '../../src/model/problem.ts';
import { DAEMONS } from '../../src/model/routing-state.ts';
import type { Spec } from '../../src/model/topology.ts';
import { NO_BASES } from '../../src/planner/base-sites.ts';
import { compileNodeStates, type PlannedOverlay } from '../../src/planner/node-states.ts';
import { compileOverlay, type OverlayPlan } from '../../src/planner/overlay-plan.ts';
import { needsSecrets, type OverlaySecrets } from '../../src/planner/overlay-secrets.ts';
import { NOTHING_TAKEN, takenBy } from '../../src/planner/tunnel-numbers.ts';
import { orderByUnderlay } from '../../src/planner/underlay-order.ts';

/** An overlay over n1, n2 and n3 unless it is said otherwise. */
export function buildOverlay(
  topology: Spec['topology'],
  rest: Partial<Spec> & { readonly name?: string } = {},
): Overlay {
  const { name = 'net', ...spec } = rest;
  return {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name },
    spec: { topology, placement: { nodes: ['n1', 'n2', 'n3'] }, ...spec },
  };
}

export function buildNode(name: string, changes: Partial<Node> = {}): Node {
  return {
    name,
    underlay: [`192.0.2.${name.slice(1)}`],
    mtu: 1500,
    capabilities: {
      kernel: '6.1.0',
      linkKinds: ['veth', 'vxlan', 'bridge'],
      features: ['nftables', 'tbf'],
      frr: '8.4.4',
      frrRemark: '',
      daemons: [...DAEMONS],
    },
    limits: { members: 100_000 },
    metrics: '',
    version: '0.1.0',
    ...changes,
  };
}

export function buildNodes(...nodes: readonly Node[]): Map<string, Node> {
  return new Map(nodes.map((node) => [node.name, node]));
}

export const THREE_NODES = buildNodes(buildNode('n1'), buildNode('n2'), buildNode('n3'));

/** The value, or a failed test that prints the problems. */
export function unwrap<T>(checked: Checked<T>): T {
  if (checked.ok) return checked.value;
  throw new Error(checked.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
}

export function codesOf(checked: Checked<unknown>): string[] {
  return checked.ok ? [] : checked.problems.map(({ code }) => code);
}

/** Secrets of the generations named; the last one but for `sending` is used. */
export function secretsOf(generations: readonly number[], sending = generations.at(-1) ?? 0): OverlaySecrets {
  const secretOf = (number: number) => number.toString(16).padStart(64, '0');
  return {
    identity: 'ab'.repeat(32),
    generations: generations.map((number) => ({ number, secret: secretOf(number) })),
    sending,
  };
}

/** All of some overlays, each behind those that it rides on, with keys where they need any. */
export function planAll(...overlays: readonly Overlay[]): PlannedOverlay[] {
  return continueAll(overlays, new Map());
}

export function continueAll(
  overlays: readonly Overlay[],
  before: ReadonlyMap<string, PlannedOverlay>,
): PlannedOverlay[] {
  const held = new Map([...before].map(([name, { plan }]) => [name, plan]));
  const bases = new Map<string, PlannedOverlay>();
  for (const { overlay } of unwrap(orderByUnderlay(overlays.map((one) => ({ overlay: one }))))) {
    const { name } = overlay.metadata;
    const previous = held.get(name) ?? null;
    const taken = takenBy([...held].filter(([other]) => other !== name).map(([, plan]) => plan));
    const plan = unwrap(compileOverlay({ overlay, previous, taken, bases }));
    held.set(name, plan);
    bases.set(name, { overlay, plan, secrets: needsSecrets(overlay) ? secretsOf([1]) : null });
  }
  return [...bases.values()];
}

export function planOf(overlay: Overlay, previous: OverlayPlan | null = null): PlannedOverlay {
  return {
    overlay,
    plan: unwrap(compileOverlay({ overlay, previous, taken: NOTHING_TAKEN, bases: NO_BASES })),
  };
}

export function statesOf(overlay: Overlay, nodes = THREE_NODES): Map<string, NodeState> {
  return unwrap(compileNodeStates([planOf(overlay)], nodes, 1));
}
