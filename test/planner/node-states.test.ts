import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Node } from '../../src/model/node.ts';
import type { EnvironmentState, LinkState, NodeState } from '../../src/model/node-state.ts';
import type { Overlay } from '../../src/model/overlay.ts';
import type { TopologySpec } from '../../src/model/topology.ts';
import type { VxlanTunnel } from '../../src/model/tunnel.ts';
import { compileNodeStates } from '../../src/planner/node-states.ts';
import {
  buildNode,
  buildNodes,
  buildOverlay,
  codesOf,
  planOf,
  statesOf,
  THREE_NODES,
} from './overlay-builder.ts';

const topologies: fc.Arbitrary<TopologySpec> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      'line' as const,
      'ring' as const,
      'star' as const,
      'bus' as const,
      'mesh' as const,
      'tree' as const,
      'grid' as const,
    ),
    routers: fc.integer({ min: 3, max: 25 }),
  }),
  fc.constant<TopologySpec>({
    kind: 'custom',
    routers: ['a', 'b', 'c', 'd', 'constructor'],
    links: [
      ['a', 'b'],
      ['a', 'b'],
      { between: ['b', 'c', 'd'], name: 'lan' },
      ['d', 'constructor'],
      ['a', 'c', 'd'],
    ],
  }),
);
const nodeLists = fc.uniqueArray(fc.constantFrom('n1', 'n2', 'n3'), { minLength: 1 });

interface PlacedLink {
  readonly node: string;
  readonly environment: EnvironmentState;
  readonly link: LinkState;
}

function environmentsOf(
  states: ReadonlyMap<string, NodeState>,
): { node: string; environment: EnvironmentState }[] {
  return [...states].flatMap(([node, { overlays }]) =>
    overlays.flatMap(({ environments }) => environments.map((environment) => ({ node, environment }))),
  );
}

function linksOf(states: ReadonlyMap<string, NodeState>): PlacedLink[] {
  return environmentsOf(states).flatMap(({ node, environment }) =>
    environment.links.map((link) => ({ node, environment, link })),
  );
}

function compile(overlay: Overlay, ...nodes: readonly Node[]) {
  return compileNodeStates([planOf(overlay)], buildNodes(...nodes), 1);
}

const LINE = buildOverlay({ kind: 'line', routers: 3 });

describe('the states of all nodes', () => {
  test('fit together: every veth has its peer, every tunnel its partner', () => {
    fc.assert(
      fc.property(topologies, nodeLists, (topology, nodes) => {
        const states = statesOf(buildOverlay(topology, { placement: { nodes } }));
        const links = linksOf(states);
        const vnis = new Map<number, string>();
        for (const { node, environment, link } of links) {
          if (link.kind === 'veth') {
            const peers = links.filter(
              (other) =>
                other.environment.namespace === link.peer.namespace && other.link.name === link.peer.name,
            );
            expect(peers).toMatchObject([
              {
                node,
                link: {
                  kind: 'veth',
                  link: link.link,
                  peer: { namespace: environment.namespace, name: link.name },
                },
              },
            ]);
          }
          const vxlan = vxlanOf(link);
          if (vxlan !== null) {
            const partners = links.filter(({ link: other }) => vxlanOf(other)?.vni === vxlan.vni);
            const others = partners.filter((partner) => partner.link !== link);
            expect(others.map(({ link: other }) => vxlanOf(other)?.local).toSorted()).toEqual(
              vxlan.remotes.toSorted(),
            );
            for (const other of others)
              expect(other).toMatchObject({ link: { link: link.link, tunnel: { port: vxlan.port } } });
            expect(vxlan.local).toBe(THREE_NODES.get(node)?.underlay[0]);
            expect(vnis.get(vxlan.vni) ?? link.link).toBe(link.link);
            vnis.set(vxlan.vni, link.link);
          }
        }
      }),
      { numRuns: 80 },
    );
  });

  test('have no two interfaces of one name in an environment, none too long, and no namespace twice', () => {
    fc.assert(
      fc.property(topologies, nodeLists, (topology, nodes) => {
        const environments = environmentsOf(statesOf(buildOverlay(topology, { placement: { nodes } })));
        const namespaces = environments.map(({ environment }) => environment.namespace);
        expect(new Set(namespaces).size).toBe(namespaces.length);
        for (const { environment } of environments) {
          const names = environment.links.map(({ name }) => name);
          expect(new Set(names).size).toBe(names.length);
          for (const name of names) expect(name).toMatch(/^[a-z0-9.-]{1,15}$/);
          for (const { master } of environment.links)
            expect(master === null || names.includes(master)).toBe(true);
        }
      }),
      { numRuns: 80 },
    );
  });

  test('include nodes without any router, and bear the revision', () => {
    const states = statesOf(buildOverlay({ kind: 'line', routers: 2 }, { placement: { nodes: ['n1'] } }));
    expect([...states.keys()]).toEqual(['n1', 'n2', 'n3']);
    expect(states.get('n2')).toEqual({ revision: 1, overlays: [] });
  });

  test('do not depend on the order in which overlays are given', () => {
    const planned = ['b', 'a'].map((name) => planOf(buildOverlay({ kind: 'line', routers: 2 }, { name })));
    expect(compileNodeStates(planned, THREE_NODES, 1)).toEqual(
      compileNodeStates(planned.toReversed(), THREE_NODES, 1),
    );
  });
});

