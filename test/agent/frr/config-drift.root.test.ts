import { afterEach, describe, expect, test } from 'vitest';
import type { Frr } from '../../../src/agent/frr/frr.ts';
import { VtyClient } from '../../../src/agent/frr/vty-client.ts';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import type { ConfigDrift } from '../../../src/model/observation.ts';
import { DAEMONS, type DaemonName } from '../../../src/model/routing-state.ts';
import { diffConfig } from '../../../src/planner/config-diff.ts';
import { EXAMPLES } from './example-routing.ts';
import { RouterBench } from './router-bench.ts';
import { runningConfig } from './running-config.ts';

const NAME = 'vt_frr-drift';
const bench = new RouterBench();
afterEach(() => bench.clear());

/** By daemon: what somebody types who knows no better, beside each example that the daemon is in. */
const TYPED: Partial<Record<DaemonName, readonly string[]>> = {
  zebra: ['interface r2', 'description by hand', 'exit', 'ip route-map nobody', 'no fpm address'],
  staticd: ['ip route 10.99.0.0/16 blackhole', 'no ip route 10.66.0.0/16 blackhole 250'],
  ospfd: [
    ...['interface r2', 'ip ospf cost 99', 'ip ospf dead-interval 40', 'no ip ospf network', 'exit'],
    ...['router ospf', 'passive-interface r99', 'no timers throttle spf', 'exit'],
  ],
  ospf6d: ['interface r2', 'no ipv6 ospf6 area', 'exit', 'router ospf6', 'maximum-paths 7', 'exit'],
  isisd: [
    ...['interface r2', 'isis metric 99', 'no ip router isis vinet', 'exit'],
    ...['router isis vinet', 'set-overload-bit', 'exit'],
  ],
  bgpd: ['route-map BYHAND permit 5', 'set metric 5', 'exit', 'bgp community-list standard X permit 1:1'],
  ripd: ['router rip', 'no network r2', 'timers basic 9 90 90', 'exit'],
  bfdd: ['bfd', 'profile byhand', 'transmit-interval 77', 'exit', 'no profile vinet', 'exit'],
};

describe.each(DAEMONS)('%s', (daemon) => {
  const routings = Object.values(EXAMPLES).filter(({ daemons }) => daemons.includes(daemon));

  test('shows what it took, and is led back to it by lines', async () => {
    const frr = await bench.openFrr();
    const { namespace } = bench.makeNamespace(NAME);
    await frr.start(NAME, 'zebra', 'hostname r1\n', namespace);
    for (const routing of routings) {
      const config = frr.render(routing).get(daemon) ?? '';
      await frr.start(NAME, daemon, config, namespace);
      await frr.inspect(NAME, daemon);
      expect(await driftOf(frr, daemon, namespace), config).toBeNull();
      const typed = TYPED[daemon];
      if (typed === undefined) continue;
      const pid = await pidOf(frr, daemon, namespace);
      const before = await runningConfig(NAME, daemon);
      await type(daemon, typed);
      const changed = await runningConfig(NAME, daemon);
      expect(changed).not.toEqual(before);
      expect(await frr.inspect(NAME, daemon)).toBe(true);
      const drift = await driftOf(frr, daemon, namespace);
      await frr.configure(NAME, daemon, drift?.commands ?? [], config);
      expect(await runningConfig(NAME, daemon), drift?.commands.join('\n')).toEqual(before);
      expect(await driftOf(frr, daemon, namespace)).toBeNull();
      expect(await pidOf(frr, daemon, namespace)).toBe(pid);
    }
  });
});

test('what was typed while no agent ran is seen by the next one', async () => {
  const first = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  await first.start(NAME, 'zebra', 'hostname r1\n', namespace);
  await first.start(NAME, 'staticd', 'hostname r1\nip route 10.1.0.0/16 blackhole\n', namespace);
  first.close();
  await type('staticd', ['no ip route 10.1.0.0/16 blackhole']);
  const next = await bench.openFrr();
  await next.inspect(NAME, 'staticd');
  expect(await driftOf(next, 'staticd', namespace)).toEqual({
    commands: ['ip route 10.1.0.0/16 blackhole'],
    mendable: true,
  });
});

test('what cannot be mended by lines is told once it was tried, and the daemon stays as it is', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  const config = 'hostname r1\n';
  await frr.start(NAME, 'zebra', config, namespace);
  const pid = await pidOf(frr, 'zebra', namespace);
  await type('zebra', ['hostname other']);
  await frr.inspect(NAME, 'zebra');
  expect((await driftOf(frr, 'zebra', namespace))?.mendable).toBe(true);
  await frr.configure(NAME, 'zebra', ['no frog'], config);
  expect(await driftOf(frr, 'zebra', namespace)).toMatchObject({ mendable: false });
  expect(await frr.inspect(NAME, 'zebra')).toBe(false);
  expect(await driftOf(frr, 'zebra', namespace)).toMatchObject({ mendable: false });
  expect(await pidOf(frr, 'zebra', namespace)).toBe(pid);
});

test('a declared change leaves what was typed where it is, and it goes on to be told', async () => {
  const frr = await bench.openFrr();
  const { namespace } = bench.makeNamespace(NAME);
  const config = 'hostname r1\nip route 10.1.0.0/16 blackhole\n';
  const more = `${config}ip route 10.2.0.0/16 blackhole\n`;
  const adopted = `${more}ip route 10.9.0.0/16 blackhole\n`;
  await frr.start(NAME, 'zebra', 'hostname r1\n', namespace);
  await frr.start(NAME, 'staticd', config, namespace);
  await type('staticd', ['ip route 10.9.0.0/16 blackhole']);
  await frr.configure(NAME, 'staticd', diffConfig(config, more), more);
  expect((await driftOf(frr, 'staticd', namespace))?.commands).toEqual(['no ip route 10.9.0.0/16 blackhole']);
  expect(await runningConfig(NAME, 'staticd')).toContain('ip route 10.9.0.0/16 blackhole');
  await frr.configure(NAME, 'staticd', diffConfig(more, adopted), adopted);
  expect(await driftOf(frr, 'staticd', namespace)).toBeNull();
});

async function type(daemon: DaemonName, lines: readonly string[]): Promise<void> {
  const client = await VtyClient.connect(`/run/frr/${NAME}/${daemon}.vty`);
  try {
    await client.configure(lines, 'go-on', 10_000);
  } finally {
    client.close();
  }
}

async function pidOf(frr: Frr, daemon: DaemonName, namespace: Namespace): Promise<number> {
  return (await frr.observe(NAME, namespace)).find((other) => other.daemon === daemon)?.pid ?? 0;
}

async function driftOf(frr: Frr, daemon: DaemonName, namespace: Namespace): Promise<ConfigDrift | null> {
  const found = (await frr.observe(NAME, namespace)).find((other) => other.daemon === daemon);
  if (found === undefined) throw new Error(`${daemon} does not run`);
  return found.drift;
}
