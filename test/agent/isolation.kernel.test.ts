import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Kernel } from '../../src/agent/kernel/kernel.ts';
import { openKernel } from '../../src/agent/kernel/open-kernel.ts';
import { linkFarEnds } from '../../src/model/link-address.ts';
import type { Overlay } from '../../src/model/overlay.ts';
import { type Capture, startCapture } from '../capture.ts';
import { inside, until } from '../machine.ts';
import { sendFrames } from '../raw-frame.ts';
import { echoRequest, ethernetFrame, grePacket, ipv4Packet, PROTOCOLS } from '../raw-packet.ts';
import { ip, type NodeBench, openNodeBench, tunnelDropsOf } from './node-bench.ts';

const FORGED = 5;
const VICTIMS = ['vtg-a_r1', 'vtg-b_r1', 'vtg-c_r1'];
/** Forged echo requests carry nothing; what an agent measures the MTU with does. */
const FORGERIES = 'icmp[icmptype] == icmp-echo and ip[2:2] == 28';
/** A member's own router gets what it sends to anybody. */
const OF_B = `${FORGERIES} and dst net 10.82.0.0/16`;

/** Keyed GRE: `a` joins n1 and n2, `b` n1 and n3, `c` all three in two layers. */
const OVERLAYS: readonly Overlay[] = [
  overlay('vtg-a', ['n1', 'n2'], '10.81.0.0/16', 1),
  overlay('vtg-b', ['n1', 'n3'], '10.82.0.0/16', 1),
  overlay('vtg-c', ['n1', 'n2', 'n3'], '10.83.0.0/16', 2),
];

function overlay(name: string, nodes: string[], network: string, layers: 1 | 2): Overlay {
  return {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name },
    spec: {
      topology: { kind: nodes.length === 2 ? 'line' : 'ring', routers: nodes.length },
      placement: { nodes },
      addressing: { network },
      links: { encapsulation: 'gre', layers },
      routing: { protocol: 'none' },
    },
  };
}

describe('forged packets of keyed GRE', () => {
  let bench: NodeBench;
  let kernel: Kernel;
  const captures: Capture[] = [];

  beforeAll(async () => {
    kernel = await openKernel({ underlay: null });
    bench = await openNodeBench('vt-iso', 3);
    bench.deploy(OVERLAYS);
    await bench.ready();
    for (const victim of VICTIMS)
      captures.push(await startCapture(victim, 'any', { filter: victim === 'vtg-b_r1' ? OF_B : FORGERIES }));
  });
  afterAll(async () => {
    for (const capture of captures) await capture.stop();
    await bench.close();
  });

  const arrived = () => captures.map((capture) => capture.frames().length);
  const nobody = VICTIMS.map(() => 0);

  /** Resolves once as many more as were forged are counted. */
  const expectCounted = async (count: () => Promise<number>, forge: () => unknown) => {
    const before = await count();
    await forge();
    await until(
      async () => (await count()) >= before + FORGED,
      () => `${FORGED} more than ${before} drops`,
    );
    expect(arrived()).toEqual(nobody);
  };
  const droppedOf = (name: string) => async () => (await tunnelDropsOf(bench, 'n1')).get(name) ?? 0;

  test("from a neighbouring node with the key of others' tunnel reach nobody", async () => {
    const { key, own, far } = await tunnelOf(kernel, 'vtg-a_r1', 'r2');
    await expectCounted(droppedOf('vtg-a'), () => forge(kernel, 3, key, echoRequest(far, own)));
  });

  test("from the far end's node with another overlay's key, for its router, reach nobody", async () => {
    const { key, far } = await tunnelOf(kernel, 'vtg-b_r1', 'r2');
    await expectCounted(droppedOf('vtg-b'), () => forge(kernel, 2, key, echoRequest(far, '10.82.0.1')));
  });

  test('from a neighbouring node for the tunnel between two link layers reach nobody', async () => {
    const { key } = await tunnelOf(kernel, 'vtg-c_link_n1', 'n2');
    const { local, remote, key: linkKey, own, far } = await tunnelOf(kernel, 'vtg-c_r1', 'r2');
    const packet = ipv4Packet(PROTOCOLS.gre, remote, local, grePacket(linkKey, echoRequest(far, own)));
    await expectCounted(droppedOf('vtg-c'), () => forge(kernel, 3, key, packet));
  });

  test("from a member of another overlay stay in it: to a router's and a link's address, and to a tunnel's key", async () => {
    const { key, own } = await tunnelOf(kernel, 'vtg-a_r1', 'r2');
    const attacker = 'vtg-b_r2';
    for (const target of ['10.81.0.1', own, '198.18.7.1'])
      ip('-n', attacker, 'route', 'add', target, 'dev', 'r1');
    const noRoutes = async () => countNoRoutes('vtg-b_r1');
    for (const target of ['10.81.0.1', own]) await expectCounted(noRoutes, () => ping(attacker, target));
    const { own: source } = await tunnelOf(kernel, attacker, 'r1');
    addGre(attacker, source, '198.18.7.1', key);
    await expectCounted(noRoutes, () => ping(attacker, '10.81.0.1', 'forged'));
    ip('-n', attacker, 'link', 'del', 'forged');
  });

  test('would arrive from the far end itself', async () => {
    const { key, own, far } = await tunnelOf(kernel, 'vtg-a_r1', 'r2');
    await forge(kernel, 2, key, echoRequest(far, own));
    await until(
      () => arrived()[0] === FORGED,
      () => `${FORGED} packets, not ${arrived()[0]}`,
    );
  });
});