describe('a router', () => {
  test('has its address, its interfaces named after its neighbours, and an FRR to match', () => {
    const overlay = buildOverlay(
      { kind: 'ring', routers: 3 },
      { addressing: { network: '10.20.0.0/16' }, links: { cost: 7 } },
    );
    const [router] = statesOf(overlay).get('n2')?.overlays[0]?.environments ?? [];
    expect(router).toMatchObject({
      name: 'r2',
      role: 'router',
      namespace: 'net_r2',
      ipv4: true,
      ipv6: false,
      loopback: ['10.20.0.2/32'],
      links: [
        {
          name: 'r1',
          link: 'r1-r2',
          addresses: ['10.20.128.1/31'],
          mtu: 1450,
          tunnel: { vni: 1000, learning: false },
        },
        { name: 'r3', link: 'r2-r3', addresses: ['10.20.128.2/31'], tunnel: { remotes: ['192.0.2.3'] } },
      ],
      routing: {
        hostname: 'r2',
        routerId: '10.20.0.2',
        daemons: ['zebra', 'ospfd'],
        neighbors: 2,
        ospf: {
          interfaces: [
            { name: 'lo', network: 'loopback', cost: 0, passive: true, area: '0.0.0.0' },
            { name: 'r1', network: 'point-to-point', cost: 7, passive: false, area: '0.0.0.0' },
            { name: 'r3', network: 'point-to-point', cost: 7, passive: false, area: '0.0.0.0' },
          ],
        },
        routes: [],
      },
    });
  });

  test('of an overlay without IPv4 has its number for a router id', () => {
    const overlay = buildOverlay(
      { kind: 'line', routers: 300 },
      {
        addressing: { network: 'fd00::/64' },
        routing: { protocol: 'static' },
        placement: { nodes: ['n1'] },
      },
    );
    const environments = statesOf(overlay).get('n1')?.overlays[0]?.environments;
    expect(environments?.[0]?.routing?.routerId).toBe('0.0.0.1');
    expect(environments?.[299]).toMatchObject({ ipv4: false, ipv6: true, routing: { routerId: '0.0.1.44' } });
  });

  test('of an overlay without routing has no daemons, and nothing to converge to', () => {
    const states = statesOf(buildOverlay({ kind: 'line', routers: 3 }, { routing: { protocol: 'none' } }));
    expect(states.get('n1')?.overlays[0]).toMatchObject({
      destinations: [],
      environments: [{ routing: null }],
    });
  });
});

describe('a segment', () => {
  test('has a bridge on each node, a port for each router there and a tunnel to the other nodes', () => {
    const states = statesOf(buildOverlay({ kind: 'bus', routers: 4 }));
    expect(states.get('n1')?.overlays[0]?.environments.map(({ namespace }) => namespace)).toEqual([
      'net_r1',
      'net_r4',
      'net_lan1_n1',
    ]);
    const segment = states.get('n1')?.overlays[0]?.environments[2];
    expect(segment).toMatchObject({ role: 'segment', ipv4: false, ipv6: false, loopback: [], routing: null });
    expect(segment?.links).toMatchObject([
      { kind: 'bridge', name: 'br0', master: null, addresses: [] },
      { kind: 'veth', name: 'r1', master: 'br0', peer: { namespace: 'net_r1', name: 'lan1' } },
      { kind: 'veth', name: 'r4', master: 'br0' },
      {
        kind: 'tunnel',
        name: 'vxlan0',
        master: 'br0',
        tunnel: { kind: 'vxlan', learning: true, remotes: ['192.0.2.2', '192.0.2.3'] },
      },
    ]);
  });

  test('on a single node has no tunnel and keeps the full MTU', () => {
    const states = statesOf(buildOverlay({ kind: 'bus', routers: 4 }, { placement: { nodes: ['n2'] } }));
    const links = linksOf(states);
    expect(links.some(({ link }) => vxlanOf(link) !== null)).toBe(false);
    expect(new Set(links.map(({ link }) => link.mtu))).toEqual(new Set([1500]));
  });
});

