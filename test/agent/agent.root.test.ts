import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Overlay } from '../../src/model/overlay.ts';
import { daemonPids, ping, startPing, until } from '../machine.ts';
import { ip, type NodeBench, openNodeBench } from './node-bench.ts';

describe('an overlay over two nodes', () => {
  let bench: NodeBench;

  beforeAll(async () => {
    bench = await openNodeBench('vta', 2);
    bench.deploy([ring('vta', 4)]);
    await bench.ready();
  });
  afterAll(() => bench.close());

  it('carries packets between all routers over OSPF routes', () => {
    for (const address of loopbacks(4)) expect(ping('vta_r1', address)).toBe(true);
    expect(ip('-n', 'vta_r1', 'route', 'show', 'proto', 'ospf')).toContain('10.0.0.3');
    expect(vtysh('vta_r1', 'show ip ospf neighbor').match(/Full/g)).toHaveLength(2);
  });

  it('names interfaces after the router at the far end and marks them', () => {
    const links = ip('-n', 'vta_r1', 'link', 'show');
    expect(links).toMatch(/ r2@?/);
    expect(links).toMatch(/ r4@?/);
    expect(links).toContain('alias vinet r1-r2');
  });

  it('keeps daemons and adopts them when the agent is begun anew', async () => {
    const before = daemonPids('vta_');
    for (const node of bench.nodes) await node.restart();
    await bench.ready();
    expect(daemonPids('vta_')).toEqual(before);
  });

  it('starts a killed daemon again and says so', async () => {
    const pid = pidOf('vta_r2', 'ospfd');
    process.kill(pid, 'SIGKILL');
    await until(
      () => pidOf('vta_r2', 'ospfd') !== pid && existsSync(`/proc/${pidOf('vta_r2', 'ospfd')}`),
      () => 'ospfd is back',
    );
    await until(
      () => bench.nodes.some(({ reports }) => reports.events.some(({ kind }) => kind === 'daemon-died')),
      () => 'an event',
    );
    await until(
      () => /Full/.test(vtysh('vta_r2', 'show ip ospf neighbor')),
      () => 'neighbours of r2',
    );
    await bench.ready();
  });

  it('starts the other daemons of a killed zebra anew too, for they would never tell it their routes', async () => {
    // The ring is opened at r1 later on: a daemon that lost its zebra would not carry OSPF over the new link.
    const [zebra, ospfd] = [pidOf('vta_r1', 'zebra'), pidOf('vta_r1', 'ospfd')];
    process.kill(zebra, 'SIGKILL');
    await until(
      () => ![0, zebra].includes(pidOf('vta_r1', 'zebra')) && ![0, ospfd].includes(pidOf('vta_r1', 'ospfd')),
      () => 'both run anew',
    );
    await until(
      () =>
        vtyshOrNothing('vta_r1', 'show zebra client summary').match(/^ospf(\s+\S+){3}\s+[1-9]\d*\//m) !==
        null,
      () => vtyshOrNothing('vta_r1', 'show zebra client summary'),
    );
    await until(
      () => (vtyshOrNothing('vta_r1', 'show ip ospf neighbor').match(/Full/g) ?? []).length === 2,
      () => 'two neighbours',
    );
  });

  it('makes a tunnel, an address and forwarding anew that were changed by hand', async () => {
    ip('-n', 'vta_r1', 'link', 'del', 'r2');
    await until(
      () => hasLink('vta_r1', 'r2'),
      () => 'tunnel r2 is back',
    );
    ip('-n', 'vta_r3', 'addr', 'flush', 'dev', 'r4');
    await until(
      () => /inet 10\.128\.0\./.test(ip('-n', 'vta_r3', 'addr', 'show', 'r4')),
      () => 'address of r4 is back',
    );
    execFileSync('ip', ['netns', 'exec', 'vta_r1', 'sysctl', '-qw', 'net.ipv4.ip_forward=0']);
    await until(
      () =>
        execFileSync('ip', ['netns', 'exec', 'vta_r1', 'cat', '/proc/sys/net/ipv4/ip_forward'], {
          encoding: 'utf8',
        }).trim() === '1',
      () => 'forwarding is back',
    );
    await until(
      () => loopbacks(4).every((address) => ping('vta_r1', address) && ping('vta_r3', address)),
      () => 'every router is reached again',
    );
  });

  it('gives a namespace its name back without disturbing what runs in it', async () => {
    const before = daemonPids('vta_r3');
    ip('netns', 'del', 'vta_r3');
    await until(
      () => ip('netns', 'list').includes('vta_r3'),
      () => 'the name is back',
    );
    await bench.ready();
    expect(daemonPids('vta_r3')).toEqual(before);
    expect(ping('vta_r3', '10.0.0.1')).toBe(true);
  });

  it('grows without losing a packet between routers that are not concerned', async () => {
    const before = daemonPids('vta_r');
    const traffic = startPing('vta_r2', '10.0.0.3');
    bench.deploy([ring('vta', 6)]);
    await bench.ready();
    expect((await traffic.stop()).lost).toBe(0);
    const after = daemonPids('vta_r');
    for (const [daemon, pid] of before) expect(after.get(daemon)).toBe(pid);
    expect(ping('vta_r6', '10.0.0.3')).toBe(true);
  });

  it('leaves devices alone that an operator put into a router', async () => {
    ip('-n', 'vta_r1', 'link', 'add', 'mine', 'type', 'ifb');
    bench.deploy([ring('vta', 5)]);
    await bench.ready();
    expect(hasLink('vta_r1', 'mine')).toBe(true);
    expect(ip('netns', 'list')).not.toContain('vta_r6');
  });
});

describe('two overlays with the same addresses', () => {
  let bench: NodeBench;

  beforeAll(async () => {
    bench = await openNodeBench('vtb', 2);
    bench.deploy([ring('vtb', 3), ring('vtc', 4)]);
    await bench.ready();
  });
  afterAll(() => bench.close());

  it('answer only within themselves', () => {
    expect(ping('vtb_r1', '10.0.0.3')).toBe(true);
    expect(ping('vtc_r1', '10.0.0.4')).toBe(true);
    expect(ping('vtb_r1', '10.0.0.4')).toBe(false);
  });

  it('lose nothing of one when the other goes, which leaves nothing', async () => {
    const traffic = startPing('vtc_r1', '10.0.0.3');
    bench.deploy([ring('vtc', 4)]);
    await bench.ready();
    expect((await traffic.stop()).lost).toBe(0);
    expect(ip('netns', 'list')).not.toContain('vtb_r');
    expect(daemonPids('vtb_').size).toBe(0);
    for (const folder of ['/etc/frr', '/var/run/frr'])
      expect(readdirSync(folder).filter((name) => name.startsWith('vtb_r'))).toEqual([]);
  });
});

describe('a segment over two nodes', () => {
  let bench: NodeBench;

  beforeAll(async () => {
    bench = await openNodeBench('vtd', 2);
    bench.deploy([overlay('vtd', { kind: 'bus', routers: 4 })]);
    await bench.ready();
  });
  afterAll(() => bench.close());

  it('is one broadcast domain for OSPF and packets', () => {
    for (const address of loopbacks(4)) expect(ping('vtd_r1', address)).toBe(true);
    expect(ip('-n', 'vtd_r1', 'addr', 'show', 'lan1')).toContain('inet 10.192.0.');
  });
});

function overlay(name: string, topology: Overlay['spec']['topology']): Overlay {
  return {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name },
    spec: { topology, placement: { nodes: ['n1', 'n2'] } },
  };
}

function ring(name: string, routers: number): Overlay {
  return overlay(name, { kind: 'ring', routers });
}

function loopbacks(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `10.0.0.${at + 1}`);
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

function hasLink(namespace: string, name: string): boolean {
  return new RegExp(`^\\d+: ${name}[@:]`, 'm').test(ip('-n', namespace, '-o', 'link', 'show'));
}

function pidOf(pathspace: string, daemon: string): number {
  try {
    return Number(readFileSync(`/var/run/frr/${pathspace}/${daemon}.pid`, 'utf8'));
  } catch {
    return 0;
  }
}
