import { describe, expect, test } from 'vitest';
import type { NodeState } from '../../src/model/node-state.ts';
import type { Overlay } from '../../src/model/overlay.ts';
import type { Spec } from '../../src/model/topology.ts';
import { NO_BASES } from '../../src/planner/base-sites.ts';
import { diffNode } from '../../src/planner/diff.ts';
import { compileNodeStates } from '../../src/planner/node-states.ts';
import { compileOverlay } from '../../src/planner/overlay-plan.ts';
import { describeLinks, describeRouters } from '../../src/planner/overlay-view.ts';
import { NOTHING_TAKEN } from '../../src/planner/tunnel-numbers.ts';
import { orderByUnderlay, ridersOf } from '../../src/planner/underlay-order.ts';
import { ableNode, tunnelsOf } from './link-matrix.ts';
import { buildNodes, buildOverlay, codesOf, continueAll, planAll, unwrap } from './overlay-builder.ts';
import { SimulatedNode } from './simulated-node.ts';

const NODES = buildNodes(
  ableNode('n1', { mtu: 1500 }),
  ableNode('n2', { mtu: 1500 }),
  ableNode('n3', { mtu: 1500 }),
);

function ring(name: string, routers: number, rest: Partial<Spec> = {}): Overlay {
  return buildOverlay({ kind: 'ring', routers }, { name, ...rest });
}

function on(base: string, nodes: string[], rest: Partial<Spec> = {}): Partial<Spec> {
  return { underlay: { overlays: [base] }, placement: { nodes }, ...rest };
}

const BASE = ring('base', 6, { addressing: { network: '10.1.0.0/16' } });
const MIDDLE = ring('middle', 4, on('base', ['r1', 'r3', 'r5', 'r6']));
const TOP = ring('top', 3, on('middle', ['r1', 'r2', 'r4'], { links: { encapsulation: 'gre' } }));

function statesOf(...overlays: readonly Overlay[]): Map<string, NodeState> {
  return unwrap(compileNodeStates(planAll(...overlays), NODES, 1));
}

describe('an overlay on an overlay', () => {
  const states = statesOf(TOP, MIDDLE, BASE);

  test('has its tunnels in the namespaces of the members below, between their addresses', () => {
    const own = tunnelsOf(states).filter(({ overlay }) => overlay === 'middle');
    expect(own.map(({ node, environment, link }) => [node, environment.name, link.transport])).toEqual(
      expect.arrayContaining([
        ['n1', 'r1', 'base_r1'],
        ['n3', 'r2', 'base_r3'],
        ['n2', 'r3', 'base_r5'],
        ['n3', 'r4', 'base_r6'],
      ]),
    );
    expect(
      own.find(({ environment, link }) => environment.name === 'r1' && link.name === 'r2')?.link,
    ).toMatchObject({ tunnel: { kind: 'vxlan', local: '10.1.0.1', remotes: ['10.1.0.3'] } });
  });

  test('has tunnels also between two members of one node', () => {
    // middle's r2 and r4 stand on base's r3 and r6, both on n3.
    const placed = buildOverlay({ kind: 'line', routers: 2 }, { name: 'pair', ...on('base', ['r3', 'r6']) });
    const tunnels = tunnelsOf(statesOf(BASE, placed)).filter(({ overlay }) => overlay === 'pair');
    expect(tunnels.map(({ node, link }) => `${node} ${link.transport}`)).toEqual([
      'n3 base_r3',
      'n3 base_r6',
    ]);
  });

  test('has the MTU that all depths leave', () => {
    const links = (overlay: Overlay) => {
      const planned = planAll(TOP, MIDDLE, BASE);
      const bases = new Map(planned.map((one) => [one.overlay.metadata.name, one]));
      const plan = bases.get(overlay.metadata.name)?.plan;
      return plan === undefined ? [] : describeLinks(overlay, plan, NODES, bases);
    };
    expect(links(BASE)[0]).toMatchObject({ mtu: 1450 });
    expect(links(MIDDLE)[0]).toMatchObject({ mtu: 1400, kind: 'vxlan' });
    expect(links(TOP)[0]).toMatchObject({ mtu: 1372, kind: 'gre' });
  });

  test('is made and unmade together with its bases', () => {
    for (const [name, state] of states) {
      const node = new SimulatedNode();
      for (const wanted of [state, { revision: 2, overlays: [] }, state]) {
        node.apply(diffNode(wanted, node.observe(), new Map(), true));
        expect({ name, left: diffNode(wanted, node.observe(), new Map(), true) }).toEqual({ name, left: [] });
      }
    }
  });

  test('may stand on the members that a node has, hosts before routers, and stays there', () => {
    const withHost = { ...BASE, spec: { ...BASE.spec, hosts: [{ name: 'h1', attach: 'r1' }] } };
    const rider = ring('rider', 3, on('base', ['n1', 'n2', 'n3']));
    const sitesOf = (planned: ReturnType<typeof planAll>) =>
      planned.find(({ overlay }) => overlay === rider)?.plan.sites;
    expect(sitesOf(planAll(withHost, rider))).toEqual({ r1: 'h1', r2: 'r2', r3: 'r3' });
    const before = planAll(BASE, rider);
    expect(sitesOf(before)).toEqual({ r1: 'r1', r2: 'r2', r3: 'r3' });
    const after = continueAll(
      [withHost, rider],
      new Map(before.map((one) => [one.overlay.metadata.name, one])),
    );
    expect(sitesOf(after)).toEqual({ r1: 'r1', r2: 'r2', r3: 'r3' });
  });

  test('moves with the member that it stands on', () => {
    const before = new Map(planAll(BASE, MIDDLE).map((one) => [one.overlay.metadata.name, one]));
    const moved = { ...BASE, spec: { ...BASE.spec, routers: { r1: { node: 'n2' } } } };
    const [, middle] = continueAll([moved, MIDDLE], before);
    const nodeOf = (planned: typeof middle) =>
      planned === undefined ? [] : describeRouters(planned.overlay, planned.plan).map(({ node }) => node);
    expect(nodeOf(before.get('middle'))[0]).toBe('n1');
    expect(nodeOf(middle)[0]).toBe('n2');
  });

  test('ends tunnels that bind no address at hosts only', () => {
    const rider = ring('rider', 3, on('base', ['r1', 'r2', 'h1'], { links: { encapsulation: 'geneve' } }));
    const hosts = [1, 2, 3].map((number) => ({ name: `h${number}`, attach: `r${number}` }));
    const base = { ...BASE, spec: { ...BASE.spec, hosts } };
    const compiled = compileNodeStates(planAll(base, rider), NODES, 1);
    expect(compiled).toMatchObject({ problems: [{ code: 'unsteady-source' }] });
    const onHosts = ring('rider', 3, on('base', ['h1', 'h2', 'h3'], { links: { encapsulation: 'geneve' } }));
    expect(codesOf(compileNodeStates(planAll(base, onHosts), NODES, 1))).toEqual([]);
  });
});

