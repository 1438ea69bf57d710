import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Kernel, Namespace } from '../../src/agent/kernel/kernel.ts';
import { openKernel } from '../../src/agent/kernel/open-kernel.ts';
import { runAgent } from '../../src/agent/main.ts';
import { linkFarEnds } from '../../src/model/link-address.ts';
import { isLinkFilter } from '../../src/model/node-state.ts';
import type { ObservedLink } from '../../src/model/observation.ts';
import { ENCAPSULATIONS, type EncapsulationName } from '../../src/model/overlay.ts';
import { Harness } from '../controller/harness.ts';
import { startPing, tracesOf, until } from '../machine.ts';
import { buildUnderlay, ip, removeNamespaces } from './node-bench.ts';

/**
 * What every overlay is promised, with every encapsulation at once: a controller, three nodes with an agent each. n1
 * and n2 are joined in one layer, n1 and n3 in two; two overlays have IPsec, one of them a worse link than there is.
 */
const PREFIX = 'vtk';
const NODES = [1, 2, 3].map((number) => `${PREFIX}-n${number}`);
const PATIENCE_S = 300;
/** Of an emulated machine, ten to twenty times as slow as the one that it runs on. */
const TEST_MS = 600_000;
const run = promisify(execFile);

const harness = new Harness();
const folder = mkdtempSync(join(tmpdir(), 'vinet-test-'));
let agents: { close(): Promise<void> }[] = [];
let kernel: Kernel;
let untouched: string[];

beforeAll(async () => {
  removeNamespaces([...NODES, `${PREFIX}-hub`]);
  buildUnderlay(`${PREFIX}-hub`, NODES, (number) => [`198.18.7.${number}/24`]);
  kernel = await openKernel({ underlay: null });
  await harness.start({ prepareDeadlineMs: 120_000 });
  await startAgents();
  untouched = await networksOfNodes();
}, TEST_MS);
afterAll(async () => {
  try {
    for (const { name } of DOCUMENTS) await harness.send('DELETE', `/v1/overlays/${name}`);
    await gone();
  } finally {
    await Promise.all(agents.map((agent) => agent.close()));
    await harness.end();
    removeNamespaces([...NODES, `${PREFIX}-hub`]);
    rmSync(folder, { recursive: true, force: true });
  }
}, TEST_MS);

test(
  'a deployment that one node refuses leaves nothing on any',
  async () => {
    ip('netns', 'add', 'vtp-refused_r2');
    try {
      const { status, body } = await apply(
        [ALL, lineOf('vtp-refused', 'n2', '{ encapsulation: gre }')].join('---\n'),
      );
      expect(status).toBe(409);
      expect(body.error.refusals).toMatchObject([
        { node: 'n2', reason: expect.stringContaining('vtp-refused_r2 is there already') },
      ]);
    } finally {
      ip('netns', 'del', 'vtp-refused_r2');
    }
    expect(namespacesOfOverlays()).toEqual([]);
    await eventually(networksOfNodes, untouched);
  },
  TEST_MS,
);

