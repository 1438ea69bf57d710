import { execFileSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Namespace } from '../../src/agent/kernel/kernel.ts';
import { traceRoute } from '../../src/agent/trace.ts';
import type { Overlay } from '../../src/model/overlay.ts';
import { until } from '../machine.ts';
import { ip, type NodeBench, openNodeBench } from './node-bench.ts';

const HOME = 'vt-vrf_vrf_n1';

/** r1 and r2 stand on one node, and r3 and r4 on the other: two links are within a node, two between them. */
function ring(routers: number): Overlay {
  return {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name: 'vt-vrf' },
    spec: {
      topology: { kind: 'ring', routers },
      placement: { nodes: ['n1', 'n2'] },
      addressing: { network: ['10.20.0.0/16', 'fd00:20::/48'] },
      routing: { instance: 'shared', isolation: 'vrf', bfd: { interval: '1s', multiplier: 5 } },
      routers: { r1: { node: 'n1' }, r2: { node: 'n1' }, r3: { node: 'n2' }, r4: { node: 'n2' } },
      hosts: [
        { name: 'h1', attach: 'r1' },
        { name: 'h3', attach: 'r3' },
      ],
    },
  };
}

describe('routers that are VRFs', () => {
  let bench: NodeBench;

  beforeAll(async () => {
    bench = await openNodeBench('vt-vr', 2);
    bench.deploy([ring(4)]);
    await bench.ready();
  }, 480_000);
  afterAll(() => bench.close());

  test('share a namespace and its daemons, and have every neighbour and its BFD', async () => {
    await until(
      () => neighborsOf(bench).every(([have, want]) => have === want),
      () => JSON.stringify(neighborsOf(bench)),
    );
    expect(neighborsOf(bench)).toHaveLength(4);
    expect(ip('-n', HOME, '-br', 'link', 'show', 'type', 'vrf').match(/^\S+/gm)).toEqual(['r1', 'r2']);
    const bfd = () => vtysh('show bfd vrf r1 peers');
    await until(() => bfd().match(/Status: up/g)?.length === 4, bfd);
    expect(bfd()).toContain('Detect-multiplier: 5');
  });

  test('are where commands run, and packets pass hop by hop', async () => {
    expect(await run(member(bench, 'r1'), 'ip', ['vrf', 'identify'])).toBe('r1\n');
    expect(await run(member(bench, 'r2'), 'ping', ['-n', '-c', '1', '-w', '60', 'fd00:20::4'])).toContain(
      ' 0% ',
    );
    const hops = await traceRoute(member(bench, 'h1'), '10.20.0.3');
    expect(hops).toHaveLength(3);
    expect([...addressesOf('r1'), ...addressesOf('r1.h1')]).toContain(hops[0]?.address);
    expect((await traceRoute(member(bench, 'r1'), '10.20.0.2')).map(({ address }) => address)).toEqual([
      '10.20.0.2',
    ]);
  });

  test('lead nowhere but where their own table does', async () => {
    const lo = ['dev', 'lo', 'table', 'main'];
    ip('-n', HOME, 'route', 'add', '198.51.100.0/24', ...lo);
    try {
      expect(() => ip('-n', HOME, 'route', 'get', '198.51.100.1', 'vrf', 'r1')).toThrow(/unreachable/);
      expect(() => ip('-n', HOME, 'route', 'get', '2001:db8::1', 'vrf', 'r1')).toThrow(/unreachable/);
    } finally {
      ip('-n', HOME, 'route', 'del', '198.51.100.0/24', ...lo);
    }
  });

  test('come back when somebody takes an interface out, or the whole VRF away', async () => {
    ip('-n', HOME, 'link', 'set', 'r1.r2', 'nomaster');
    await until(
      () => ip('-n', HOME, 'link', 'show', 'r1.r2').includes('master r1'),
      () => ip('-n', HOME, 'link', 'show', 'r1.r2'),
    );
    const before = pids(bench);
    ip('-n', HOME, 'link', 'del', 'r1');
    await until(
      () => ip('-n', HOME, 'link').includes(' r1.h1@') && routesOf('r1').includes('10.20.0.3 '),
      () => `${ip('-n', HOME, '-br', 'link')}${routesOf('r1')}`,
    );
    await bench.ready();
    await until(
      () => neighborsOf(bench).every(([have, want]) => have === want),
      () => JSON.stringify(neighborsOf(bench)),
    );
    expect(pids(bench)).toEqual(before);
  });

  test('come and go while the others stay, also under another agent', async () => {
    const before = pids(bench);
    await bench.nodes[0]?.restart();
    bench.deploy([ring(5)]);
    await bench.ready();
    expect(routesOf('r5')).toContain('10.20.0.3 ');
    bench.deploy([ring(4)]);
    await bench.ready();
    await until(
      () => !ip('-n', HOME, 'link').includes(' r5'),
      () => ip('-n', HOME, '-br', 'link'),
    );
    expect(vtysh('show running-config').match(/^(router|vrf).*r5/gm)).toBeNull();
    expect(pids(bench)).toEqual(before);
  });
});

/** Of the first node's VRFs. */
function routesOf(vrf: string): string {
  try {
    return ip('-n', HOME, 'route', 'show', 'vrf', vrf);
  } catch {
    // It is not there.
    return '';
  }
}

function addressesOf(device: string): string[] {
  return [...ip('-n', HOME, 'addr', 'show', device).matchAll(/inet6? ([^/ ]+)/g)].map(
    ([, address = '']) => address,
  );
}

function vtysh(command: string): string {
  return execFileSync('vtysh', ['-N', HOME, '-c', command], { encoding: 'utf8' });
}

function member(bench: NodeBench, name: string): Namespace {
  const found = bench.nodes.map(({ agent }) => agent.findMember('vt-vrf', name)).find((one) => one !== null);
  if (found == null) throw new Error(`no ${name}`);
  return found;
}

async function run(inside: Namespace, command: string, argv: readonly string[]): Promise<string> {
  const child = inside.spawn(command, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  return child.stdout === null ? '' : text(child.stdout);
}

/** Processes of daemons on the first node. */
function pids(bench: NodeBench): string[] {
  const environments = bench.nodes[0]?.reports.status?.overlays[0]?.environments ?? [];
  const daemons = environments.find(({ name }) => name === 'r2')?.daemons ?? [];
  return daemons.map(({ daemon, pid }) => `${daemon} ${pid}`);
}

function neighborsOf({ nodes }: NodeBench): [number, number][] {
  return nodes
    .flatMap(({ reports }) => reports.status?.overlays[0]?.environments ?? [])
    .flatMap(({ role, neighbors }) =>
      role === 'router' ? [[neighbors.have, neighbors.want] as [number, number]] : [],
    );
}
