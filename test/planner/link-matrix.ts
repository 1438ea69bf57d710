import fc from 'fast-check';
import { KERNEL_FEATURES, type Node } from '../../src/model/node.ts';
import type { EnvironmentState, LinkState, NodeState, TunnelState } from '../../src/model/node-state.ts';
import { ENCAPSULATIONS, type Overlay } from '../../src/model/overlay.ts';
import { checkOverlay } from '../../src/model/overlay-check.ts';
import type { TopologySpec } from '../../src/model/topology.ts';
import { buildNode, buildOverlay } from './overlay-builder.ts';

/** A node with both families that can do everything. */
export function ableNode(name: string, changes: Partial<Node> = {}): Node {
  const node = buildNode(name);
  const number = name.slice(1);
  return {
    ...node,
    underlay: [`192.0.2.${number}`, `2001:db8::${number}`],
    mtu: 9000,
    capabilities: {
      ...node.capabilities,
      linkKinds: [
        ...['veth', 'vxlan', 'bridge', 'geneve', 'wireguard'],
        ...['gre', 'ip6gre', 'ipip', 'sit', 'ip6tnl'],
      ],
      features: KERNEL_FEATURES,
    },
    ...changes,
  };
}

export const topologies: fc.Arbitrary<TopologySpec> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      'line' as const,
      'ring' as const,
      'star' as const,
      'bus' as const,
      'mesh' as const,
      'grid' as const,
    ),
    routers: fc.integer({ min: 3, max: 6 }),
  }),
  fc.constant<TopologySpec>({
    kind: 'custom',
    routers: ['a', 'b', 'c', 'd', 'constructor'],
    links: [
      ['a', 'b'],
      { between: ['a', 'b'], emulate: { delay: '5ms', from: { b: { loss: '1%' } } } },
      { between: ['b', 'c', 'd'], name: 'lan' },
      { between: ['d', 'constructor'], down: true },
      ['a', 'constructor'],
    ],
  }),
);

const V4 = '10.20.0.0/16';
const V6 = 'fd00:20::/48';

/** Overlays that do not contradict themselves, over n1, n2 and n3 in any number. */
export const overlays: fc.Arbitrary<Overlay> = fc
  .record({
    topology: topologies,
    nodes: fc.uniqueArray(fc.constantFrom('n1', 'n2', 'n3'), { minLength: 1 }),
    network: fc.constantFrom(V4, V6, [V4, V6]),
    link: fc.constantFrom(undefined, '172.20.0.0/16', 'fd00:99::/64'),
    encapsulation: fc.constantFrom(...ENCAPSULATIONS),
    layers: fc.constantFrom(1 as const, 2 as const),
    ipsec: fc.constantFrom(
      undefined,
      { cipher: 'aes-gcm' as const },
      { cipher: 'chacha20-poly1305' as const },
    ),
    emulate: fc.constantFrom(undefined, { delay: '10ms', jitter: '1ms' }, { rate: '10mbit' }),
    hosts: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ topology, nodes, network, link, encapsulation, layers, ipsec, emulate, hosts }) => {
    const [one = 'r1', other = 'r2'] = Array.isArray(topology.routers) ? topology.routers : [];
    return buildOverlay(topology, {
      placement: { nodes },
      addressing: { network, ...(link === undefined ? {} : { link }) },
      routing: { protocol: 'static' },
      links: {
        encapsulation,
        layers,
        ...(ipsec === undefined ? {} : { ipsec }),
        ...(emulate === undefined ? {} : { emulate }),
      },
      hosts: [
        { name: 'h1', attach: one },
        { name: 'h2', attach: [other, one], node: nodes[0] ?? 'n1' },
      ].slice(0, hosts),
    });
  })
  .filter((overlay) => checkOverlay(overlay).length === 0);

export interface PlacedTunnel {
  readonly node: string;
  readonly overlay: string;
  readonly environment: EnvironmentState;
  readonly link: TunnelState;
}

export function environmentsOf(
  states: ReadonlyMap<string, NodeState>,
): { node: string; overlay: string; environment: EnvironmentState }[] {
  return [...states].flatMap(([node, { overlays: all }]) =>
    all.flatMap(({ name: overlay, environments }) =>
      environments.map((environment) => ({ node, overlay, environment })),
    ),
  );
}

export function tunnelsOf(states: ReadonlyMap<string, NodeState>): PlacedTunnel[] {
  return environmentsOf(states).flatMap((place) =>
    place.environment.links.flatMap((link) => (link.kind === 'tunnel' ? [{ ...place, link }] : [])),
  );
}

export function memberLinks(states: ReadonlyMap<string, NodeState>): LinkState[] {
  return environmentsOf(states)
    .filter(({ environment }) => environment.role !== 'link')
    .flatMap(({ environment }) => environment.links);
}
