import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OverlaySummary } from '../../src/model/api.ts';
import { inside, ping, tracesOf, until } from '../machine.ts';
import { startTransfer, transfers } from '../transfer.ts';
import { succeed, TestLab } from './test-lab.ts';

const lab = new TestLab('vtdeep', 3);

beforeAll(() => lab.up());
afterAll(() => lab.down());

/** `top` rides on routers of `middle`, which rides on routers of `base`, which rides on the nodes. */
const FILE = `
apiVersion: vinet/v1
kind: Overlay
metadata: { name: top }
spec:
  topology: { kind: line, routers: 3 }
  placement: { nodes: [r1, r2, r3] }
  addressing: { network: 10.3.0.0/16 }
  underlay: { overlays: [middle] }
---
apiVersion: vinet/v1
kind: Overlay
metadata: { name: base }
spec:
  topology: { kind: ring, routers: 6 }
  placement: { nodes: [n1, n2, n3] }
  addressing: { network: 10.1.0.0/16 }
---
apiVersion: vinet/v1
kind: Overlay
metadata: { name: middle }
spec:
  topology: { kind: ring, routers: 3 }
  placement: { nodes: [r1, r3, r5] }
  addressing: { network: 10.2.0.0/16 }
  underlay: { overlays: [base] }
`;

const FAR = '10.3.0.3';

describe('an overlay on an overlay on an overlay', () => {
  it('comes up from one file, whatever the order in it', async () => {
    succeed(await lab.vinet('apply', '-f', lab.write('deep.yaml', FILE), '--wait'));
    expect(ping('top_r1', FAR)).toBe(true);
  });

  it('has room for the headers of all depths, and fills it', () => {
    const mtuOf = (namespace: string, device: string) => {
      const text = inside(namespace, 'ip', '-json', 'link', 'show', 'dev', device) ?? '[{}]';
      return (JSON.parse(text) as { mtu: number }[])[0]?.mtu;
    };
    const mtus = [mtuOf('base_r1', 'r2'), mtuOf('middle_r1', 'r2'), mtuOf('top_r1', 'r2')];
    expect(mtus).toEqual([1450, 1400, 1350]);
    const send = (bytes: number) =>
      inside('top_r1', 'ping', '-n', '-c', '1', '-W', '2', '-M', 'do', '-s', String(bytes - 28), FAR);
    expect(send(1350)).not.toBeNull();
    expect(send(1351)).toBeNull();
    const refusal = inside('top_r1', 'sh', '-c', `ping -n -c 1 -M do -s 1323 ${FAR} 2>&1; true`);
    expect(refusal).toContain('mtu=1350');
  });

  it('carries a TCP connection', async () => {
    expect(await transfers('top_r1', 'top_r3', FAR)).toBe(true);
  });

  it('recovers by itself when the one in the middle is cut and mended, connections included', async () => {
    const transfer = startTransfer('top_r1', 'top_r3', FAR, { bytes: 300_000_000, seconds: 150 });
    for (const far of ['r2', 'r3']) succeed(await lab.vinet('link', 'middle', 'r1', far, '--down'));
    await until(
      () => !ping('top_r1', FAR),
      () => 'the cut is felt',
    );
    for (const far of ['r2', 'r3']) succeed(await lab.vinet('link', 'middle', 'r1', far, '--up'));
    await until(
      () => ping('top_r1', FAR),
      () => 'the top is whole again',
    );
    expect(await transfer.done).toBe(true);
  });

  it('keeps its base from being deleted, and goes with it when told so', async () => {
    const refused = await lab.vinet('delete', 'overlay', 'base');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('middle');
    expect(ping('top_r1', FAR)).toBe(true);
    succeed(await lab.vinet('delete', 'overlay', 'base', '--cascade', '--wait'));
    expect(await lab.json<{ overlays: OverlaySummary[] }>('get', 'overlays')).toMatchObject({ overlays: [] });
    for (const overlay of ['top', 'middle', 'base']) expect(tracesOf(overlay)).toEqual([]);
  });
});

describe('a loop of underlays', () => {
  it('is refused by the names in it', async () => {
    const overlay = (name: string, under: string) => `
apiVersion: vinet/v1
kind: Overlay
metadata: { name: ${name} }
spec:
  topology: { kind: line, routers: 2 }
  placement: { nodes: [r1, r2] }
  underlay: { overlays: [${under}] }
`;
    const file = lab.write('loop.yaml', `${overlay('one', 'other')}---${overlay('other', 'one')}`);
    const refused = await lab.vinet('apply', '-f', file);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/one.*other/);
  });
});
