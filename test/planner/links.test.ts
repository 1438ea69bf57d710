import { createPrivateKey, createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLinkFilter, type NodeState, type TunnelState } from '../../src/model/node-state.ts';
import type { Observation } from '../../src/model/observation.ts';
import type { Protection } from '../../src/model/security.ts';
import { localOf, remotesOf, type Tunnel } from '../../src/model/tunnel.ts';
import { diffNode } from '../../src/planner/diff.ts';
import { compileNodeStates, type PlannedOverlay } from '../../src/planner/node-states.ts';
import { ableNode, memberLinks, overlays, type PlacedTunnel, tunnelsOf } from './link-matrix.ts';
import { buildNodes, continueAll, planAll } from './overlay-builder.ts';
import { SimulatedNode } from './simulated-node.ts';

const NODES = buildNodes(ableNode('n1'), ableNode('n2', { underlay: ['2001:db8::2'] }), ableNode('n3'));

const EMPTY: Observation = { environments: [], transports: [], usedKeys: new Set() };

/** What was refused is an empty map: only ipip that cannot be told apart may be. */
function statesOf(planned: readonly PlannedOverlay[]): Map<string, NodeState> {
  const states = compileNodeStates(planned, NODES, 1);
  if (states.ok) return states.value;
  for (const { code, message } of states.problems) {
    expect(code).toBe('tunnels-not-apart');
    expect(message).toContain('ipip');
  }
  expect(planned.some(({ overlay }) => overlay.spec.links?.encapsulation === 'ipip')).toBe(true);
  return new Map();
}

