import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ping, tracesOf } from '../machine.ts';
import { succeed, TestLab } from './test-lab.ts';

const NODES = 10;
const ROUTERS = 200;
const lab = new TestLab('vtlarge', NODES);

beforeAll(() => lab.up());
afterAll(() => lab.down());

/** Revisitation at full size: each node is 20 routers of one overlay. */
const FILE = `apiVersion: vinet/v1
kind: Overlay
metadata: { name: large }
spec:
  topology: { kind: ring, routers: ${ROUTERS} }
  placement: { nodes: [${Array.from({ length: NODES }, (_, at) => `n${at + 1}`).join(', ')}] }
  addressing: { network: 10.20.0.0/16 }
`;

describe('a ring of 200 routers on ten nodes', () => {
  it('comes up, and every router reaches the one that is farthest away', async () => {
    succeed(await lab.vinet('apply', '-f', lab.write('large.yaml', FILE), '--wait', '--timeout', '170s'));
    for (let router = 1; router <= ROUTERS / 2; router += 9)
      expect(ping(`large_r${router}`, `10.20.0.${router + ROUTERS / 2}`)).toBe(true);
  });

  it('is traced from r1 to r101 through all 100 virtual hops in order', async () => {
    const { hops, reached } = await lab.json<{ hops: { router: string }[]; reached: boolean }>(
      ...['trace', 'large', 'r1', 'r101'],
    );
    expect(reached).toBe(true);
    const way = hops.map(({ router }) => router);
    const forwards = Array.from({ length: 100 }, (_, at) => `r${at + 2}`);
    const backwards = Array.from({ length: 100 }, (_, at) => `r${ROUTERS - at}`);
    expect([forwards, backwards]).toContainEqual(way);
  });

  it('is deleted without a trace', async () => {
    succeed(await lab.vinet('delete', 'overlay', 'large', '--wait'));
    expect(tracesOf('large')).toEqual([]);
  });
});
