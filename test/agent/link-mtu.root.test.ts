import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Overlay } from '../../src/model/overlay.ts';
import { until } from '../machine.ts';
import { ip, type NodeBench, openNodeBench } from './node-bench.ts';

const OVERLAY: Overlay = {
  apiVersion: 'vinet/v1',
  kind: 'Overlay',
  metadata: { name: 'vtmtu' },
  spec: {
    topology: { kind: 'line', routers: 2 },
    placement: { nodes: ['n1', 'n2'] },
    routing: { protocol: 'none' },
  },
};

describe('a tunnel over a network that carries less than it says', () => {
  let bench: NodeBench;

  beforeAll(async () => {
    bench = await openNodeBench('vtmtu', 2);
    // The nodes still say 1500; what is larger than 1400 is lost in between without a word.
    ip('-n', 'vtmtu-hub', 'link', 'set', 'p0', 'mtu', '1400');
    bench.deploy([OVERLAY]);
    await bench.ready();
  });
  afterAll(() => bench.close());

  it('is told to the operator, with the size that does not pass', async () => {
    const complaint = 'packets of 1450 bytes do not pass link r1-r2';
    const told = () =>
      bench.nodes
        .flatMap(({ reports }) => reports.events)
        .filter(({ kind }) => kind === 'link-mtu-exceeded')
        .map(({ overlay, member, message }) => `${overlay}/${member}: ${message}`);
    await until(
      () => told().length === 2,
      () => `both ends complain: ${told().join()}`,
    );
    expect(told().sort()).toEqual([`vtmtu/r1: ${complaint}`, `vtmtu/r2: ${complaint}`]);
    const messages = () =>
      bench.nodes.map(({ reports }) => reports.status?.overlays[0]?.environments[0]?.message);
    await until(
      () => messages().every((message) => message === complaint),
      () => messages().join(),
    );
  });
});
