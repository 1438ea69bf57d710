import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Overlay } from '../../src/model/overlay.ts';
import { startCapture } from '../capture.ts';
import { inside, until } from '../machine.ts';
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
