import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Node } from '../../src/model/node.ts';
import type { NodeState } from '../../src/model/node-state.ts';
import type { Overlay } from '../../src/model/overlay.ts';
import type { DaemonName } from '../../src/model/routing-state.ts';
import { NO_BASES } from '../../src/planner/base-sites.ts';
import { diffNode } from '../../src/planner/diff.ts';
import { compileNodeStates, type PlannedOverlay } from '../../src/planner/node-states.ts';
import { compileOverlay } from '../../src/planner/overlay-plan.ts';
import { NOTHING_TAKEN } from '../../src/planner/tunnel-numbers.ts';
import { SimulatedNode } from './simulated-node.ts';

const NOTHING: NodeState = { revision: 0, overlays: [] };

describe('the difference between what a node is and what it should be', () => {
  it('is nothing once it was carried out', () => {
    fc.assert(
      fc.property(topologies(), topologies(), (first, second) => {
        const node = new SimulatedNode();
        for (const topology of [first, second]) {
          const desired = compile([overlay('a', topology)]);
          node.apply(difference(desired, node));
          expect(difference(desired, node)).toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('mends whatever was taken away, and only that', () => {
    fc.assert(
      fc.property(
        topologies(),
        fc.array(fc.nat(1000), { minLength: 4, maxLength: 12 }),
        (topology, choices) => {
          const desired = compile([overlay('a', topology)]);
          const node = new SimulatedNode();
          node.apply(difference(desired, node));
          const next = choices[Symbol.iterator]();
          node.damage((count) => (count === 0 ? 0 : Number(next.next().value ?? 0) % count));
          node.apply(difference(desired, node));
          expect(difference(desired, node)).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('touches nothing of the routers that a grown ring does not concern', () => {
    const small = compile([overlay('a', { kind: 'ring', routers: 10 })]);
    const node = new SimulatedNode();
    node.apply(difference(small, node));
    const before = plan('a', { kind: 'ring', routers: 10 }, null);
    const grown = compileAll([plan('a', { kind: 'ring', routers: 12 }, before)]);
    // Everybody learns the newcomers' names, and the node's own network from where their packets come.
    const changes = difference(grown, node).filter(
      ({ kind }) => kind !== 'set-hosts' && kind !== 'set-tunnel-sources',
    );
    const touched = new Set(changes.map((change) => change.namespace));
    // n1 has the odd routers; the ring was opened between r10 and r1.
    expect([...touched].sort()).toEqual(['a_r1', 'a_r11']);
  });

  it('opens a ring for a newcomer only when its daemons run, so that the others compute their paths once', () => {
    const before = planOnOneNode(4, null);
    const node = new SimulatedNode();
    node.apply(difference(compileAll([before]), node));
    const kinds = difference(compileAll([planOnOneNode(5, before)]), node).map(({ kind }) => kind);
    expect(kinds.indexOf('delete-link')).toBeGreaterThan(kinds.lastIndexOf('start-daemon'));
    expect(kinds.lastIndexOf('delete-link')).toBeLessThan(kinds.indexOf('configure-daemon'));
    expect(kinds.filter((kind) => kind === 'delete-link')).toHaveLength(2);
  });

  it('leaves every overlay but the changed one alone', () => {
    const both = [overlay('a', { kind: 'ring', routers: 4 }), overlay('b', { kind: 'line', routers: 3 })];
    const node = new SimulatedNode();
    node.apply(difference(compile(both), node));
    const changes = difference(compile(both.slice(0, 1)), node);
    expect(changes.length).toBeGreaterThan(0);
    expect(changes.every(({ namespace }) => namespace.startsWith('b_'))).toBe(true);
  });

  it('removes nothing before the first full picture has arrived', () => {
    const desired = compile([overlay('a', { kind: 'ring', routers: 4 })]);
    const node = new SimulatedNode();
    node.apply(difference(desired, node));
    expect(diffNode(NOTHING, node.observe(), new Map(), false)).toEqual([]);
    const removals = diffNode(NOTHING, node.observe(), new Map(), true);
    expect(removals.map(({ kind, namespace }) => `${kind} ${namespace}`)).toEqual([
      'delete-namespace a_r1',
      'delete-namespace a_r3',
      'set-tunnel-sources ',
    ]);
  });

  it('never touches a device that does not bear the mark', () => {
    const desired = compile([overlay('a', { kind: 'line', routers: 2 })]);
    const node = new SimulatedNode();
    node.apply(difference(desired, node));
    const observed = node.observe();
    const foreign = { ...observed.environments[0]?.links[1], name: 'mine', alias: '', index: 9000 };
    const environments = observed.environments.map((environment, at) =>
      at === 0 ? { ...environment, links: [...environment.links, foreign as never] } : environment,
    );
    expect(diffNode(desired, { ...observed, environments }, configurationsOf(desired), true)).toEqual([]);
  });
});

function topologies(): fc.Arbitrary<Overlay['spec']['topology']> {
  return fc.oneof(
    fc.record({ kind: fc.constant('ring' as const), routers: fc.integer({ min: 3, max: 9 }) }),
    fc.record({
      kind: fc.constantFrom(
        'line' as const,
        'star' as const,
        'bus' as const,
        'mesh' as const,
        'tree' as const,
      ),
      routers: fc.integer({ min: 2, max: 7 }),
    }),
    fc.record({
      kind: fc.constant('grid' as const),
      rows: fc.integer({ min: 2, max: 3 }),
      columns: fc.integer({ min: 2, max: 3 }),
    }),
  );
}

function overlay(name: string, topology: Overlay['spec']['topology']): Overlay {
  return {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name },
    spec: { topology, placement: { nodes: ['n1', 'n2'] } },
  };
}

function plan(
  name: string,
  topology: Overlay['spec']['topology'],
  before: PlannedOverlay | null,
): PlannedOverlay {
  return planDeclared(overlay(name, topology), before);
}

function planDeclared(declared: Overlay, before: PlannedOverlay | null): PlannedOverlay {
  const planned = compileOverlay({
    overlay: declared,
    previous: before?.plan ?? null,
    taken: NOTHING_TAKEN,
    bases: NO_BASES,
  });
  if (!planned.ok) throw new Error(JSON.stringify(planned.problems));
  return { overlay: declared, plan: planned.value };
}

function compile(overlays: readonly Overlay[]): NodeState {
  return compileAll(overlays.map((declared) => plan(declared.metadata.name, declared.spec.topology, null)));
}

/** The state of node n1, which has every other router. */
function planOnOneNode(routers: number, before: PlannedOverlay | null): PlannedOverlay {
  const { spec, ...rest } = overlay('a', { kind: 'ring', routers });
  return planDeclared({ ...rest, spec: { ...spec, placement: { nodes: ['n1'] } } }, before);
}

function compileAll(plans: readonly PlannedOverlay[]): NodeState {
  const states = compileNodeStates(plans, new Map([node('n1', 1), node('n2', 2)]), 1);
  if (!states.ok) throw new Error(JSON.stringify(states.problems));
  return states.value.get('n1') ?? NOTHING;
}

function node(name: string, number: number): [string, Node] {
  return [
    name,
    {
      name,
      underlay: [`198.18.0.${number}`],
      mtu: 1500,
      capabilities: {
        kernel: '',
        linkKinds: ['veth', 'vxlan', 'bridge'],
        features: ['nftables', 'tbf'],
        frr: '8.4.4',
        frrRemark: '',
        daemons: ['zebra', 'ospfd'],
      },
      limits: { members: 1000 },
      metrics: '',
      version: '',
    },
  ];
}

function difference(desired: NodeState, node: SimulatedNode) {
  return diffNode(desired, node.observe(), configurationsOf(desired), true);
}

function configurationsOf(desired: NodeState): Map<string, Map<DaemonName, string>> {
  const environments = desired.overlays.flatMap((declared) => declared.environments);
  return new Map(
    environments.map(({ namespace, routing }) => [
      namespace,
      new Map((routing?.daemons ?? []).map((daemon) => [daemon, JSON.stringify(routing)])),
    ]),
  );
}
