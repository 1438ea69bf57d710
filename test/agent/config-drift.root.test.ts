import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Overlay } from '../../src/model/overlay.ts';
import { daemonPids, startPing, until } from '../machine.ts';
import { type NodeBench, openNodeBench } from './node-bench.ts';

describe.each([
  { instance: 'dedicated', name: 'vtdd', pathspace: 'vtdd_r2', vrf: '' },
  { instance: 'shared', name: 'vtds', pathspace: 'vtds_frr_n1', vrf: ' vrf r2' },
] as const)('what is typed into $instance daemons', ({ instance, name, pathspace, vrf }) => {
  let bench: NodeBench;

  beforeAll(async () => {
    bench = await openNodeBench(name, 1);
    bench.deploy([ring(name, instance, 'mend')]);
    await bench.ready();
    // Routes are complete before the last neighbours are, and change once more then.
    await until(
      () => neighborsOf().every(({ have, want }) => have === want),
      () => JSON.stringify(neighborsOf()),
    );
  });
  afterAll(() => bench.close());

  it('is taken back by lines, with no packet lost and no daemon ended', async () => {
    const pids = daemonPids(`${name}_`);
    const traffic = startPing(`${name}_r1`, '10.0.0.2');
    type(
      pathspace,
      `interface r3${vrf}`,
      'ip ospf cost 77',
      'exit',
      `router ospf${vrf}`,
      'passive-interface x9',
    );
    type(pathspace, `interface r3${vrf}`, 'no ip ospf hello-interval');
    await until(
      () =>
        !/cost 77|x9/.test(show(pathspace)) && count(show(pathspace), 'hello-interval') === helloLines(name),
      () => show(pathspace),
    );
    await until(
      () => kinds().includes('drift-repaired'),
      () => kinds().join(),
    );
    await bench.ready();
    expect(daemonPids(`${name}_`)).toEqual(pids);
    expect((await traffic.stop()).lost).toBe(0);
  });

  it('stays and is told where the overlay says so, also beside a declared change', async () => {
    bench.deploy([ring(name, instance, 'report')]);
    await bench.ready();
    type(pathspace, `interface r3${vrf}`, 'ip ospf cost 77');
    await until(
      () => kinds().includes('config-drift'),
      () => kinds().join(),
    );
    await until(
      () => driftOf('r2') === 1,
      () => JSON.stringify(bench.nodes[0]?.reports.status),
    );
    expect(
      await metric(`vinet_frr_config_drift_lines{overlay="${name}",router="r2",node="n1",daemon="ospfd"}`),
    ).toBe('1');
    const { spec, ...rest } = ring(name, instance, 'report');
    bench.deploy([{ ...rest, spec: { ...spec, routing: { ...spec.routing, maximumPaths: 3 } } }]);
    await bench.ready();
    expect(show(pathspace)).toMatch(/cost 77/);
    expect(show(pathspace)).toMatch(/maximum-paths 3/);
    expect(driftOf('r2')).toBe(1);

    bench.deploy([ring(name, instance, 'mend')]);
    await until(
      () => kinds().includes('config-agrees') && !/cost 77/.test(show(pathspace)) && driftOf('r2') === 0,
      () => show(pathspace),
    );
  });

  function kinds(): string[] {
    return bench.nodes[0]?.reports.events.map(({ kind }) => kind) ?? [];
  }

  function neighborsOf(): { have: number; want: number }[] {
    const environments = bench.nodes[0]?.reports.status?.overlays[0]?.environments ?? [];
    return environments.flatMap(({ role, neighbors }) => (role === 'router' ? [neighbors] : []));
  }

  function driftOf(router: string): number | undefined {
    const environments = bench.nodes[0]?.reports.status?.overlays[0]?.environments;
    const daemons = environments?.find((environment) => environment.name === router)?.daemons;
    return daemons?.find(({ daemon }) => daemon === 'ospfd')?.drift;
  }

  async function metric(labelled: string): Promise<string | undefined> {
    const text = (await bench.nodes[0]?.agent.metrics.collect()) ?? '';
    return text
      .split('\n')
      .find((line) => line.startsWith(labelled))
      ?.split(' ')
      .at(-1);
  }
});

/** Each router has two links. */
function helloLines(overlay: string): number {
  return overlay === 'vtds' ? 6 : 2;
}

function count(text: string, word: string): number {
  return text.split(word).length - 1;
}

function ring(name: string, instance: 'dedicated' | 'shared', drift: 'mend' | 'report'): Overlay {
  return {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name },
    spec: {
      topology: { kind: 'ring', routers: 3 },
      placement: { nodes: ['n1'] },
      routing: { instance, drift },
    },
  };
}

function type(pathspace: string, ...lines: string[]): void {
  const commands = ['configure terminal', ...lines].flatMap((line) => ['-c', line]);
  execFileSync('vtysh', ['-N', pathspace, '-d', 'ospfd', ...commands]);
}

function show(pathspace: string): string {
  return execFileSync('vtysh', ['-N', pathspace, '-d', 'ospfd', '-c', 'show running-config'], {
    encoding: 'utf8',
  });
}
