import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApplyBody, EventBody, NodeView, OverlaySummary, RouterView } from '../../src/model/api.ts';
import { daemonPids, inside, ospfRoutes, ping, startPing, tracesOf, until } from '../machine.ts';
import { ringFile, succeed, TestLab } from './test-lab.ts';

const lab = new TestLab('vtmain', 3);
const loopback = (router: number) => `10.20.0.${router}`;

beforeAll(() => lab.up());
afterAll(() => lab.down());

describe('a ring of ten routers on three nodes', () => {
  it('comes up with one command, every router with every route', async () => {
    const file = lab.write('ring.yaml', ringFile('mring', 10));
    succeed(await lab.vinet('apply', '-f', file, '--wait'));
    for (let router = 1; router <= 10; router++) expect(ping('mring_r1', loopback(router))).toBe(true);
    for (let router = 1; router <= 10; router++) {
      const routes = ospfRoutes(`mring_r${router}`);
      for (let other = 1; other <= 10; other++)
        if (other !== router)
          expect(routes.some((line) => line.startsWith(`${loopback(other)} `))).toBe(true);
    }
    const routers = async () =>
      (await lab.json<{ routers: RouterView[] }>('get', 'routers', 'mring')).routers;
    expect((await routers()).map(({ phase, routes }) => `${phase} ${routes.have}/${routes.want}`)).toEqual(
      Array(10).fill('ready 10/10'),
    );
    // A ring has every route already when one of its links is still coming up.
    await until(
      async () => (await routers()).every(({ neighbors }) => neighbors.have === 2 && neighbors.want === 2),
      () => 'two neighbours for every router',
    );
    for (const { daemons } of await routers())
      expect(daemons.map(({ daemon }) => daemon)).toEqual(['zebra', 'ospfd']);
  });

  it('is reached by the tools that FRR users have', () => {
    const neighbors = inside('mring_r1', 'vtysh', '-N', 'mring_r1', '-c', 'show ip ospf neighbor') ?? '';
    expect(neighbors.match(/Full/g)).toHaveLength(2);
  });

  it('is traced hop by virtual hop', async () => {
    const { hops, reached } = await lab.json<{ hops: { router: string }[]; reached: boolean }>(
      'trace',
      'mring',
      'r1',
      'r6',
    );
    expect(reached).toBe(true);
    const way = hops.map(({ router }) => router).join(' ');
    expect(['r2 r3 r4 r5 r6', 'r10 r9 r8 r7 r6']).toContain(way);
  });

  it('runs commands in its routers and hands on their output and status', async () => {
    expect(
      succeed(await lab.vinet('exec', 'mring/r1', '--', 'ip', '-brief', 'address', 'show', 'lo')),
    ).toContain(loopback(1));
    expect((await lab.vinet('exec', 'mring/r1', '--', 'sh', '-c', 'exit 7')).status).toBe(7);
    expect(succeed(await lab.vinet('vtysh', 'mring/r2', '-c', 'show ip route'))).toContain('O>*');
  });

  it('is unchanged by the same file again', async () => {
    const file = lab.write('ring.yaml', ringFile('mring', 10));
    const { results } = await lab.json<ApplyBody>('apply', '-f', file);
    expect(results.map(({ outcome }) => outcome)).toEqual(['unchanged']);
    expect(succeed(await lab.vinet('plan', '-f', file))).not.toContain('+');
  });

  it('grows by what the plan says, and nobody else notices', async () => {
    const file = lab.write('ring.yaml', ringFile('mring', 12));
    const planned = await lab.json<ApplyBody>('plan', '-f', file);
    const touched = new Set(
      planned.results.flatMap(({ nodes }) =>
        nodes.flatMap(({ changes }) =>
          // Everybody learns the newcomers' names.
          changes.filter(({ object }) => object !== 'hosts file').map(({ namespace }) => namespace),
        ),
      ),
    );
    expect([...touched].sort()).toEqual(['mring_r1', 'mring_r10', 'mring_r11', 'mring_r12']);
    const pids = daemonPids('mring_');
    const traffic = startPing('mring_r3', loopback(5));
    const applied = await lab.json<ApplyBody>('apply', '-f', file);
    expect(applied.results[0]?.nodes).toEqual(planned.results[0]?.nodes);
    succeed(await lab.vinet('apply', '-f', file, '--wait'));
    const { sent, lost } = await traffic.stop();
    expect({ lost, some: sent > 10 }).toEqual({ lost: 0, some: true });
    const after = daemonPids('mring_');
    for (const [daemon, pid] of pids) expect(after.get(daemon)).toBe(pid);
    expect(ping('mring_r12', loopback(6))).toBe(true);
  });

  it('takes another cost on a link into the running daemons', async () => {
    const pids = daemonPids('mring_');
    const file = lab.write('ring.yaml', ringFile('mring', 12, ', links: [{ between: [r1, r2], cost: 500 }]'));
    const plan = succeed(await lab.vinet('plan', '-f', file));
    expect(plan).toContain('ip ospf cost 500');
    succeed(await lab.vinet('apply', '-f', file, '--wait'));
    await until(
      () =>
        ospfRoutes('mring_r1').some((line) => line.startsWith(`${loopback(2)} `) && line.includes('dev r12')),
      () => ospfRoutes('mring_r1').join('\n'),
    );
    expect(daemonPids('mring_')).toEqual(pids);
  });

  it('shows itself at the Prometheus endpoints of agents and controller', async () => {
    const { nodes } = await lab.json<{ nodes: NodeView[] }>('get', 'nodes');
    const texts = await Promise.all(
      nodes.map(async ({ metrics }) => (await fetch(`http://${metrics}/metrics`)).text()),
    );
    const all = texts.join('');
    expect(all).toMatch(
      /vinet_routes\{overlay="mring",router="r1",node="n1",family="ipv4",protocol="ospf"\} [1-9]/,
    );
    expect(all).toMatch(
      /vinet_neighbors\{overlay="mring",router="r1",node="n1",protocol="ospf",state="Full"\} 2/,
    );
    expect(all).toMatch(
      /vinet_link_receive_bytes_total\{overlay="mring",router="r1",node="n1",link="[^"]+",interface="r2"\} [1-9]/,
    );
    expect(all).toMatch(/vinet_frr_daemon_up\{overlay="mring",router="r1",node="n1",daemon="ospfd"\} 1/);
  });

  it('tells its story in events', async () => {
    const { events } = await lab.json<{ events: EventBody[] }>('get', 'events', 'mring');
    const kinds = events.map(({ kind }) => kind);
    expect(kinds).toContain('overlay-applied');
    expect(kinds).toContain('overlay-ready');
  });

  it('goes without a trace', async () => {
    succeed(await lab.vinet('delete', 'overlay', 'mring', '--wait'));
    expect(tracesOf('mring')).toEqual([]);
    const { overlays } = await lab.json<{ overlays: OverlaySummary[] }>('get', 'overlays');
    expect(overlays).toEqual([]);
  });
});

