import { describe, expect, test } from 'vitest';
import type { Change } from '../../src/model/change.ts';
import type { Node } from '../../src/model/node.ts';
import type { NodeState } from '../../src/model/node-state.ts';
import type { DaemonName } from '../../src/model/routing-state.ts';
import { NO_BASES } from '../../src/planner/base-sites.ts';
import { type Configurations, diffNode } from '../../src/planner/diff.ts';
import { compileNodeStates } from '../../src/planner/node-states.ts';
import { compileOverlay } from '../../src/planner/overlay-plan.ts';
import { servedRouters, sharedFrrOf } from '../../src/planner/shared-frr.ts';
import { NOTHING_TAKEN } from '../../src/planner/tunnel-numbers.ts';
import { buildNode, buildNodes, buildOverlay, unwrap } from './overlay-builder.ts';
import { SimulatedNode } from './simulated-node.ts';

describe('daemons that the routers of an overlay share on a node', () => {
  test('run in one namespace without devices, and the routers have none', () => {
    const [overlay] = compile(4).overlays;
    expect(overlay?.environments.filter(({ role }) => role === 'frr')).toEqual([
      expect.objectContaining({ namespace: 'net_frr_n1', links: [], loopback: [], routing: null }),
    ]);
  });

  test('see every router before they are told of it', () => {
    const changes = difference(compile(3), new SimulatedNode());
    const told = changes.findIndex(({ kind }) => kind === 'start-daemon');
    const seen = changes.flatMap((change, at) =>
      change.kind === 'set-vrf' && at < told ? [change.name] : [],
    );
    expect(seen).toEqual(['r1', 'r2', 'r3']);
    expect(namespacesOf(changes, 'start-daemon')).toEqual(['net_frr_n1']);
  });

  test('are only told of a router that comes or goes', () => {
    const node = new SimulatedNode();
    for (const routers of [3, 4, 3]) {
      const changes = difference(compile(routers), node);
      if (node.observe().environments.length > 0) {
        expect(namespacesOf(changes, 'start-daemon')).toEqual([]);
        expect(namespacesOf(changes, 'configure-daemon')).toEqual(['net_frr_n1']);
      }
      node.apply(changes);
      expect(difference(compile(routers), node)).toEqual([]);
    }
  });

  test('let go of a router, and are told whether it goes altogether', () => {
    const node = new SimulatedNode();
    node.apply(difference(compile(4), node));
    const removed = difference(compile(3), node).filter(({ kind }) => kind === 'remove-vrf');
    expect(removed).toEqual([{ kind: 'remove-vrf', namespace: 'net_frr_n1', name: 'r4', leaving: 'net_r4' }]);
  });

  test('are calm where they compute too many paths to answer hellos each second', () => {
    const timers = (routers: number) =>
      new Set(
        servedRouters(compile(routers).overlays[0] ?? expect.fail()).map(({ routing }) => routing?.timers),
      );
    expect(timers(200)).toEqual(new Set(['fast']));
    expect(timers(400)).toEqual(new Set(['calm']));
  });

  test('see the namespace that a router got anew', () => {
    const node = new SimulatedNode();
    node.apply(difference(compile(3), node));
    node.apply([{ kind: 'delete-namespace', namespace: 'net_r2' }]);
    const changes = difference(compile(3), node);
    expect(changes.filter(({ kind }) => kind === 'set-vrf')).toEqual([
      { kind: 'set-vrf', namespace: 'net_frr_n1', name: 'r2', of: 'net_r2' },
    ]);
    node.apply(changes);
    expect(difference(compile(3), node)).toEqual([]);
  });
});

describe('routers that are VRFs', () => {
  test('stand in the namespace of their daemons, each with a table that stays its own', () => {
    const [overlay] = compile(4, 'vrf').overlays;
    const { environments = [] } = overlay ?? {};
    expect(environments.map(({ namespace, vrf }) => [namespace, vrf])).toEqual([
      ...[1000, 1001, 1002, 1003].map((table, at) => [`net_r${at + 1}`, { of: 'net_vrf_n1', table }]),
      ['net_vrf_n1', null],
    ]);
    expect(environments.find(({ role }) => role === 'frr')).toMatchObject({ ipv4: true, ipv6: false });
  });

  test('need a kernel that has VRFs, which a node without is told to lack by name', () => {
    const states = compileAll(4, 'vrf', buildNode('n1'));
    expect(states.ok ? [] : states.problems.map(({ code, message }) => [code, message.slice(0, 19)])).toEqual(
      [['missing-capability', 'node n1 lacks vrf, ']],
    );
  });

  test('come after their namespace, and their daemons are told of no namespaces', () => {
    const changes = difference(compile(3, 'vrf'), new SimulatedNode());
    const made = changes.flatMap((change) => (change.kind === 'create-namespace' ? [change.namespace] : []));
    expect(made).toEqual(['net_vrf_n1', 'net_r1', 'net_r2', 'net_r3']);
    expect(namespacesOf(changes, 'set-vrf')).toEqual([]);
    expect(namespacesOf(changes, 'start-daemon')).toEqual(['net_vrf_n1']);
  });

  test('are made anew where they had namespaces, and the other way round', () => {
    const node = new SimulatedNode();
    for (const isolation of ['namespace', 'vrf', 'namespace'] as const) {
      const changes = difference(compile(3, isolation), node);
      const isFirst = node.observe().environments.length === 0;
      expect(namespacesOf(changes, 'delete-namespace')).toHaveLength(isFirst ? 0 : 4);
      node.apply(changes);
      expect(difference(compile(3, isolation), node)).toEqual([]);
    }
  });
});

function compile(routers: number, isolation: 'namespace' | 'vrf' = 'namespace'): NodeState {
  const { capabilities } = buildNode('n1');
  const linkKinds = [...capabilities.linkKinds, 'vrf'];
  const node = buildNode('n1', { capabilities: { ...capabilities, linkKinds } });
  return unwrap(compileAll(routers, isolation, node)).get('n1') ?? { revision: 1, overlays: [] };
}

function compileAll(routers: number, isolation: 'namespace' | 'vrf', node: Node) {
  const overlay = buildOverlay(
    { kind: 'ring', routers },
    { placement: { nodes: ['n1'] }, routing: { instance: 'shared', isolation } },
  );
  const plan = unwrap(compileOverlay({ overlay, previous: null, taken: NOTHING_TAKEN, bases: NO_BASES }));
  return compileNodeStates([{ overlay, plan }], buildNodes(node), 1);
}

function difference(desired: NodeState, node: SimulatedNode): Change[] {
  return diffNode(desired, node.observe(), configurationsOf(desired), true);
}

function configurationsOf({ overlays }: NodeState): Configurations {
  return new Map(
    overlays.flatMap((overlay) => {
      const names = servedRouters(overlay).map(({ name }) => `router ospf vrf ${name}\n`);
      const daemons: DaemonName[] = ['zebra', 'ospfd'];
      const shared = sharedFrrOf(overlay);
      if (shared === null) return [];
      return [
        [
          shared.namespace,
          new Map(daemons.map((daemon) => [daemon, daemon === 'zebra' ? '' : names.join('')])),
        ],
      ];
    }),
  );
}

function namespacesOf(changes: readonly Change[], kind: Change['kind']): string[] {
  return [...new Set(changes.filter((change) => change.kind === kind).map(({ namespace }) => namespace))];
}
