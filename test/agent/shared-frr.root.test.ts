import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Overlay } from '../../src/model/overlay.ts';
import type { VinetEvent } from '../../src/model/status.ts';
import { daemonPids, ospfRoutes, ping, startPing, tracesOf, until } from '../machine.ts';
import { ip, type NodeBench, openNodeBench } from './node-bench.ts';

describe('two overlays whose routers share daemons, over two nodes', () => {
  let bench: NodeBench;

  beforeAll(async () => {
    bench = await openNodeBench('vtsh', 2);
    bench.deploy([shared('vtsh', 6), shared('vtsi', 4)]);
    await bench.ready();
  });
  afterAll(() => bench.close());

  it('have one zebra and one ospfd a node and overlay, and every route of their own', () => {
    const expected = ['vtsh_frr_n1', 'vtsh_frr_n2', 'vtsi_frr_n1', 'vtsi_frr_n2'].flatMap((set) => [
      `${set} /usr/lib/frr/ospfd`,
      `${set} /usr/lib/frr/zebra`,
    ]);
    expect([...daemonPids('vtsh_').keys(), ...daemonPids('vtsi_').keys()]).toEqual(expected);
    for (const address of loopbacks(6)) expect(ping('vtsh_r1', address)).toBe(true);
    expect(ping('vtsi_r1', '10.0.0.4')).toBe(true);
    expect(ping('vtsi_r1', '10.0.0.5')).toBe(false);
  });

  it("see their own routers only, and leave the node's and their own namespace alone", () => {
    const vrfs = vtysh('vtsh_frr_n1', 'show vrf').match(/^vrf \S+/gm);
    expect(vrfs?.sort()).toEqual(['vrf r1', 'vrf r3', 'vrf r5']);
    for (const namespace of ['vtsh_frr_n1', 'vtsh-n1']) expect(ospfRoutes(namespace)).toEqual([]);
    expect(vtysh('vtsh_frr_n1', 'show running-config')).not.toMatch(/^(router ospf|interface \S+)$/m);
  });

  it('stream what they decide for each router, told apart from the others', async () => {
    await allStreamsUp();
    expect(await sumOf('vinet_route_differences')).toBe(0);
    const zebra = pidOf('vtsh_frr_n1', 'zebra');
    process.kill(zebra, 'SIGSTOP');
    try {
      ip('-n', 'vtsh_r3', 'route', 'del', '10.0.0.1/32');
      expect(await eventOf('route-missing')).toMatchObject({
        overlay: 'vtsh',
        member: 'r3',
        message: expect.stringContaining('10.0.0.1/32 ospf'),
      });
      expect(await sumOf('vinet_route_differences')).toBe(1);
    } finally {
      process.kill(zebra, 'SIGCONT');
    }
    expect(await eventOf('routes-agree')).toMatchObject({ overlay: 'vtsh', member: 'r3' });
  });

  it('are adopted when agents are begun anew', async () => {
    const before = daemonPids('vtsh_');
    for (const node of bench.nodes) await node.restart();
    await bench.ready();
    expect(daemonPids('vtsh_')).toEqual(before);
  });

  it('take a router in and lose one without a packet lost between the others', async () => {
    const before = daemonPids('vtsh_');
    const traffic = startPing('vtsh_r2', '10.0.0.3');
    bench.deploy([shared('vtsh', 7), shared('vtsi', 4)]);
    await bench.ready();
    expect(ping('vtsh_r7', '10.0.0.4')).toBe(true);
    bench.deploy([shared('vtsh', 6), shared('vtsi', 4)]);
    await bench.ready();
    expect((await traffic.stop()).lost).toBe(0);
    expect(daemonPids('vtsh_')).toEqual(before);
    expect(existsSync('/run/netns/vtsh_r7')).toBe(false);
    expect(vtysh('vtsh_frr_n1', 'show running-config')).not.toContain('vrf r7');
  });

  it('lose routers with many routes, and live on', async () => {
    const others = [shared('vtsh', 6), shared('vtsi', 4)];
    bench.deploy([...others, shared('vtsl', 40)]);
    await bench.ready();
    const before = daemonPids('vtsl_');
    for (const routers of [38, 36, 34]) {
      bench.deploy([...others, shared('vtsl', routers)]);
      await bench.ready();
      expect(daemonPids('vtsl_')).toEqual(before);
    }
    bench.deploy(others);
    await bench.ready();
  });

  it('serve a router whose namespace was destroyed and is made anew', async () => {
    const before = daemonPids('vtsh_');
    const [node] = bench.nodes;
    await node?.agent.close();
    ip('netns', 'del', 'vtsh_r3');
    await node?.restart();
    await bench.ready();
    await until(
      () => loopbackRoutes('vtsh_r3') === 5,
      () => ospfRoutes('vtsh_r3').join(),
    );
    expect(ping('vtsh_r3', '10.0.0.4')).toBe(true);
    expect(daemonPids('vtsh_')).toEqual(before);
  });

  it.each(['ospfd', 'zebra'])('come back when %s is killed, and all routes with them', async (daemon) => {
    const [zebra, ospfd] = [pidOf('vtsh_frr_n1', 'zebra'), pidOf('vtsh_frr_n1', 'ospfd')];
    process.kill(daemon === 'zebra' ? zebra : ospfd, 'SIGKILL');
    await until(
      () =>
        ![0, ospfd].includes(pidOf('vtsh_frr_n1', 'ospfd')) &&
        (daemon === 'ospfd' || ![0, zebra].includes(pidOf('vtsh_frr_n1', 'zebra'))),
      () => `${daemon} runs anew`,
    );
    await until(
      () => ['r1', 'r3', 'r5'].every((router) => isWhole(router)),
      () => ['vtsh_r1', 'vtsh_r3', 'vtsh_r5'].map(loopbackRoutes).join(),
    );
    await bench.ready();
    expect(bench.nodes[0]?.reports.events.map(({ kind }) => kind)).toContain('daemon-died');
    await allStreamsUp();
  });

  it('lose nothing of one when the other goes, which leaves nothing', async () => {
    const traffic = startPing('vtsh_r1', '10.0.0.4');
    bench.deploy([shared('vtsh', 6)]);
    await bench.ready();
    expect((await traffic.stop()).lost).toBe(0);
    expect(tracesOf('vtsi')).toEqual([]);
    expect(readdirSync('/run/vinet/vrf').filter((set) => set.startsWith('vtsi_'))).toEqual([]);
  });

  it('become daemons of each router and back', async () => {
    bench.deploy([{ ...shared('vtsh', 6), spec: { ...shared('vtsh', 6).spec, routing: {} } }]);
    await bench.ready();
    expect(daemonPids('vtsh_frr').size).toBe(0);
    expect(daemonPids('vtsh_r').size).toBe(12);
    expect(ping('vtsh_r1', '10.0.0.4')).toBe(true);
    bench.deploy([shared('vtsh', 6)]);
    await bench.ready();
    expect(daemonPids('vtsh_r').size).toBe(0);
    expect(ping('vtsh_r1', '10.0.0.4')).toBe(true);
  });

  /** Of both overlays' routers on the first node. */
  function allStreamsUp(): Promise<void> {
    return until(
      async () => (await sumOf('vinet_zebra_stream_up')) === 5,
      () => 'decisions of every router',
    );
  }

  async function eventOf(kind: VinetEvent['kind']) {
    const find = () => bench.nodes[0]?.reports.events.find((event) => event.kind === kind);
    await until(
      () => find() !== undefined,
      () => `an event ${kind}`,
    );
    return find();
  }

  /** Over all routers of the first node. */
  async function sumOf(metric: string): Promise<number> {
    const text = (await bench.nodes[0]?.agent.metrics.collect()) ?? '';
    const series = text.split('\n').filter((line) => line.startsWith(`${metric}{`));
    return series.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }
});

