import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Namespace } from '../../src/agent/kernel/kernel.ts';
import { traceRoute } from '../../src/agent/trace.ts';
import type { Overlay } from '../../src/model/overlay.ts';
import { startCapture } from '../capture.ts';
import { until } from '../machine.ts';
import { type NodeBench, openNodeBench } from './node-bench.ts';

const ROUTERS = 20;
const NAMES = Array.from({ length: ROUTERS }, (_, at) => `r${at + 1}`);

/** No link is within a node, so that each of them is ten routers of the ring and every hop is a tunnel. */
const OVERLAY: Overlay = {
  apiVersion: 'vinet/v1',
  kind: 'Overlay',
  metadata: { name: 'vt-ipip' },
  spec: {
    topology: { kind: 'ring', routers: ROUTERS },
    placement: { nodes: ['n1', 'n2'] },
    addressing: { network: '10.20.0.0/16', link: '172.20.0.0/16' },
    links: { encapsulation: 'ipip', layers: 2 },
    routing: { instance: 'shared' },
  },
};

describe('a ring of 20 routers over two nodes, IP in IP in IP', () => {
  let bench: NodeBench;

  beforeAll(async () => {
    bench = await openNodeBench('vt-ring', 2);
    bench.deploy([OVERLAY]);
    await bench.ready();
  }, 480_000);
  afterAll(() => bench.close());

  test('has every route, and every neighbour in state Full', async () => {
    const found = () => bench.nodes.flatMap(({ reports }) => reports.status?.overlays[0]?.environments ?? []);
    const full = () => found().flatMap(({ role, neighbors }) => (role === 'router' ? [neighbors.have] : []));
    await until(
      () => full().every((have) => have === 2),
      () => full().join(),
    );
    expect(full()).toHaveLength(ROUTERS);
    expect(new Set(found().map(({ phase }) => phase))).toEqual(new Set(['ready']));
  });

  test('shows the physical, the link and the overlay header on the wire', async () => {
    const capture = await startCapture('vt-ring-n1', 'eth0', { filter: 'proto 4 and len = 554' });
    execFileSync('ip', ['netns', 'exec', 'vt-ipip_r1', 'ping', ...PING, '10.20.0.2']);
    await until(
      () => capture.packets().length >= 2,
      () => 'a request and an answer',
    );
    const [request, answer] = await capture.stop();
    const [asked, answered] = [addressesOf(request), addressesOf(answer)];
    expect(request).toMatchObject([
      { is: 'ethernet' },
      { is: 'ipv4', source: '198.18.7.1', destination: '198.18.7.2', bytes: 540 },
      {
        is: 'ipv4',
        source: expect.stringMatching(/^172\.20\./),
        destination: expect.stringMatching(/^172\.20\./),
        bytes: 520,
      },
      { is: 'ipv4', destination: '10.20.0.2', bytes: 500 },
      { is: 'protocol', number: 1 },
    ]);
    expect(answered).toEqual(
      asked.map(({ source, destination }) => ({ source: destination, destination: source })),
    );
  });

  test('is traced from r1 to r10, each hop being the next router', async () => {
    const owners = await addressOwners(bench);
    const hops = await traceRoute(memberOf(bench, 'r1'), '10.20.0.10');
    expect(hops.map(({ address }) => owners.get(address))).toEqual(NAMES.slice(1, 10));
  });
});

const PING = ['-n', '-c', '1', '-w', '60', '-s', String(500 - 28)];

function addressesOf(headers: readonly object[] | undefined) {
  return (headers ?? []).flatMap((header) =>
    'source' in header && 'destination' in header
      ? [{ source: header.source, destination: header.destination }]
      : [],
  );
}

function memberOf(bench: NodeBench, router: string): Namespace {
  const found = bench.nodes
    .map(({ agent }) => agent.findMember('vt-ipip', router))
    .find((one) => one !== null);
  if (found == null) throw new Error(`no ${router}`);
  return found;
}

async function addressOwners(bench: NodeBench): Promise<Map<string, string>> {
  const owners = new Map<string, string>();
  for (const name of NAMES)
    for (const { addresses } of await memberOf(bench, name).readLinks())
      for (const address of addresses) owners.set(address.replace(/\/.*/, ''), name);
  return owners;
}
