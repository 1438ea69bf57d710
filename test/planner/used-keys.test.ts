import { describe, expect, test } from 'vitest';
import type { NodeState } from '../../src/model/node-state.ts';
import { diffNode } from '../../src/planner/diff.ts';
import { compileNodeStates } from '../../src/planner/node-states.ts';
import { lostGenerationsOf, usedKeyName } from '../../src/planner/used-keys.ts';
import { ableNode } from './link-matrix.ts';
import { buildNodes, buildOverlay, planOf, secretsOf, unwrap } from './overlay-builder.ts';
import { SimulatedNode } from './simulated-node.ts';

const NODES = buildNodes(ableNode('n1'), ableNode('n2'), ableNode('n3'));
const OVERLAY = buildOverlay({ kind: 'line', routers: 2 }, { links: { ipsec: { cipher: 'aes-gcm' } } });

function stateOf(generations: readonly number[]): NodeState {
  const planned = { ...planOf(OVERLAY), secrets: secretsOf(generations) };
  const state = unwrap(compileNodeStates([planned], NODES, 1)).get('n1');
  if (state === undefined) throw new Error('nothing for n1');
  return state;
}

function lostBy(node: SimulatedNode, state: NodeState): number[] {
  return state.overlays.flatMap((overlay) => lostGenerationsOf(overlay, node.observe()));
}

function reconcile(node: SimulatedNode, state: NodeState): string[] {
  const changes = diffNode(state, node.observe(), new Map(), true);
  node.apply(changes);
  return changes.map(({ kind }) => kind);
}

describe('a key', () => {
  test('that was used is never put into the kernel again, and is told as lost', () => {
    const node = new SimulatedNode();
    const state = stateOf([1]);
    expect(lostBy(node, state)).toEqual([]);
    expect(reconcile(node, state)).toContain('add-association');
    expect(lostBy(node, state)).toEqual([]);
    node.loseAssociations();
    expect(reconcile(node, state)).toEqual([]);
    expect(lostBy(node, state)).toEqual([1]);
  });

  test('that is lost is given up for the next, which is used like any other', () => {
    const node = new SimulatedNode();
    reconcile(node, stateOf([1]));
    node.loseAssociations();
    const both = stateOf([1, 2]);
    expect(reconcile(node, both).filter((kind) => kind === 'add-association')).toHaveLength(2);
    expect(lostBy(node, both)).toEqual([1]);
    reconcile(node, stateOf([2]));
    expect(lostBy(node, stateOf([2]))).toEqual([]);
  });

  test('that somebody changed in the kernel is taken out and stays out', () => {
    const node = new SimulatedNode();
    const state = stateOf([1]);
    reconcile(node, state);
    const [transport] = node.observe().transports;
    const [association] = transport?.associations ?? [];
    if (association === undefined) throw new Error('no association');
    const change = { namespace: 'net_r1', transport: null, association } as const;
    node.apply([{ kind: 'remove-association', ...change }]);
    node.apply([
      { kind: 'add-association', ...change, association: { ...association, key: '00'.repeat(20) } },
    ]);
    expect(reconcile(node, state)).toEqual(['remove-association']);
    expect(reconcile(node, state)).toEqual([]);
    expect(lostBy(node, state)).toEqual([1]);
  });

  test('has a name for each network that it is used in, which says nothing of it', () => {
    const [association] = stateOf([1]).overlays.flatMap(({ environments }) =>
      environments.flatMap(({ links }) =>
        links.flatMap((link) =>
          link.kind === 'tunnel' ? link.protections.flatMap(({ outbound }) => outbound) : [],
        ),
      ),
    );
    if (association === undefined) throw new Error('no key');
    const common = { ...association, reqid: 1, source: '192.0.2.1', destination: '192.0.2.2' };
    const whole = { ...common, cipher: 'aes-gcm' } as const;
    const names = [usedKeyName(null, whole), usedKeyName('net_link_n1', whole)];
    expect(names).toEqual([expect.stringMatching(/^[\w-]{22}$/), expect.stringMatching(/^[\w-]{22}$/)]);
    expect(new Set(names).size).toBe(2);
    expect(usedKeyName(null, { ...whole, spi: 1 })).toBe(names[0]);
  });
});
