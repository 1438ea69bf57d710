import { describe, expect, test } from 'vitest';
import type { EnvironmentState } from '../../src/model/node-state.ts';
import { checkOverlayData } from '../../src/model/overlay-document.ts';
import { diffNode } from '../../src/planner/diff.ts';
import { describeHosts, describeRouters } from '../../src/planner/overlay-view.ts';
import { ableNode } from './link-matrix.ts';
import { buildNodes, buildOverlay, planOf, statesOf } from './overlay-builder.ts';
import { SimulatedNode } from './simulated-node.ts';

const overlay = buildOverlay(
  {
    kind: 'line',
    routers: 3,
    links: [
      { between: ['r1', 'r2'], emulate: { delay: '10ms', rate: '5mbit', from: { r2: { loss: '0.5%' } } } },
      { between: ['r2', 'r3'], down: true },
      { between: ['r1', 'h1'], emulate: { loss: '2%' } },
    ],
  },
  {
    addressing: { network: '10.20.0.0/16' },
    hosts: [
      { name: 'h1', attach: 'r1' },
      { name: 'h2', attach: ['r2', 'r1'], node: 'n3' },
    ],
  },
);
const states = statesOf(overlay, buildNodes(ableNode('n1'), ableNode('n2'), ableNode('n3')));

function environment(name: string): EnvironmentState | undefined {
  const all = [...states.values()].flatMap(({ overlays }) => overlays[0]?.environments ?? []);
  return all.find((one) => one.name === name);
}

describe('a host', () => {
  test('stands where its router does, with one address there and a default route to it', () => {
    expect(environment('h1')).toMatchObject({
      role: 'host',
      namespace: 'net_h1',
      loopback: [],
      routing: null,
      links: [{ kind: 'veth', name: 'r1', link: 'h1-r1', addresses: ['10.20.128.4/31'] }],
      routes: [{ prefix: '0.0.0.0/0', via: '10.20.128.5', interface: 'r1' }],
    });
  });

  test('may be attached to several routers, and be pinned', () => {
    expect(environment('h2')?.links.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'tunnel r2',
      'tunnel r1',
    ]);
    expect(environment('h2')?.routes).toHaveLength(1);
    expect(describeHosts(overlay, planOf(overlay).plan)).toMatchObject([
      { name: 'h1', node: 'n1', adjacent: ['r1'], addresses: ['10.20.128.4/31'] },
      { name: 'h2', node: 'n3', adjacent: ['r2', 'r1'] },
    ]);
  });

  test('that is attached to several routers may have an internal router between, which speaks with all of them', () => {
    const doubly = buildOverlay(
      { kind: 'ring', routers: 3 },
      { placement: { nodes: ['n1'] }, hosts: [{ name: 'h', attach: ['r1', 'r3'], overlays: [] }] },
    );
    expect(checkOverlayData(doubly)).toMatchObject({ ok: true });
    const members = statesOf(doubly, buildNodes(ableNode('n1'))).get('n1')?.overlays[0]?.environments ?? [];
    const [host, router] = ['h', 'h-gw'].map((name) => members.find((one) => one.name === name));
    expect(host?.links.map(({ name }) => name)).toEqual(['h-gw']);
    expect(host?.routes).toMatchObject([{ prefix: '0.0.0.0/0', interface: 'h-gw' }]);
    expect(router?.links.map(({ name }) => name)).toEqual(['r1', 'r3', 'h']);
    const spokenOn = router?.routing?.ospf?.interfaces.filter(({ passive }) => !passive);
    expect(spokenOn?.map(({ name }) => name)).toEqual(['r1', 'r3']);
    expect(router?.routing?.bgp).toBeNull();
  });

  test("is known to all by name, reached by all, and nobody's neighbour in routing", () => {
    const state = states.get('n2')?.overlays[0];
    expect(state?.names).toContainEqual({ address: '10.20.128.4', name: 'h1' });
    expect(state?.names).toContainEqual({ address: '10.20.0.2', name: 'r2' });
    expect(state?.destinations).toContain('10.20.128.4/31');
    expect(environment('r1')?.routing?.ospf?.interfaces).toContainEqual(
      expect.objectContaining({ name: 'h1', passive: true }),
    );
    expect(describeRouters(overlay, planOf(overlay).plan)[0]).toMatchObject({
      adjacent: ['r2'],
      neighborsWanted: 1,
    });
  });
});

describe('a link', () => {
  test('is emulated in what each of its ends sends', () => {
    const emulation = (member: string, name: string) =>
      environment(member)?.links.find((link) => link.name === name)?.emulation;
    const common = { delayUs: 10_000, jitterUs: 0, rateBps: 5_000_000 };
    expect(emulation('r1', 'r2')).toEqual({ ...common, lossPpm: 0 });
    expect(emulation('r2', 'r1')).toEqual({ ...common, lossPpm: 5000 });
    expect(emulation('h1', 'r1')).toEqual({ delayUs: 0, jitterUs: 0, lossPpm: 20_000, rateBps: 0 });
    expect(emulation('r2', 'r3')).toBeNull();
  });

  test('that is cut is down at both ends', () => {
    const enabled = (member: string, name: string) =>
      environment(member)?.links.find((link) => link.name === name)?.enabled;
    expect([enabled('r2', 'r3'), enabled('r3', 'r2'), enabled('r1', 'r2')]).toEqual([false, false, true]);
  });

  test('that is cut is given no route until it is mended', () => {
    const cut = buildOverlay(
      { kind: 'line', routers: 2, links: [{ between: ['r1', 'h1'], down: true }] },
      { placement: { nodes: ['n1'] }, hosts: [{ name: 'h1', attach: 'r1' }] },
    );
    const state = statesOf(cut, buildNodes(ableNode('n1'))).get('n1') ?? { revision: 0, overlays: [] };
    const changes = diffNode(state, new SimulatedNode().observe(), new Map(), true);
    expect(changes.map(({ kind }) => kind)).toContain('create-link');
    expect(changes.map(({ kind }) => kind)).not.toContain('add-route');
  });
});
