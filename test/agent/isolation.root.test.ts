import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Kernel } from '../../src/agent/kernel/kernel.ts';
import { openKernel } from '../../src/agent/kernel/open-kernel.ts';
import { linkFarEnds } from '../../src/model/link-address.ts';
import type { ObservedLink } from '../../src/model/observation.ts';
import type { Overlay } from '../../src/model/overlay.ts';
import { startCapture } from '../capture.ts';
import { inside, until } from '../machine.ts';
import { sendFrames } from '../raw-frame.ts';
import { echoRequest, ethernetFrame, ipv4Packet, PROTOCOLS, udpPacket, vxlanPacket } from '../raw-packet.ts';
import { ip, type NodeBench, openNodeBench, tunnelDropsOf } from './node-bench.ts';

const FORGED = 5;
/** The agents' own probes of a tunnel's MTU are echo requests too, but large ones. */
const FORGED_ONLY = 'icmp[icmptype] == icmp-echo and less 200';

function overlay(name: string): Overlay {
  return {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name },
    spec: {
      topology: { kind: 'line', routers: 2 },
      placement: { nodes: ['n1', 'n2'] },
      routing: { protocol: 'none' },
    },
  };
}

/** A neighbour in the nodes' network knows everything of a tunnel but is not its far end. */
describe('packets forged by a neighbouring node', () => {
  let bench: NodeBench;

  beforeAll(async () => {
    bench = await openNodeBench('vtiso', 3);
    bench.deploy([overlay('vtiso'), overlay('vtother')]);
    await bench.ready();
  });
  afterAll(() => bench.close());

  it('reach no router, and each is counted', async () => {
    const arrived = await forge();
    expect(arrived).toBe(0);
    const drops = await tunnelDropsOf(bench, 'n1');
    expect(drops.get('vtiso')).toBeGreaterThanOrEqual(FORGED);
    expect(drops.get('vtother')).toBe(0);
  });

  it('would reach it, were it not for the guard, which an agent puts back', async () => {
    ip('netns', 'exec', 'vtiso-n1', 'nft', 'delete', 'table', 'inet', 'vinet_tunnels');
    expect(await forge()).toBe(FORGED);
    // Its removal makes no notification; any change of the node's tunnels makes the agent look.
    bench.deploy([overlay('vtiso')]);
    await bench.ready();
    await until(
      () => inside('vtiso-n1', 'nft', 'list', 'table', 'inet', 'vinet_tunnels') !== null,
      () => 'the guard is back',
    );
    expect(await forge()).toBe(0);
  });
});

/** Who is in the link layer of the far node has a tunnel to n1, and uses addresses of a link that is not this tunnel's. */
describe("packets forged in the link layer at a tunnel's own far end", () => {
  const [here, there] = ['vtlayers_link_n1', 'vtlayers_link_n2'];
  let bench: NodeBench;
  let kernel: Kernel;

  beforeAll(async () => {
    kernel = await openKernel({ underlay: null });
    bench = await openNodeBench('vtlay', 3);
    bench.deploy([LAYERED]);
    await bench.ready();
  });
  afterAll(() => bench.close());

  /** Resolves with how many came out of r1's tunnel to r3, once as many as were forged have done so or are counted. */
  const forge = async (packet: Buffer, reason: string): Promise<{ arrived: number; dropped: number }> => {
    const dropped = async () => (await filterDropsOf(kernel, here)).get(reason) ?? 0;
    const before = await dropped();
    const capture = await startCapture('vtlayers_r1', 'r3', { filter: FORGED_ONLY });
    try {
      await sendThrough(kernel, there, 'n1', ethernetFrame(macOf(here, 'n2'), packet));
      await until(
        async () => capture.frames().length + (await dropped()) - before >= FORGED,
        () => `${FORGED} packets are there or counted as ${reason}`,
      );
    } finally {
      await capture.stop();
    }
    return { arrived: capture.frames().length, dropped: (await dropped()) - before };
  };

  it('are dropped and counted by what is wrong with them, and would else reach a router', async () => {
    const [toR2, toR3] = [
      await vxlanOf(kernel, 'vtlayers_r1', 'r2'),
      await vxlanOf(kernel, 'vtlayers_r1', 'r3'),
    ];
    const inner = ethernetFrame(macOf('vtlayers_r1', 'r3'), echoRequest(toR3.far, toR3.own));
    const segment = udpPacket(toR3.port, vxlanPacket(toR3.vni, inner));
    const asR3 = ipv4Packet(PROTOCOLS.udp, toR3.remote, toR3.local, segment);
    const allDropped = { arrived: 0, dropped: FORGED };
    ip('netns', 'exec', here, 'nft', 'delete', 'table', 'inet', 'vinet');
    expect(await forge(asR3, 'wrong-tunnel')).toEqual({ arrived: FORGED, dropped: 0 });
    // Its removal makes no notification, a device that goes down does.
    ip('-n', here, 'link', 'set', 'n3', 'down');
    await until(
      () => inside(here, 'nft', 'list', 'table', 'inet', 'vinet') !== null,
      () => 'the filter is back',
    );
    expect(await forge(asR3, 'wrong-tunnel')).toEqual(allDropped);
    expect(await forge(echoRequest(toR2.remote, toR3.local), 'wrong-address')).toEqual(allDropped);
    expect(await forge(echoRequest('172.31.255.254', toR3.local), 'unknown-source')).toEqual(allDropped);
  });
});