describe('overlays of every encapsulation', () => {
  beforeAll(async () => {
    const { status, text } = await apply(ALL);
    expect([status, text]).toEqual([200, expect.any(String)]);
    await ready();
  }, TEST_MS);

  test(
    'carry packets over every link',
    async () => {
      expect(await silentLinks()).toEqual([]);
      const kinds = [...(await readLinks()).values()].flatMap(({ tunnel }) => tunnel?.kind ?? []);
      expect(new Set(kinds)).toEqual(new Set(ENCAPSULATIONS));
    },
    TEST_MS,
  );

  test(
    'are adopted by agents that are begun anew: nothing is touched',
    async () => {
      const before = await identities();
      const traffic = (await farEnds()).filter(({ namespace }) => namespace.endsWith('_r1'));
      const pings = traffic.map(({ namespace, address }) => startPing(namespace, address, 200));
      await Promise.all(agents.map((agent) => agent.close()));
      await startAgents();
      await ready();
      const { body } = await apply(ALL.replace('delay: 3ms', 'delay: 4ms'), '?dryRun=true');
      const planned = body.results.flatMap(({ nodes }: { nodes: { changes: unknown[] }[] }) =>
        nodes.flatMap(({ changes }) => changes),
      );
      expect(planned).toMatchObject([{ namespace: 'vtp-sec_r1' }, { namespace: 'vtp-sec_r2' }]);
      const losses = await Promise.all(pings.map((ping) => ping.stop()));
      expect(losses.map(({ lost }) => lost)).toEqual(traffic.map(() => 0));
      const after = await identities();
      expect(after.things).toEqual(before.things);
      for (const [link, packets] of before.sent) expect(after.sent.get(link)).toBeGreaterThanOrEqual(packets);
    },
    TEST_MS,
  );

  test(
    'come back whole when tunnels, attributes, qdiscs, filters, policies and keys are changed by hand',
    async () => {
      const before = await declared();
      await breakByHand();
      expect(await declared()).not.toEqual(before);
      await eventually(declared, before);
      expect(await silentLinks()).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'are gone without a trace once they are deleted',
    async () => {
      for (const { name } of DOCUMENTS)
        expect((await harness.send('DELETE', `/v1/overlays/${name}`)).status).toBeLessThan(300);
      await gone();
      expect(namespacesOfOverlays()).toEqual([]);
      // The kernel takes a deleted namespace's tunnels apart later, and their sockets on the node with them.
      await eventually(networksOfNodes, untouched);
      expect(DOCUMENTS.flatMap(({ name }) => tracesOf(name))).toEqual([]);
      for (const node of ['n1', 'n2', 'n3'])
        expect(JSON.parse(readFileSync(join(folder, node, 'desired.json'), 'utf8'))).toMatchObject({
          overlays: [],
        });
    },
    TEST_MS,
  );
});

/** r1 is on n1; what r2 to r7 have of it is on n2, each link wrapped in another way. */
const STAR = `apiVersion: vinet/v1
kind: Overlay
metadata: { name: vtp-one }
spec:
  topology:
    kind: star
    routers: ${ENCAPSULATIONS.length + 1}
    links:
${ENCAPSULATIONS.map((name, at) => `      - { between: [r1, r${at + 2}], encapsulation: ${name} }\n`).join('')}
  placement: { nodes: [n2] }
  addressing: { network: [10.71.0.0/16, 'fd71::/48'] }
  routers: { r1: { node: n1 } }
  routing: { protocol: none }
`;

function lineOf(name: string, far: string, links: string): string {
  return `apiVersion: vinet/v1
kind: Overlay
metadata: { name: ${name} }
spec:
  topology: { kind: line, routers: 2 }
  placement: { nodes: [n1, ${far}] }
  addressing: { network: [10.71.0.0/16, 'fd71::/48'] }
  links: ${links}
  routing: { protocol: none }
`;
}

const DOCUMENTS: readonly { readonly name: string; readonly text: string }[] = [
  { name: 'vtp-one', text: STAR },
  ...ENCAPSULATIONS.map((encapsulation: EncapsulationName) => {
    const ipsec = encapsulation === 'vxlan' ? ', ipsec: { cipher: chacha20-poly1305 }' : '';
    const name = `vtp-${encapsulation}`;
    return { name, text: lineOf(name, 'n3', `{ encapsulation: ${encapsulation}, layers: 2${ipsec} }`) };
  }),
  {
    name: 'vtp-sec',
    text: lineOf(
      'vtp-sec',
      'n2',
      '{ encapsulation: gre, ipsec: { cipher: aes-gcm }, emulate: { delay: 3ms, jitter: 1ms, rate: 50mbit } }',
    ),
  },
];

const ALL = DOCUMENTS.map(({ text }) => text).join('---\n');

async function apply(text: string, query = '') {
  await connected();
  return harness.apply(text, query);
}

async function startAgents(): Promise<void> {
  agents = await Promise.all(
    ['n1', 'n2', 'n3'].map((node) =>
      runAgent({
        node,
        controller: harness.grpcAddress,
        tokenFile: null,
        tls: null,
        stateDirectory: join(folder, node),
        underlayNamespace: `${PREFIX}-${node}`,
        underlayAddresses: null,
        outsideAddresses: [],
        metricsListen: null,
        maxMembers: 50,
        templates: null,
        frrModules: null,
        logLevel: 'silent',
      }),
    ),
  );
  await connected();
}

async function connected(): Promise<void> {
  const isConnected = ({ connected }: { connected: boolean }) => connected;
  await until(
    async () => (await harness.get('/v1/nodes')).body.nodes.filter(isConnected).length === NODES.length,
    () => 'all nodes are connected',
    PATIENCE_S,
  );
}

/** Also once each node has said so to the controller that it found again. */
async function ready(): Promise<void> {
  let answers: readonly unknown[] = [];
  await until(
    async () => {
      const { overlays } = (await harness.get('/v1/overlays')).body;
      const { nodes } = (await harness.get('/v1/nodes')).body;
      answers = [overlays, nodes];
      return (
        overlays.length === DOCUMENTS.length &&
        overlays.every(({ phase }: { phase: string }) => phase === 'ready') &&
        nodes.every(
          ({ revision }: { revision: { have: number; want: number } }) => revision.have === revision.want,
        )
      );
    },
    () => JSON.stringify(answers),
    PATIENCE_S,
  );
}

async function gone(): Promise<void> {
  let overlays: readonly unknown[] = [];
  await until(
    async () => {
      overlays = (await harness.get('/v1/overlays')).body.overlays;
      return overlays.length === 0;
    },
    () => JSON.stringify(overlays),
    PATIENCE_S,
  );
}

function namespacesOfOverlays(): string[] {
  return kernel.listNamespaces().flatMap(({ name }) => (name.startsWith('vtp-') ? [name] : []));
}

/** All that iproute2 and nft show of the nodes' own networks, but for what the kernel makes there by itself. */
async function networksOfNodes(): Promise<string[]> {
  const commands = [
    ...[
      'ip -o -d link',
      'ip -o address',
      'ip route show table all',
      'ip -6 route show table all',
      'tc qdisc',
    ],
    ...['nft list ruleset', 'ip xfrm state', 'ip xfrm policy', 'ip fou show', 'ip -6 fou show', 'ss -Hlun'],
  ];
  const shown = await Promise.all(NODES.map((node) => inside(node, 'sh', '-c', commands.join('; '))));
  return shown.flatMap((text, at) =>
    text
      .split('\n')
      .filter((line) => line !== '' && !OF_THE_KERNEL.test(line))
      .map((line) => `${NODES[at]} ${line}`),
  );
}

/** Never waits for a process: agents and controller are in this one, and miss one another when it stands still. */
async function inside(namespace: string, ...argv: string[]): Promise<string> {
  return (await run('ip', ['netns', 'exec', namespace, ...argv])).stdout;
}

/** Devices that come into every namespace with the first tunnel of their kind, and addresses that take a while to be sure. */
const OF_THE_KERNEL = /\b(tunl0|gre0|gretap0|erspan0|sit0|ip6tnl0|ip6gre0)\b|fe80::/;

/** Calls back with each namespace of the overlays and each of the nodes, open. */
async function visit<T>(
  names: readonly string[],
  read: (namespace: Namespace) => Promise<T>,
): Promise<[string, T][]> {
  const found: [string, T][] = [];
  for (const name of names) {
    const namespace = kernel.openNamespace(name);
    if (namespace === null) continue;
    try {
      found.push([name, await read(namespace)]);
    } finally {
      namespace.close();
    }
  }
  return found;
}

/** By `NAMESPACE INTERFACE`: all that the product made. */
async function readLinks(): Promise<Map<string, ObservedLink>> {
  const read = await visit(namespacesOfOverlays(), (namespace) => namespace.readLinks());
  return new Map(
    read.flatMap(([name, links]) =>
      links
        .filter(({ alias, name: device }) => alias.startsWith('vinet ') || device === 'lo')
        .map((link) => [`${name} ${link.name}`, link] as const),
    ),
  );
}

/** Everything of links and of what carries them, as it is declared: without what is another one each time. */
async function declared(): Promise<Record<string, unknown>> {
  const links = [...(await readLinks())].map(
    ([key, { index: _index, peerIndex: _peer, addresses, ...link }]) => [
      key,
      { ...link, addresses: addresses.filter((address) => !address.startsWith('fe80')).sort() },
    ],
  );
  const filters = await visit(namespacesOfOverlays(), async (namespace) => {
    const filter = await namespace.readFilter();
    return filter !== null && isLinkFilter(filter) ? sorted(filter.accept) : filter;
  });
  const transports = await visit([...NODES, ...namespacesOfOverlays()], async (namespace) => {
    const { guePorts, sources, protectedPackets, ...security } = await namespace.readTransport();
    // Keys that are lost come back as others.
    const associations = security.associations.map(({ spi: _spi, key: _key, ...rest }) => rest);
    const policies = security.policies.map(({ spi: _spi, ...rest }) => rest);
    return [guePorts, sources, protectedPackets, associations, policies].map((things) => sorted(things));
  });
  return {
    links: Object.fromEntries(links),
    filters: Object.fromEntries(filters),
    transports: Object.fromEntries(transports),
  };
}

function sorted(things: readonly object[] | null | undefined): string[] | null {
  return things == null ? null : things.map((thing) => JSON.stringify(Object.entries(thing).sort())).sort();
}

/** What would be another one had it been made anew, and how many packets each link has sent. */
async function identities(): Promise<{ things: readonly string[]; sent: ReadonlyMap<string, number> }> {
  const links = await readLinks();
  const counters = await visit(namespacesOfOverlays(), (namespace) => namespace.readCounters());
  const [node = ''] = NODES;
  const texts = await Promise.all([
    ...[node, 'vtp-vxlan_link_n3'].map((name) => inside(name, 'ip', '-s', 'xfrm', 'state')),
    ...[node, 'vtp-gre_link_n3'].map((name) => inside(name, 'nft', '-a', 'list', 'ruleset')),
  ]);
  const made = texts.flatMap((text) => text.match(/spi \S+|add [\d-]+ [\d:]+|handle \d+/g) ?? []);
  expect(made.length).toBeGreaterThan(0);
  return {
    things: [...[...links].map(([key, { index }]) => `${key} is ${index}`), ...made],
    sent: new Map(
      counters.flatMap(([name, list]) =>
        list.map((one) => [`${name} ${one.name}`, one.sentPackets] as const),
      ),
    ),
  };
}

async function farEnds(): Promise<{ namespace: string; address: string }[]> {
  return [...(await readLinks())].flatMap(([key, { addresses }]) => {
    const [namespace = '', device = ''] = key.split(' ');
    const isMember = /_r\d+$/.test(namespace) && device !== 'lo';
    return isMember ? linkFarEnds(addresses).map((address) => ({ namespace, address })) : [];
  });
}

/** Those whose far end does not answer. */
async function silentLinks(): Promise<string[]> {
  const silent: string[] = [];
  const waiting = await farEnds();
  expect(waiting.length).toBe(2 * 2 * (2 * ENCAPSULATIONS.length + 1));
  const work = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { namespace, address } = next;
      const argv = ['netns', 'exec', namespace, 'ping', '-n', '-c', '1', '-w', '30', address];
      await run('ip', argv).catch(() => silent.push(`${namespace} to ${address}`));
    }
  };
  await Promise.all([work(), work(), work(), work()]);
  return silent;
}