describe('the MTU', () => {
  test('is the same on every link of an overlay: the smallest of its nodes without the tunnel headers', () => {
    const nodes = [
      buildNode('n1', { mtu: 9000 }),
      buildNode('n2', { mtu: 1400 }),
      buildNode('n3', { mtu: 1300 }),
    ];
    const overlay = buildOverlay({ kind: 'line', routers: 4 }, { placement: { nodes: ['n1', 'n2'] } });
    const compiled = compile(overlay, ...nodes);
    const states = compiled.ok ? compiled.value : new Map<string, NodeState>();
    expect(new Set(linksOf(states).map(({ link }) => link.mtu))).toEqual(new Set([1350]));
  });

  test('leaves room for an outer IPv6 header where IPv4 is not common to the nodes', () => {
    const compiled = compile(
      LINE,
      buildNode('n1', { underlay: ['192.0.2.1', '2001:db8::1'] }),
      buildNode('n2', { underlay: ['2001:db8::2', '2001:db8::22'] }),
      buildNode('n3', { underlay: ['192.0.2.3', '2001:db8::3'] }),
    );
    const links = linksOf(compiled.ok ? compiled.value : new Map()).map(({ link }) => link);
    expect(links).toMatchObject([
      { link: 'r1-r2', mtu: 1430, tunnel: { local: '2001:db8::1', remotes: ['2001:db8::2'] } },
      { link: 'r1-r2', mtu: 1430, tunnel: { local: '2001:db8::2', remotes: ['2001:db8::1'] } },
      { link: 'r2-r3', mtu: 1430, tunnel: { local: '2001:db8::2', remotes: ['2001:db8::3'] } },
      { link: 'r2-r3', mtu: 1430, tunnel: { local: '2001:db8::3', remotes: ['2001:db8::2'] } },
    ]);
  });

  test('must be enough for IP', () => {
    const small = (mtu: number) => [
      buildNode('n1', { mtu }),
      buildNode('n2', { mtu }),
      buildNode('n3', { mtu }),
    ];
    expect(codesOf(compile(LINE, ...small(625)))).toEqual(['mtu-too-small']);
    expect(codesOf(compile(LINE, ...small(626)))).toEqual([]);
    const ipv6 = buildOverlay(
      { kind: 'line', routers: 3 },
      {
        addressing: { network: 'fd00::/64' },
        routing: { protocol: 'static' },
      },
    );
    expect(codesOf(compile(ipv6, ...small(1329)))).toEqual(['mtu-too-small']);
  });
});

describe('nodes that cannot hold an overlay', () => {
  test('are named when they are not known, with those that are', () => {
    const overlay = buildOverlay({ kind: 'line', routers: 2 }, { routers: { r2: { node: 'n8' } } });
    const compiled = compile(overlay, buildNode('n2'), buildNode('n1'));
    expect(compiled).toMatchObject({
      problems: [
        { code: 'unknown-node', path: 'spec.placement.nodes[2]', hint: 'known nodes: n1, n2' },
        { code: 'unknown-node', path: 'spec.routers.r2.node' },
      ],
    });
    expect(compile(overlay)).toMatchObject({
      problems: expect.arrayContaining([expect.objectContaining({ hint: 'no node has joined yet' })]),
    });
  });

  test('have no address family in common', () => {
    const compiled = compile(
      LINE,
      buildNode('n1'),
      buildNode('n2', { underlay: ['2001:db8::2'] }),
      buildNode('n3'),
    );
    expect(codesOf(compiled)).toEqual(['no-common-underlay', 'no-common-underlay']);
  });

  test('would hold more routers than they may, counted over all overlays', () => {
    const planned = ['a', 'b'].map((name) =>
      planOf(buildOverlay({ kind: 'line', routers: 6 }, { name, placement: { nodes: ['n1'] } })),
    );
    const limited = (members: number) =>
      compileNodeStates(planned, buildNodes(buildNode('n1', { limits: { members } })), 1);
    expect(codesOf(limited(12))).toEqual([]);
    expect(limited(11)).toMatchObject({
      problems: [
        {
          code: 'node-limit',
          message: 'node n1 would hold 12 routers and hosts and may hold 11',
          hint: 'a: 6, b: 6',
        },
      ],
    });
  });

  test('lack a capability, by its name', () => {
    const { capabilities } = buildNode('n1');
    const bus = buildOverlay({ kind: 'bus', routers: 4 }, { placement: { nodes: ['n1', 'n2'] } });
    const compiled = compile(
      bus,
      buildNode('n1', { capabilities: { ...capabilities, linkKinds: ['veth'], daemons: ['zebra'] } }),
      buildNode('n2', { capabilities: { ...capabilities, frr: '', daemons: [] } }),
    );
    const messages = compiled.ok ? [] : compiled.problems.map(({ message }) => message);
    expect(messages).toEqual([
      'node n1 lacks bridge, which overlay net needs: its kernel 6.1.0 creates no bridge interfaces',
      'node n1 lacks vxlan, which overlay net needs: its kernel 6.1.0 creates no vxlan interfaces',
      'node n1 lacks ospfd, which overlay net needs: its FRR 8.4.4 comes without ospfd',
      'node n2 lacks frr, which overlay net needs: FRR is not installed there',
    ]);
  });

  test('have more ports on a bridge than Linux allows', () => {
    const bus = buildOverlay({ kind: 'bus', routers: 1024 }, { placement: { nodes: ['n1'] } });
    expect(codesOf(compile(bus, buildNode('n1')))).toEqual(['too-many-ports']);
  });
});

function vxlanOf(link: LinkState): VxlanTunnel | null {
  return link.kind === 'tunnel' && link.tunnel.kind === 'vxlan' ? link.tunnel : null;
}
