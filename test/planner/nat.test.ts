import { describe, expect, test } from 'vitest';
import { ENCAPSULATIONS, type Overlay } from '../../src/model/overlay.ts';
import { compileNodeStates } from '../../src/planner/node-states.ts';
import { buildNode, buildNodes, buildOverlay, codesOf, planOf, unwrap } from './overlay-builder.ts';

const FEATURES = ['nftables', 'tbf', 'gue', 'esp-aes-gcm'];
const KINDS = ['veth', 'vxlan', 'bridge', 'gre', 'ipip', 'geneve', 'wireguard'];
const able = (name: string, outside: readonly string[]) => {
  const node = buildNode(name, { underlay: [`10.9.0.${name.slice(1)}`], outside });
  return { ...node, capabilities: { ...node.capabilities, linkKinds: KINDS, features: FEATURES } };
};
/** n2 is seen as 203.0.113.9. */
const NODES = buildNodes(able('n1', []), able('n2', ['203.0.113.9', '2001:db8::9']), able('n3', []));
const SECRETS = {
  identity: '00'.repeat(32),
  generations: [{ number: 1, secret: '11'.repeat(32) }],
  sending: 1,
};

describe('a node behind a router that translates its address', () => {
  test.each(['gue', 'wireguard'] as const)(
    'is the outside address to the others with %s, and its own to itself',
    (encapsulation) => {
      const overlay = line({ encapsulation });
      const states = unwrap(compile(overlay));
      const tunnels = ['n1', 'n2'].map((node) =>
        states
          .get(node)
          ?.overlays[0]?.environments.flatMap(({ links }) =>
            links.flatMap((link) => (link.kind === 'tunnel' ? [link.tunnel] : [])),
          ),
      );
      expect(tunnels[0]).toMatchObject([{ remote: '203.0.113.9' }]);
      expect(tunnels[1]).toMatchObject([{ remote: '10.9.0.1' }]);
      if (encapsulation === 'gue')
        expect(tunnels).toMatchObject([[{ local: '10.9.0.1' }], [{ local: '10.9.0.2' }]]);
    },
  );

  test.each(ENCAPSULATIONS.filter((name) => name !== 'gue' && name !== 'wireguard'))(
    'is refused %s by name',
    (encapsulation) => {
      const checked = compile(line({ encapsulation }));
      expect(codesOf(checked)).toEqual(['behind-nat']);
      expect(checked).toMatchObject({
        problems: [{ message: expect.stringMatching(`a ${encapsulation} tunnel .* in front of n2`) }],
      });
    },
  );

  test('has ipsec within the link layer only', () => {
    const ipsec = { cipher: 'aes-gcm' } as const;
    expect(codesOf(compile(line({ encapsulation: 'gue', ipsec })))).toEqual(['behind-nat']);
    expect(codesOf(compile(line({ encapsulation: 'gue', layers: 2, ipsec })))).toEqual([]);
  });

  test('does not matter to nodes whose tunnels do not end there', () => {
    const overlay = buildOverlay(
      { kind: 'line', routers: 2 },
      { placement: { nodes: ['n1', 'n3'] }, links: { encapsulation: 'gre' } },
    );
    expect(codesOf(compile(overlay))).toEqual([]);
  });
});

function line(links: NonNullable<Overlay['spec']['links']>): Overlay {
  return buildOverlay({ kind: 'line', routers: 2 }, { placement: { nodes: ['n1', 'n2'] }, links });
}

function compile(overlay: Overlay) {
  return compileNodeStates([{ ...planOf(overlay), secrets: SECRETS }], NODES, 1);
}
