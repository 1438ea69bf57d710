import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RouterView } from '../../src/model/api.ts';
import { daemonPids, ping, readFolder, tracesOf, until } from '../machine.ts';
import { ringFile, succeed, TestLab } from './test-lab.ts';

const lab = new TestLab('vtshared', 3);

beforeAll(() => lab.up());
afterAll(() => lab.down());

describe('two rings of ten routers with shared daemons, with the same addresses, on three nodes', () => {
  it('come up with one command, each router with every route of its own ring', async () => {
    const text = ['sone', 'stwo'].map((name) => shared(ringFile(name, 10))).join('---\n');
    succeed(await lab.vinet('apply', '-f', lab.write('two.yaml', text), '--wait'));
    for (const overlay of ['sone', 'stwo']) {
      for (let router = 1; router <= 10; router++)
        expect(ping(`${overlay}_r1`, `10.20.0.${router}`)).toBe(true);
      expect(daemonPids(`${overlay}_`).size).toBe(6);
      expect(readFolder('/run/vinet/vrf').filter((set) => set.startsWith(`${overlay}_`))).toHaveLength(3);
    }
  });

  it('are shown and asked like routers with daemons of their own', async () => {
    const { routers } = await lab.json<{ routers: RouterView[] }>('get', 'routers', 'sone');
    expect(routers.map(({ phase, routes }) => `${phase} ${routes.have}/${routes.want}`)).toEqual(
      Array(10).fill('ready 10/10'),
    );
    for (const { daemons, pathspace, namespace } of routers) {
      expect(daemons.map(({ daemon }) => daemon)).toEqual(['zebra', 'ospfd']);
      expect(pathspace).not.toBe(namespace);
    }
    const neighbors = succeed(await lab.vinet('vtysh', 'sone/r2', '-c', 'show ip ospf neighbor'));
    expect(neighbors.match(/Full/g)).toHaveLength(2);
    expect(succeed(await lab.vinet('vtysh', 'sone/r2', '-c', 'show ip route'))).toContain('O>*');
  });

  it('come back whole when the daemons of a node are killed', async () => {
    for (const pid of daemonPids('sone_frr').values()) process.kill(pid, 'SIGKILL');
    await until(
      async () => {
        const { routers } = await lab.json<{ routers: RouterView[] }>('get', 'routers', 'sone');
        return routers.every(
          ({ phase, neighbors, daemons }) =>
            phase === 'ready' && neighbors.have === 2 && daemons.every(({ pid }) => pid !== 0),
        );
      },
      () => 'all of sone is ready again',
    );
    for (let router = 1; router <= 10; router++) expect(ping('sone_r1', `10.20.0.${router}`)).toBe(true);
    expect(ping('stwo_r1', '10.20.0.6')).toBe(true);
  });

  it('go one without the other, and leave nothing', async () => {
    succeed(await lab.vinet('delete', 'overlay', 'sone', '--wait'));
    expect(tracesOf('sone')).toEqual([]);
    expect(readFolder('/run/vinet/vrf').filter((set) => set.startsWith('sone_'))).toEqual([]);
    expect(ping('stwo_r1', '10.20.0.6')).toBe(true);
    succeed(await lab.vinet('delete', 'overlay', 'stwo', '--wait'));
    expect(tracesOf('stwo')).toEqual([]);
    expect(readFolder('/run/vinet/vrf').filter((set) => /^s(one|two)_/.test(set))).toEqual([]);
  });
});

function shared(file: string): string {
  return `${file.trimEnd()}\n  routing: { protocol: ospf, instance: shared }\n`;
}
