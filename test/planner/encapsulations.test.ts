import { describe, expect, test } from 'vitest';
import { ENCAPSULATIONS, type EncapsulationName } from '../../src/model/overlay.ts';
import type { Spec } from '../../src/model/topology.ts';
import { compileNodeStates } from '../../src/planner/node-states.ts';
import { innerMtu } from '../../src/planner/tunnel-mtu.ts';
import { ableNode, environmentsOf, tunnelsOf } from './link-matrix.ts';
import { buildNodes, buildOverlay, planAll, unwrap } from './overlay-builder.ts';

const NODES = buildNodes(
  ...Array.from({ length: 10 }, (_, index) => ableNode(`n${index + 1}`, { mtu: 1500 })),
);

describe('the bytes that a packet may have inside 1500', () => {
  test.each<[EncapsulationName, number, number]>([
    ['vxlan', 1450, 1430],
    ['geneve', 1450, 1430],
    ['gre', 1472, 1452],
    ['gue', 1460, 1440],
    ['ipip', 1480, 1460],
    ['wireguard', 1440, 1420],
  ])('of %s: %i over IPv4, %i over IPv6', (encapsulation, ipv4, ipv6) => {
    const inner = (family: 4 | 6) => innerMtu(1500, { encapsulation, family, isProtected: false });
    expect([inner(4), inner(6)]).toEqual([ipv4, ipv6]);
  });

  test('fill ESP to the last multiple of four', () => {
    for (const encapsulation of ENCAPSULATIONS)
      for (const family of [4, 6] as const)
        for (let mtu = 1400; mtu < 1420; mtu++) {
          const header = family === 4 ? 20 : 40;
          const inner = innerMtu(mtu, { encapsulation, family, isProtected: true });
          const clear = mtu - innerMtu(mtu, { encapsulation, family, isProtected: false });
          const onTheWire = (bytes: number) =>
            header + 8 + 8 + Math.ceil((bytes + clear - header + 2) / 4) * 4 + 16;
          expect(onTheWire(inner)).toBeLessThanOrEqual(mtu);
          expect(onTheWire(inner + 1)).toBeGreaterThan(mtu);
        }
  });
});

function statesOf(topology: Spec['topology'], rest: Partial<Spec>) {
  return unwrap(compileNodeStates(planAll(buildOverlay(topology, rest)), NODES, 1));
}