async function breakByHand(): Promise<void> {
  const [node = ''] = NODES;
  const two = ENCAPSULATIONS.map((name) => `vtp-${name}`);
  const stars = ENCAPSULATIONS.map((_, at) => `r${at + 2}`);
  const greAt = stars[ENCAPSULATIONS.indexOf('gre')];
  await tamperWithWireguard(`vtp-one_${stars[ENCAPSULATIONS.indexOf('wireguard')]}`);
  const lines = [
    ...stars.map((router) => `ip -n vtp-one_r1 link del ${router}`),
    ...stars.map((router) => `ip -n vtp-one_${router} link set r1 mtu 1290 alias mine`),
    ...stars.map((router) => `ip -n vtp-one_${router} -4 address flush dev r1`),
    `ip -n vtp-one_${greAt} link change r1 type gre local 198.18.7.2 remote 198.18.7.1 key 4242`,
    ...two.flatMap((name) => [`ip -n ${name}_link_n1 link del n3`, `ip -n ${name}_r2 link del r1`]),
    ...two.flatMap((name) => [
      `ip -n ${name}_link_n3 address flush dev n1`,
      `ip -n ${name}_link_n3 link set n1 down`,
    ]),
    'tc -n vtp-sec_r1 qdisc del dev r2 root',
    'tc -n vtp-sec_r2 qdisc change dev r1 root netem delay 900ms',
    `ip netns exec ${node} nft delete table inet vinet_tunnels`,
    'ip netns exec vtp-gre_link_n1 nft delete table inet vinet',
    'ip netns exec vtp-gre_link_n3 nft flush chain inet vinet input',
    ...[node, 'vtp-vxlan_link_n3'].flatMap((name) => [
      `ip -n ${name} xfrm state flush`,
      `ip -n ${name} xfrm policy flush`,
    ]),
    ...(await guePortsOf(node)).map((port) => `ip -n ${node} fou del port ${port}`),
  ];
  await run('sh', ['-ec', lines.join('\n')]);
}

async function guePortsOf(node: string): Promise<number[]> {
  const [[, ports] = ['', []]] = await visit(
    [node],
    async (network) => (await network.readTransport()).guePorts,
  );
  return ports.map(({ port }) => port);
}

/** Its preshared key becomes another. */
async function tamperWithWireguard(router: string): Promise<void> {
  await visit([router], async (namespace) => {
    for (const { index, tunnel } of await namespace.readLinks())
      if (tunnel?.kind === 'wireguard') {
        const changed = { ...tunnel, presharedKey: Buffer.alloc(32, 7).toString('base64') };
        expect(await namespace.program([{ step: 'set-wireguard-keys', index, tunnel: changed }])).toEqual([
          null,
        ]);
      }
  });
}

/** Reads slowly, again and again, until it is as wanted. */
async function eventually<T>(read: () => Promise<T>, wanted: T): Promise<void> {
  await expect.poll(read, { timeout: PATIENCE_S * 1000, interval: 3_000 }).toEqual(wanted);
}
