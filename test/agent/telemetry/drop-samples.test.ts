import { expect, test } from 'vitest';
import type { TunnelDrops } from '../../../src/agent/kernel/kernel.ts';
import { AgentMetrics } from '../../../src/agent/telemetry/agent-metrics.ts';
import { readDrops } from '../../../src/agent/telemetry/drop-samples.ts';
import type { NodeState } from '../../../src/model/node-state.ts';
import { sourcesOf } from '../../../src/model/tunnel.ts';
import { compileNodeStates } from '../../../src/planner/node-states.ts';
import { buildOverlay, planOf, THREE_NODES, unwrap } from '../../planner/overlay-builder.ts';

const NODES = new Map(
  [...THREE_NODES].map(([name, node]) => {
    const features = [...node.capabilities.features, 'esp-aes-gcm'];
    return [name, { ...node, capabilities: { ...node.capabilities, features } }];
  }),
);
const SECRETS = {
  identity: '00'.repeat(32),
  generations: [{ number: 1, secret: '11'.repeat(32) }],
  sending: 1,
};
const LINKS = { layers: 2, ipsec: { cipher: 'aes-gcm' } } as const;

const counts = (
  filter: [string, number][],
  security: [string, number][],
  tunnels: readonly TunnelDrops[] = [],
) => ({
  readFilterDrops: async () => new Map(filter),
  readSecurityDrops: async () => new Map(security),
  readTunnelDrops: async () => tunnels,
});

test('a node of plain links tells what came to their tunnels from strangers, overlay by overlay', async () => {
  const state = stateOf('n1', {});
  const [mark] = marksIn(state);
  if (mark === undefined) throw new Error('no tunnel');
  const drops = [{ ...mark, packets: 2 }, { ...mark, by: 'key', packets: 100 } as const];
  const underlay = counts([], [['XfrmInNoPols', 9]], drops);
  expect(await readDrops(state, underlay, () => null)).toEqual([
    { by: 'tunnel', overlay: 'net', environment: '', reasons: new Map([['wrong-source', 2]]) },
  ]);
});

test('a node without tunnels reads nothing', async () => {
  const underlay = counts([], [['XfrmInNoPols', 9]], [{ by: 'port', port: 1, number: 0, packets: 1 }]);
  expect(await readDrops({ revision: 1, overlays: [] }, underlay, () => underlay)).toEqual([]);
});

test('a link layer tells what its filter dropped, and what IPsec and its tunnels did within it', async () => {
  const asked: string[] = [];
  const found = await readDrops(stateOf('n1', LINKS), counts([], []), (namespace) => {
    asked.push(namespace);
    return counts([['stranger', 3]], [['XfrmInNoPols', 2]]);
  });
  expect([...new Set(asked)]).toEqual(['net_link_n1']);
  const common = { overlay: 'net', environment: 'net_link_n1' };
  expect(found).toEqual([
    { by: 'link-layer', ...common, reasons: new Map([['stranger', 3]]) },
    { by: 'ipsec', ...common, reasons: new Map([['XfrmInNoPols', 2]]) },
    { by: 'tunnel', ...common, reasons: new Map([['wrong-source', 0]]) },
    { by: 'tunnel', overlay: 'net', environment: '', reasons: new Map([['wrong-source', 0]]) },
  ]);
});

test('IPsec of one layer drops in the network of the node, which is of no overlay', async () => {
  const underlay = counts([], [['replayed', 4]]);
  const found = await readDrops(stateOf('n1', { ipsec: LINKS.ipsec }), underlay, () => null);
  expect(found).toContainEqual({
    ...{ by: 'ipsec', overlay: '', environment: '' },
    reasons: new Map([['replayed', 4]]),
  });
});

test('what cannot be read, or is not there yet, is left away', async () => {
  const state = stateOf('n1', LINKS);
  const failing = {
    ...counts([['stranger', 1]], []),
    readSecurityDrops: () => Promise.reject(new Error('no')),
    readTunnelDrops: () => Promise.reject(new Error('no')),
  };
  expect(await readDrops(state, failing, () => failing)).toMatchObject([{ by: 'link-layer' }]);
  expect(await readDrops(state, failing, () => null)).toEqual([]);
});

test('a scrape shows drops by reason', async () => {
  const metrics = new AgentMetrics({
    node: 'n1',
    isConnected: () => true,
    routers: () => [],
    readCounters: async () => [],
    readDrops: () =>
      readDrops(stateOf('n1', LINKS), counts([], []), () => counts([['stranger', 3]], [['replayed', 2]])),
  });
  for (const text of [await metrics.collect(), await metrics.collect()]) {
    const labels = 'overlay="net",node="n1",environment="net_link_n1"';
    expect(text).toContain(`vinet_link_layer_dropped_packets_total{${labels},reason="stranger"} 3\n`);
    expect(text).toContain(`vinet_tunnel_dropped_packets_total{${labels},reason="wrong-source"} 0\n`);
    expect(text).toContain(`vinet_ipsec_dropped_packets_total{${labels},reason="replayed"} 2\n`);
  }
});

function marksIn({ overlays }: NodeState) {
  return overlays.flatMap(({ environments }) =>
    environments.flatMap(({ links }) =>
      links.flatMap((link) => (link.kind === 'tunnel' ? sourcesOf(link.tunnel) : [])),
    ),
  );
}

function stateOf(node: string, links: object): NodeState {
  const overlay = buildOverlay({ kind: 'ring', routers: 3 }, { links });
  const planned = { ...planOf(overlay), secrets: SECRETS };
  const state = unwrap(compileNodeStates([planned], NODES, 1)).get(node);
  if (state === undefined) throw new Error(`nothing for ${node}`);
  return state;
}