interface GreEnd {
  readonly key: number;
  /** Of the header that carries it. */
  readonly local: string;
  readonly remote: string;
  /** Addresses of the link itself. */
  readonly own: string;
  readonly far: string;
}

async function tunnelOf(kernel: Kernel, name: string, device: string): Promise<GreEnd> {
  const namespace = kernel.openNamespace(name);
  try {
    const link = (await namespace?.readLinks())?.find((one) => one.name === device);
    const tunnel = link?.tunnel;
    if (link === undefined || tunnel?.kind !== 'gre')
      throw new Error(`${device} of ${name} is no GRE tunnel`);
    const [address = ''] = link.addresses.filter((text) => !text.includes(':'));
    const [far = ''] = linkFarEnds([address]);
    return {
      key: tunnel.key,
      local: tunnel.local,
      remote: tunnel.remote,
      own: address.replace(/[/ ].*/, ''),
      far,
    };
  } finally {
    namespace?.close();
  }
}

/** Sends GRE to n1 from another node, with that node's own address. */
async function forge(kernel: Kernel, node: number, key: number, packet: Buffer): Promise<void> {
  const [device] = JSON.parse(ip('-n', 'vt-iso-n1', '-json', 'link', 'show', 'dev', 'eth0')) as [
    { address: string },
  ];
  const outer = ipv4Packet(PROTOCOLS.gre, `198.18.7.${node}`, '198.18.7.1', grePacket(key, packet));
  const frame = ethernetFrame(device.address, outer);
  const namespace = kernel.openNamespace(`vt-iso-n${node}`);
  try {
    const wire = (await namespace?.readLinks())?.find(({ name }) => name === 'eth0');
    if (namespace === null || wire === undefined) throw new Error(`no node ${node}`);
    sendFrames(namespace, wire.index, Array(FORGED).fill(frame));
  } finally {
    namespace?.close();
  }
}

function addGre(namespace: string, local: string, remote: string, key: number): void {
  ip(
    ...['-n', namespace, 'link', 'add', 'forged', 'type', 'gre'],
    ...['local', local, 'remote', remote, 'key', String(key)],
  );
  ip('-n', namespace, 'address', 'add', `${local}/32`, 'dev', 'forged');
  ip('-n', namespace, 'link', 'set', 'forged', 'up');
}

function ping(namespace: string, address: string, device?: string): void {
  const through = device === undefined ? [] : ['-I', device];
  inside(
    namespace,
    'ping',
    '-n',
    '-c',
    String(FORGED),
    '-i',
    '0.1',
    '-W',
    '1',
    '-s',
    '0',
    ...through,
    address,
  );
}

/** Packets that a router had no way for. */
function countNoRoutes(router: string): number {
  const lines = (inside(router, 'cat', '/proc/net/netstat') ?? '')
    .split('\n')
    .filter((line) => line.startsWith('IpExt:'));
  const [names = [], values = []] = lines.map((line) => line.split(' '));
  return Number(values[names.indexOf('InNoRoutes')]);
}
