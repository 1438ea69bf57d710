import { describe, expect, test } from 'vitest';
import type { NodeState, TunnelState } from '../../src/model/node-state.ts';
import type { Overlay } from '../../src/model/overlay.ts';
import { summarizeChange } from '../../src/planner/change-summary.ts';
import { diffNode } from '../../src/planner/diff.ts';
import { compileNodeStates } from '../../src/planner/node-states.ts';
import type { OverlaySecrets } from '../../src/planner/overlay-secrets.ts';
import { securityOf } from '../../src/planner/security.ts';
import { ableNode, tunnelsOf } from './link-matrix.ts';
import { buildNodes, buildOverlay, codesOf, planOf, secretsOf, unwrap } from './overlay-builder.ts';
import { SimulatedNode } from './simulated-node.ts';

const NODES = buildNodes(ableNode('n1'), ableNode('n2'), ableNode('n3'));
const PROTECTED = buildOverlay({ kind: 'bus', routers: 3 }, { links: { ipsec: { cipher: 'aes-gcm' } } });
const WIREGUARD = buildOverlay({ kind: 'line', routers: 2 }, { links: { encapsulation: 'wireguard' } });

function statesOf(overlay: Overlay, secrets: OverlaySecrets): Map<string, NodeState> {
  return unwrap(compileNodeStates([{ ...planOf(overlay), secrets }], NODES, 1));
}

function firstTunnel(overlay: Overlay, secrets: OverlaySecrets): TunnelState {
  const [first] = tunnelsOf(statesOf(overlay, secrets));
  if (first === undefined) throw new Error('there is no tunnel');
  return first.link;
}

describe('keys', () => {
  test('are refused by name where nobody made secrets', () => {
    expect(codesOf(compileNodeStates([planOf(PROTECTED)], NODES, 1))).toEqual(['missing-secrets']);
  });

  test('of a segment are different for each pair and direction, and no receiver has an SPI twice', () => {
    const all = tunnelsOf(statesOf(PROTECTED, secretsOf([1, 2]))).flatMap(({ link }) => link.protections);
    const keys = all.flatMap(({ outbound }) => outbound.map(({ key }) => key));
    expect(keys).toHaveLength(12);
    expect(new Set(keys).size).toBe(12);
    const received = all.flatMap(({ local, inbound }) => inbound.map(({ spi }) => `${local} ${spi}`));
    expect(new Set(received).size).toBe(12);
  });

  test('of generations that stay do not change when others come and go', () => {
    const [old, both, fresh] = [[1], [1, 2], [2]].map((numbers) =>
      firstTunnel(PROTECTED, secretsOf(numbers)),
    );
    const inbound = (link: TunnelState | undefined) => link?.protections[0]?.inbound ?? [];
    expect(inbound(both)).toEqual([...inbound(old), ...inbound(fresh)]);
  });

  test('rotate in three steps, of which each but the last removes nothing that is used', () => {
    const node = new SimulatedNode();
    const steps = [secretsOf([1]), secretsOf([1, 2], 1), secretsOf([1, 2], 2), secretsOf([2])].map(
      (secrets) => {
        const state = statesOf(PROTECTED, secrets).get('n1') ?? { revision: 0, overlays: [] };
        const changes = diffNode(state, node.observe(), new Map(), true);
        node.apply(changes);
        expect(diffNode(state, node.observe(), new Map(), true)).toEqual([]);
        return [...new Set(changes.map(({ kind }) => kind))];
      },
    );
    expect(steps.slice(1)).toEqual([['add-association'], ['set-policy'], ['remove-association']]);
  });

  test('of WireGuard rotate by the preshared one alone', () => {
    const [before, after] = [secretsOf([1, 2], 1), secretsOf([1, 2], 2)].map(
      (secrets) => firstTunnel(WIREGUARD, secrets).tunnel,
    );
    if (before?.kind !== 'wireguard' || after?.kind !== 'wireguard') throw new Error('is no WireGuard');
    expect(after).toEqual({ ...before, presharedKey: after.presharedKey });
    expect(after.presharedKey).not.toBe(before.presharedKey);
  });

  test('are in no summary of a change', () => {
    for (const overlay of [PROTECTED, WIREGUARD]) {
      const state = statesOf(overlay, secretsOf([1])).get('n1') ?? { revision: 0, overlays: [] };
      const changes = diffNode(state, new SimulatedNode().observe(), new Map(), true);
      const said = JSON.stringify(changes.map(summarizeChange));
      for (const { link } of tunnelsOf(new Map([['n1', state]]))) {
        for (const { key } of link.protections.flatMap((one) => one.outbound))
          expect(said).not.toContain(key);
        if (link.tunnel.kind === 'wireguard') expect(said).not.toContain(link.tunnel.privateKey);
      }
    }
  });
});

test('both protocols of a tunnel that takes both families are protected', () => {
  const overlay = buildOverlay(
    { kind: 'line', routers: 2 },
    {
      addressing: { network: ['10.0.0.0/8', 'fd00::/48'] },
      routing: { protocol: 'static' },
      links: { encapsulation: 'ipip', ipsec: { cipher: 'chacha20-poly1305' } },
    },
  );
  const { policies } = securityOf(firstTunnel(overlay, secretsOf([1])));
  expect(policies.map(({ direction, protocol }) => `${direction} ${protocol}`)).toEqual([
    'in 4',
    'in 41',
    'out 4',
    'out 41',
  ]);
});