describe('what an overlay cannot ride on', () => {
  const compile = (overlay: Overlay, ...bases: readonly Overlay[]) =>
    compileOverlay({
      overlay,
      previous: null,
      taken: NOTHING_TAKEN,
      bases: new Map(planAll(...bases).map((one) => [one.overlay.metadata.name, one])),
    });

  test('is an overlay that is not there', () => {
    expect(
      compileOverlay({ overlay: MIDDLE, previous: null, taken: NOTHING_TAKEN, bases: NO_BASES }),
    ).toMatchObject({
      problems: [{ code: 'unknown-overlay', path: 'spec.underlay.overlays[0]' }],
    });
  });

  test('is a member that is not there, also when it goes later', () => {
    const shrunk = ring('base', 5, { addressing: { network: '10.1.0.0/16' } });
    const compiled = compile(MIDDLE, shrunk);
    expect(compiled).toMatchObject({ problems: [{ code: 'unknown-site', path: 'spec.placement.nodes[3]' }] });
    const [base] = planAll(shrunk);
    const [, middle] = planAll(BASE, MIDDLE);
    const stale = [base, middle].filter((one) => one !== undefined);
    expect(compileNodeStates(stale, NODES, 1)).toMatchObject({
      problems: [{ message: 'overlay middle stands on r6 of overlay base, which has no such member' }],
    });
  });

  test('is an overlay without routing', () => {
    const silent = ring('base', 6, { routing: { protocol: 'none' } });
    expect(codesOf(compile(MIDDLE, silent))).toEqual(['base-without-routing']);
  });

  test('is itself, or one that rides on it, and the loop is named', () => {
    const loop = ['a', 'b', 'c'].map((name, index) => ({
      overlay: ring(name, 3, on(['b', 'c', 'a'][index] ?? '', ['r1'])),
    }));
    expect(orderByUnderlay(loop)).toMatchObject({
      problems: [
        {
          code: 'underlay-loop',
          message: 'overlays would ride on one another in a loop: a on b on c on a',
        },
      ],
    });
    expect(orderByUnderlay([{ overlay: ring('a', 3, on('a', ['r1'])) }])).toMatchObject({
      problems: [{ message: 'overlay a would ride on itself' }],
    });
  });
});

test('overlays are ordered from the ground up, riders from the top down', () => {
  const ordered = unwrap(orderByUnderlay([TOP, MIDDLE, BASE].map((overlay) => ({ overlay }))));
  expect(ordered.map(({ overlay }) => overlay.metadata.name)).toEqual(['base', 'middle', 'top']);
  expect(ridersOf([BASE, MIDDLE, TOP], 'base')).toEqual(['top', 'middle']);
  expect(ridersOf([BASE, MIDDLE, TOP], 'top')).toEqual([]);
});