describe('every kind of link over every topology', () => {
  test('has two ends that fit each other, in networks that reach each other', () => {
    fc.assert(
      fc.property(overlays, (overlay) => {
        const all = tunnelsOf(statesOf(planAll(overlay)));
        for (const name of new Set(all.map(({ link }) => link.link))) {
          const ends = all.filter(({ link }) => link.link === name);
          for (const one of ends) {
            for (const other of ends) if (other !== one) expectMirror(one, other);
            expect(remotesOf(one.link.tunnel)).toHaveLength(ends.length - 1);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('is told apart from all others by every kernel that it meets', () => {
    fc.assert(
      fc.property(overlays, overlays, (one, other) => {
        const renamed = { ...other, metadata: { name: 'other' } };
        const signatures = tunnelsOf(statesOf(planAll(one, renamed))).map(
          ({ node, link }) => `${node} ${link.transport} ${signatureOf(link.tunnel)}`,
        );
        expect(new Set(signatures).size).toBe(signatures.length);
      }),
      { numRuns: 60 },
    );
  });

  test('has one MTU, and a transport that is there', () => {
    fc.assert(
      fc.property(overlays, (overlay) => {
        const states = statesOf(planAll(overlay));
        expect(new Set(memberLinks(states).map(({ mtu }) => mtu)).size).toBeLessThan(2);
        for (const { node, link } of tunnelsOf(states)) {
          const environments = states.get(node)?.overlays.flatMap((one) => one.environments) ?? [];
          const carrier = environments.find(({ namespace }) => namespace === link.transport);
          expect(link.transport === null).toBe(carrier === undefined);
          const local = localOf(link.tunnel);
          if (carrier === undefined || local === null) continue;
          const addresses = carrier.links.flatMap((one) => one.addresses);
          for (const remote of remotesOf(link.tunnel)) {
            expect(addresses.some((text) => text.startsWith(`${local} peer ${remote}/`))).toBe(true);
            const { filter } = carrier;
            const allowed = (filter !== null && isLinkFilter(filter) ? filter.accept : []).filter(
              ({ source, destination }) => source === remote && destination === local,
            );
            expect(allowed).toHaveLength(1);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('is made so that nothing is left to do, also out of any other', () => {
    fc.assert(
      fc.property(overlays, overlays, (first, second) => {
        const nodes = new Map([...NODES.keys()].map((name) => [name, new SimulatedNode()]));
        let before = new Map<string, PlannedOverlay>();
        for (const overlay of [first, second]) {
          const planned = continueAll([overlay], before);
          before = new Map(planned.map((one) => [one.overlay.metadata.name, one]));
          for (const [name, state] of statesOf(planned)) {
            const node = nodes.get(name);
            node?.apply(diffNode(state, node.observe(), new Map(), true));
            expect(diffNode(state, node?.observe() ?? EMPTY, new Map(), true)).toEqual([]);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('keeps its number, port and addresses while the overlay grows', () => {
    fc.assert(
      fc.property(overlays, fc.integer({ min: 10, max: 14 }), (overlay, routers) => {
        const { topology } = overlay.spec;
        fc.pre(typeof topology.routers === 'number');
        const grown = { ...overlay, spec: { ...overlay.spec, topology: { ...topology, routers } } };
        const before = planAll(overlay);
        const after = continueAll([grown], new Map(before.map((one) => [one.overlay.metadata.name, one])));
        const [old, fresh] = [before[0]?.plan, after[0]?.plan];
        for (const table of ['numbers', 'ports', 'linkAddresses'] as const) {
          const now = new Map(Object.entries(fresh?.[table] ?? {}));
          for (const [name, value] of Object.entries(old?.[table] ?? {}))
            expect(now.get(name) ?? value).toBe(value);
        }
      }),
      { numRuns: 60 },
    );
  });
});

function expectMirror({ node, link }: PlacedTunnel, { node: farNode, link: other }: PlacedTunnel): void {
  const [tunnel, far] = [link.tunnel, other.tunnel];
  const farLocal = localOf(far);
  if (farLocal !== null) expect(remotesOf(tunnel)).toContain(farLocal);
  expect(node).not.toBe(farNode);
  expect(sharedBy(other)).toEqual(sharedBy(link));
  if (tunnel.kind === 'wireguard' && far.kind === 'wireguard') {
    expect(tunnel.remotePort).toBe(far.port);
    expect(tunnel.presharedKey).toBe(far.presharedKey);
    expect(tunnel.peerPublicKey).toBe(publicKeyOf(far.privateKey));
    expect(tunnel.privateKey).not.toBe(far.privateKey);
  }
  const mine = link.protections.filter((one) => facing(other, one) !== undefined);
  expect(mine).toHaveLength(link.protections.length === 0 ? 0 : 1);
  for (const protection of mine) {
    const facingIt = facing(other, protection);
    expect(facingIt).toMatchObject({ reqid: protection.reqid, cipher: protection.cipher });
    expect(facingIt?.inbound).toEqual(protection.outbound);
    expect(facingIt?.outbound).toEqual(protection.inbound);
    expect(protection.inbound).not.toEqual(protection.outbound);
    expect(protection.outbound.map(({ spi }) => spi)).toContain(protection.sending);
  }
}

/** What both ends of a tunnel say alike. */
function sharedBy({ mtu, tunnel }: TunnelState) {
  const fields = new Map(Object.entries(tunnel));
  return [mtu, ...['kind', 'vni', 'key', 'port', 'carries', 'learning'].map((field) => fields.get(field))];
}

function facing({ protections }: TunnelState, { local, remote }: Protection): Protection | undefined {
  return protections.find((other) => other.local === remote && other.remote === local);
}

/** What a kernel finds the device by when a packet comes in. */
function signatureOf(tunnel: Tunnel): string {
  switch (tunnel.kind) {
    case 'vxlan':
      return `udp ${tunnel.port} ${tunnel.vni}`;
    case 'geneve':
      return `udp ${tunnel.port} ${tunnel.vni} ${tunnel.remote}`;
    case 'gre':
      return `gre ${tunnel.local} ${tunnel.remote} ${tunnel.key}`;
    case 'gue':
      return `udp ${tunnel.port}`;
    case 'ipip':
      return `ipip ${tunnel.local} ${tunnel.remote}`;
    case 'wireguard':
      return `udp ${tunnel.port}`;
  }
}

function publicKeyOf(privateKey: string): string {
  const prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
  const key = Buffer.concat([prefix, Buffer.from(privateKey, 'base64')]);
  const publicKey = createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
}