describe('static routes by shared daemons', () => {
  let bench: NodeBench;

  beforeAll(async () => {
    bench = await openNodeBench('vtss', 1);
    const overlay = shared('vtss', 4);
    bench.deploy([
      { ...overlay, spec: { ...overlay.spec, routing: { instance: 'shared', protocol: 'static' } } },
    ]);
    await bench.ready();
  });
  afterAll(() => bench.close());

  it('stand in each router, and stay when one leaves', async () => {
    for (const address of loopbacks(4)) expect(ping('vtss_r1', address)).toBe(true);
    const overlay = shared('vtss', 3);
    bench.deploy([
      { ...overlay, spec: { ...overlay.spec, routing: { instance: 'shared', protocol: 'static' } } },
    ]);
    await bench.ready();
    for (const address of loopbacks(3)) expect(ping('vtss_r1', address)).toBe(true);
    expect(vtysh('vtss_frr_n1', 'show running-config')).not.toContain('vrf r4');
  });
});

function shared(name: string, routers: number): Overlay {
  return {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name },
    spec: {
      topology: { kind: 'ring', routers },
      placement: { nodes: name === 'vtss' ? ['n1'] : ['n1', 'n2'] },
      routing: { instance: 'shared' },
    },
  };
}

function loopbacks(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `10.0.0.${at + 1}`);
}

/** A router of the first node in the first overlay. */
function isWhole(router: string): boolean {
  const neighbors = vtyshOrNothing('vtsh_frr_n1', `show ip ospf vrf ${router} neighbor`).match(/Full/g) ?? [];
  return neighbors.length === 2 && loopbackRoutes(`vtsh_${router}`) === 5;
}

function loopbackRoutes(namespace: string): number {
  return ospfRoutes(namespace).filter((line) => line.startsWith('10.0.0.')).length;
}

function vtysh(pathspace: string, command: string): string {
  return execFileSync('vtysh', ['-N', pathspace, '-c', command], { encoding: 'utf8' });
}

function vtyshOrNothing(pathspace: string, command: string): string {
  try {
    return vtysh(pathspace, command);
  } catch {
    return '';
  }
}

function pidOf(pathspace: string, daemon: string): number {
  try {
    const pid = Number(readFileSync(`/var/run/frr/${pathspace}/${daemon}.pid`, 'utf8'));
    return existsSync(`/proc/${pid}`) ? pid : 0;
  } catch {
    return 0;
  }
}