describe('two layers', () => {
  test('make ipip in ipip of a ring of twenty on two nodes', () => {
    const states = statesOf(
      { kind: 'ring', routers: 20 },
      { placement: { nodes: ['n1', 'n2'] }, links: { encapsulation: 'ipip', layers: 2 } },
    );
    const layer = environmentsOf(states).find(({ environment }) => environment.namespace === 'net_link_n1');
    expect(layer?.environment).toMatchObject({ role: 'link', name: 'link', ipv4: false, routing: null });
    expect(layer?.environment.links).toHaveLength(1);
    expect(layer?.environment.links[0]).toMatchObject({
      name: 'n2',
      link: 'n1--n2',
      mtu: 1480,
      transport: null,
      tunnel: { kind: 'ipip', local: '192.0.2.1', remote: '192.0.2.2', carries: [4] },
    });
    expect(layer?.environment.links[0]?.addresses).toHaveLength(20);
    expect(layer?.environment.links[0]?.addresses[0]).toBe('172.16.0.2 peer 172.16.0.3/32');
    expect(layer?.environment.filter).toHaveProperty('accept[0]', {
      interface: 'n2',
      source: '172.16.0.3',
      destination: '172.16.0.2',
    });
    const [member] = tunnelsOf(states).filter(({ environment }) => environment.name === 'r1');
    expect(member?.link).toMatchObject({
      mtu: 1460,
      transport: 'net_link_n1',
      tunnel: { kind: 'ipip', local: '172.16.0.2', remote: '172.16.0.3' },
    });
  });

  test('revisit ten nodes with a ring of two hundred', () => {
    const nodes = [...NODES.keys()];
    const states = statesOf({ kind: 'ring', routers: 200 }, { placement: { nodes }, links: { layers: 2 } });
    const layers = environmentsOf(states).filter(({ environment }) => environment.role === 'link');
    expect(layers).toHaveLength(10);
    expect(new Set(layers.map(({ environment }) => environment.links.length))).toEqual(new Set([2]));
    expect(tunnelsOf(states)).toHaveLength(20 + 400);
  });

  test.each<[EncapsulationName, string, string]>([
    ['gue', 'gue', 'gre'],
    ['wireguard', 'wireguard', 'ipip'],
    ['geneve', 'geneve', 'geneve'],
  ])('of %s are %s outside and %s inside', (encapsulation, outside, inside) => {
    const states = statesOf(
      { kind: 'line', routers: 2 },
      { placement: { nodes: ['n1', 'n2'] }, links: { encapsulation, layers: 2 } },
    );
    const kinds = tunnelsOf(states).map(({ environment, link }) => `${environment.role} ${link.tunnel.kind}`);
    expect(new Set(kinds)).toEqual(new Set([`link ${outside}`, `router ${inside}`]));
  });

  test('take their link addresses from another block where the network has that one', () => {
    const states = statesOf(
      { kind: 'line', routers: 2 },
      { addressing: { network: '172.16.0.0/12' }, links: { encapsulation: 'gre', layers: 2 } },
    );
    const [inner] = tunnelsOf(states).filter(({ environment }) => environment.role === 'router');
    expect(inner?.link.tunnel).toMatchObject({ local: '100.64.0.2', remote: '100.64.0.3' });
  });

  test('carry a segment of any encapsulation as VXLAN between the addresses of its sites', () => {
    const states = statesOf({ kind: 'bus', routers: 3 }, { links: { encapsulation: 'gre', layers: 2 } });
    const ports = tunnelsOf(states).filter(({ environment }) => environment.role === 'segment');
    expect(ports.map(({ link }) => link.tunnel)).toMatchObject([
      { kind: 'vxlan', local: '172.16.0.2', remotes: ['172.16.0.4', '172.16.0.6'], learning: true },
      { kind: 'vxlan', local: '172.16.0.4', remotes: ['172.16.0.2', '172.16.0.6'] },
      { kind: 'vxlan', local: '172.16.0.6', remotes: ['172.16.0.2', '172.16.0.4'] },
    ]);
  });

  test('have interfaces that Linux can name, whatever nodes are called', () => {
    const long = 'a-node-with-a-name-of-32-letters';
    const nodes = buildNodes(ableNode('n1'), { ...ableNode('n2'), name: long });
    const overlay = buildOverlay(
      { kind: 'line', routers: 2 },
      { placement: { nodes: ['n1', long] }, links: { layers: 2 } },
    );
    const states = unwrap(compileNodeStates(planAll(overlay), nodes, 1));
    const names = tunnelsOf(states)
      .filter(({ environment }) => environment.role === 'link')
      .map(({ link }) => link.name);
    expect(names).toEqual([expect.stringMatching(/^n\.\d+$/), 'n1']);
  });
});

describe('ipip', () => {
  const ipip = (name: string, nodes: string[]) =>
    buildOverlay(
      { kind: 'line', routers: 2 },
      { name, placement: { nodes }, links: { encapsulation: 'ipip' } },
    );

  test('is refused where two ends would have it twice, over all overlays and by name', () => {
    const planned = planAll(ipip('red', ['n1', 'n2']), ipip('blue', ['n2', 'n1']));
    expect(compileNodeStates(planned, NODES, 1)).toMatchObject({
      problems: [
        {
          code: 'tunnels-not-apart',
          message: expect.stringContaining('link r1-r2 of overlay red and link r1-r2 of overlay blue'),
          hint: expect.stringContaining('layers: 2'),
        },
        { code: 'tunnels-not-apart' },
      ],
    });
    const apart = planAll(ipip('red', ['n1', 'n2']), ipip('blue', ['n2', 'n3']));
    expect(compileNodeStates(apart, NODES, 1)).toMatchObject({ ok: true });
  });

  test('is made as what carries the families inside', () => {
    const carried = (network: string[]) =>
      tunnelsOf(
        statesOf(
          { kind: 'line', routers: 2 },
          {
            addressing: { network },
            routing: { protocol: 'static' },
            links: { encapsulation: 'ipip' },
          },
        ),
      )[0]?.link.tunnel;
    expect(carried(['10.0.0.0/8'])).toMatchObject({ carries: [4] });
    expect(carried(['fd00::/48', '10.0.0.0/8'])).toMatchObject({ carries: [4, 6] });
  });
});

test('links may have an encapsulation each', () => {
  const states = statesOf(
    {
      kind: 'custom',
      routers: ['a', 'b'],
      links: [['a', 'b'], ...ENCAPSULATIONS.map((encapsulation) => ({ between: ['a', 'b'], encapsulation }))],
    },
    { links: { encapsulation: 'gre' } },
  );
  const kinds = (states.get('n1')?.overlays[0]?.environments[0]?.links ?? []).map((link) =>
    link.kind === 'tunnel' ? link.tunnel.kind : link.kind,
  );
  expect(kinds).toEqual(['gre', ...ENCAPSULATIONS]);
});