describe('every example', () => {
  it.each(['line', 'star', 'bus', 'grid', 'custom', 'two-overlays'])('%s comes up and goes', async (name) => {
    const file = new URL(`../../examples/${name}.yaml`, import.meta.url).pathname;
    succeed(await lab.vinet('apply', '-f', file, '--wait'));
    const { overlays } = await lab.json<{ overlays: OverlaySummary[] }>('get', 'overlays');
    for (const { name: overlay, routers } of overlays) {
      expect(routers.ready).toBe(routers.total);
      succeed(await lab.vinet('delete', 'overlay', overlay, '--wait'));
      expect(tracesOf(overlay)).toEqual([]);
    }
  });
});

describe('two overlays with the same addresses on the same nodes', () => {
  it('never meet: packets, routes and neighbours stay within each', async () => {
    succeed(await lab.vinet('apply', '-f', lab.write('a.yaml', ringFile('mone', 4)), '--wait'));
    succeed(await lab.vinet('apply', '-f', lab.write('b.yaml', ringFile('mtwo', 6)), '--wait'));
    expect(ping('mone_r1', loopback(4))).toBe(true);
    expect(ping('mtwo_r1', loopback(6))).toBe(true);
    expect(ping('mone_r1', loopback(6))).toBe(false);
    const before = receivedBytes('mtwo_r2');
    for (let at = 0; at < 20; at++)
      inside('mone_r1', 'ping', '-n', '-c', '1', '-s', '1300', '-W', '1', loopback(2));
    // Hellos go on; 20 packets of 1,300 bytes would show.
    expect(receivedBytes('mtwo_r2') - before).toBeLessThan(20_000);
    for (const overlay of ['mone', 'mtwo']) {
      succeed(await lab.vinet('delete', 'overlay', overlay, '--wait'));
      expect(tracesOf(overlay)).toEqual([]);
    }
  });
});

function receivedBytes(namespace: string): number {
  const links = JSON.parse(inside(namespace, 'ip', '-s', '-j', 'link', 'show') ?? '[]') as {
    ifname: string;
    stats64: { rx: { bytes: number } };
  }[];
  return links
    .filter(({ ifname }) => ifname !== 'lo')
    .reduce((sum, { stats64 }) => sum + stats64.rx.bytes, 0);
}