const LAYERED: Overlay = {
  apiVersion: 'vinet/v1',
  kind: 'Overlay',
  metadata: { name: 'vtlayers' },
  spec: {
    topology: { kind: 'ring', routers: 3 },
    placement: { nodes: ['n1', 'n2', 'n3'] },
    links: { layers: 2 },
    routing: { protocol: 'none' },
  },
};

async function filterDropsOf(kernel: Kernel, name: string): Promise<ReadonlyMap<string, number>> {
  const namespace = kernel.openNamespace(name);
  try {
    return (await namespace?.readFilterDrops()) ?? new Map();
  } finally {
    namespace?.close();
  }
}

async function linkOf(kernel: Kernel, name: string, device: string): Promise<ObservedLink> {
  const namespace = kernel.openNamespace(name);
  try {
    const link = (await namespace?.readLinks())?.find((one) => one.name === device);
    if (link === undefined) throw new Error(`no ${device} in ${name}`);
    return link;
  } finally {
    namespace?.close();
  }
}

/** Of a tunnel to one other end: its number, what its packets bear outside, and the addresses of the link itself. */
async function vxlanOf(kernel: Kernel, name: string, device: string) {
  const { tunnel, addresses } = await linkOf(kernel, name, device);
  const [remote] = tunnel?.kind === 'vxlan' ? tunnel.remotes : [];
  const [address = ''] = addresses.filter((text) => !text.includes(':'));
  const [far] = linkFarEnds([address]);
  if (tunnel?.kind !== 'vxlan' || remote === undefined || far === undefined)
    throw new Error(`${device} of ${name} is no VXLAN tunnel`);
  const { vni, port, local } = tunnel;
  return { vni, port, local, remote, own: address.replace(/[/ ].*/, ''), far };
}

async function sendThrough(kernel: Kernel, name: string, device: string, frame: Buffer): Promise<void> {
  const { index } = await linkOf(kernel, name, device);
  const namespace = kernel.openNamespace(name);
  try {
    if (namespace !== null) sendFrames(namespace, index, Array(FORGED).fill(frame));
  } finally {
    namespace?.close();
  }
}

function macOf(namespace: string, device: string): string {
  const text = ip('-n', namespace, '-json', 'link', 'show', 'dev', device);
  return (JSON.parse(text) as [{ address: string }])[0].address;
}

/** Sends echo requests to r1 as if r2 had, from a third node; how many arrived. */
async function forge(): Promise<number> {
  const text = ip('-n', 'vtiso_r1', '-json', '-details', 'link', 'show', 'dev', 'r2');
  const [device] = JSON.parse(text) as [
    { address: string; linkinfo: { info_data: { id: number; port: number } } },
  ];
  const { id, port } = device.linkinfo.info_data;
  const [own, far] = ['r1', 'r2'].map((router) => linkAddress(`vtiso_${router}`));
  const attacker = 'vtiso-n3';
  ip(
    ...['-n', attacker, 'link', 'add', 'forged', 'type', 'vxlan', 'id', String(id), 'dstport', String(port)],
    ...['remote', '198.18.7.1', 'local', '198.18.7.3'],
  );
  try {
    ip('-n', attacker, 'addr', 'add', `${far}/32`, 'dev', 'forged');
    ip('-n', attacker, 'link', 'set', 'forged', 'up');
    ip('-n', attacker, 'route', 'add', `${own}/32`, 'dev', 'forged');
    ip('-n', attacker, 'neigh', 'add', `${own}`, 'lladdr', device.address, 'dev', 'forged');
    const capture = await startCapture('vtiso_r1', 'r2', { filter: FORGED_ONLY });
    inside(attacker, 'ping', '-n', '-c', String(FORGED), '-i', '0.1', '-W', '1', `${own}`);
    return (await capture.stop()).length;
  } finally {
    ip('-n', attacker, 'link', 'del', 'forged');
  }
}

function linkAddress(router: string): string {
  const far = router.endsWith('r1') ? 'r2' : 'r1';
  const text = ip('-n', router, '-json', '-4', 'address', 'show', 'dev', far);
  return (JSON.parse(text) as [{ addr_info: [{ local: string }] }])[0].addr_info[0].local;
}
