import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Overlay } from '../../../../src/model/overlay.ts';
import type { VinetEvent } from '../../../../src/model/status.ts';
import { inside, ospfRoutes, until } from '../../../machine.ts';
import { ip, type NodeBench, openNodeBench } from '../../node-bench.ts';

describe('the decisions of zebra', () => {
  let bench: NodeBench;

  beforeAll(async () => {
    bench = await openNodeBench('vtq', 1);
    bench.deploy([ring('vtq', 4)]);
    await bench.ready();
  });
  afterAll(() => bench.close());

  it('are timed from the first route of a new network to the last', async () => {
    await until(
      () => routeChanges() !== null,
      () => 'route changes in the report',
    );
    const { firstAgoMs = 0, lastAgoMs = 0 } = routeChanges() ?? {};
    expect(firstAgoMs).toBeGreaterThan(lastAgoMs);
  });

  it('reach the agent from every router, and agree with the kernel', async () => {
    await allConnected();
    expect(await sumOf('vinet_route_differences')).toBe(0);
  });

  it('are followed when a link is cut', async () => {
    await allConnected();
    const before = await sumOf('vinet_zebra_route_changes_total');
    const isCounted = async () => (await sumOf('vinet_zebra_route_changes_total')) > before;
    const cut = async () => {
      ip('-n', 'vtq_r1', 'link', 'set', 'r2', 'down');
      await until(isCounted, () => 'changes', 20);
    };
    // What zebra tells right after it connected is taken for what it had decided before.
    await cut().catch(cut);
    await bench.ready();
  });

  it('bring back a route that was deleted by hand, by zebra itself', async () => {
    const [route = ''] = ospfRoutes('vtq_r1');
    const prefix = route.split(' ')[0] ?? '';
    ip('-n', 'vtq_r1', 'route', 'del', prefix);
    await until(
      () => ospfRoutes('vtq_r1').some((line) => line.startsWith(prefix)),
      () => `route to ${prefix}`,
    );
  });

  it('are told apart from a kernel that lost a route while zebra could not see it', async () => {
    await allConnected();
    const zebra = Number(readFileSync('/var/run/frr/vtq_r3/zebra.pid', 'utf8'));
    process.kill(zebra, 'SIGSTOP');
    try {
      ip('-n', 'vtq_r3', 'route', 'del', '10.0.0.1/32');
      const lost = await eventOf('route-missing');
      expect(lost).toMatchObject({
        overlay: 'vtq',
        member: 'r3',
        message: expect.stringContaining('10.0.0.1/32 ospf'),
      });
      expect(await sumOf('vinet_route_differences', 'router="r3",node="n1",kind="missing"')).toBe(1);
    } finally {
      process.kill(zebra, 'SIGCONT');
    }
    await eventOf('routes-agree');
    expect(ospfRoutes('vtq_r3').some((line) => line.startsWith('10.0.0.1'))).toBe(true);
  });

  it("are told apart from a routing protocol's route that no protocol made", async () => {
    ip('-n', 'vtq_r4', 'route', 'add', '10.99.0.0/24', 'dev', 'r1', 'proto', 'ospf', 'metric', '20');
    expect(await eventOf('route-stray')).toMatchObject({
      member: 'r4',
      message: expect.stringContaining('10.99.0.0/24 ospf'),
    });
    ip('-n', 'vtq_r4', 'route', 'del', '10.99.0.0/24');
  });

  it('come again after the agent was away, and are no changes', async () => {
    await bench.nodes[0]?.restart();
    await bench.ready();
    await allConnected();
    expect(await sumOf('vinet_zebra_route_changes_total')).toBe(0);
    expect(await sumOf('vinet_route_differences')).toBe(0);
  });

  it('cannot be forged from outside of the router; from within, the stream is closed and zebra comes back', async () => {
    await expect(
      new Promise((resolve, reject) => connect(2620, '127.0.0.1', () => resolve(null)).on('error', reject)),
    ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    inside('vtq_r2', 'bash', '-c', 'echo "GET / HTTP/1.1" > /dev/tcp/127.0.0.1/2620');
    await until(
      async () => (await sumOf('vinet_zebra_streams_broken_total', 'router="r2"')) === 1,
      () => 'a broken stream is counted',
    );
    await allConnected();
  });

  function routeChanges() {
    return bench.nodes[0]?.reports.status?.overlays[0]?.routeChanges ?? null;
  }

  function allConnected(): Promise<void> {
    return until(
      async () => (await sumOf('vinet_zebra_stream_up')) === 4,
      () => 'every zebra is connected',
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

  /** Sum of the metric's series that have these labels. */
  async function sumOf(metric: string, labels = ''): Promise<number> {
    const text = (await bench.nodes[0]?.agent.metrics.collect()) ?? '';
    const series = text.split('\n').filter((line) => line.startsWith(`${metric}{`) && line.includes(labels));
    return series.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }
});

function ring(name: string, routers: number): Overlay {
  return {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name },
    spec: { topology: { kind: 'ring', routers }, placement: { nodes: ['n1'] } },
  };
}
