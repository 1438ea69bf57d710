import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NodeView, OverlaySummary, RouterView } from '../../src/model/api.ts';
import { daemonPids, ping, startPing, tracesOf, until } from '../machine.ts';
import { ringFile, succeed, TestLab } from './test-lab.ts';

/** Moments after the beginning of a deploy or a delete, in ms: from the first message to the last route. */
const MOMENTS = [0, 100, 300, 800, 2_000];
const ROUTERS = 6;

const lab = new TestLab('vtlive', 3);
const loopback = (router: number) => `10.20.0.${router}`;
let calm: ReturnType<typeof startPing>;

beforeAll(async () => {
  await lab.up();
  succeed(await lab.vinet('apply', '-f', lab.write('calm.yaml', ringFile('vcalm', 4)), '--wait'));
  calm = startPing('vcalm_r1', loopback(3), 10);
});

beforeEach(() => until(allConnected, () => 'all nodes are connected'));
afterAll(() => lab.down());

describe.each(['controller', 'n1', 'n2'])('%s killed', (part) => {
  it.each(MOMENTS)('%i ms into a deploy, and into the delete after it', async (moment) => {
    const deploy = lab.vinet('apply', '-f', lab.write('ring.yaml', ringFile('vlive', ROUTERS)));
    await killAfter(moment, () => lab.pidOf(part));
    const deployed = await deploy;
    await until(async () => {
      const phase = await phaseOf('vlive');
      // What was not acknowledged may have been refused or done, but not half.
      return (
        phase === 'ready' || (phase === 'absent' && deployed.status !== 0 && tracesOf('vlive').length === 0)
      );
    }, describeLab);
    if ((await phaseOf('vlive')) === 'absent') {
      await until(allConnected, () => 'all nodes are connected');
      succeed(await lab.vinet('apply', '-f', lab.write('ring.yaml', ringFile('vlive', ROUTERS)), '--wait'));
    }
    for (let router = 2; router <= ROUTERS; router++) expect(ping('vlive_r1', loopback(router))).toBe(true);

    const removal = lab.vinet('delete', 'overlay', 'vlive');
    await killAfter(moment, () => lab.pidOf(part));
    await removal;
    await until(async () => {
      const phase = await phaseOf('vlive');
      // The request itself may have been lost with the controller; whoever asked asks again.
      if (phase !== 'absent' && phase !== 'deleting') await lab.vinet('delete', 'overlay', 'vlive');
      return phase === 'absent' && tracesOf('vlive').length === 0;
    }, describeLab);
  });
});

describe('FRR daemons killed', () => {
  it.each(MOMENTS)('%i ms into a deploy are back, and so is every route', async (moment) => {
    const deploy = lab.vinet('apply', '-f', lab.write('ring.yaml', ringFile('vlive', ROUTERS)));
    await killAfter(moment, () => anyDaemon('ospfd'));
    await killAfter(0, () => anyDaemon('zebra'));
    succeed(await deploy);
    await until(async () => (await phaseOf('vlive')) === 'ready' && allReach(), describeLab);
    succeed(await lab.vinet('delete', 'overlay', 'vlive', '--wait'));
    expect(tracesOf('vlive')).toEqual([]);
  });

  it('one after the other in a running overlay are back', async () => {
    succeed(await lab.vinet('apply', '-f', lab.write('ring.yaml', ringFile('vlive', ROUTERS)), '--wait'));
    for (const [daemon, pid] of daemonPids('vlive_')) {
      process.kill(pid, 'SIGKILL');
      await until(
        () => (daemonPids('vlive_').get(daemon) ?? pid) !== pid,
        () => `${daemon} is back`,
      );
    }
    await until(async () => (await phaseOf('vlive')) === 'ready' && allReach(), describeLab);
    const { routers } = await lab.json<{ routers: RouterView[] }>('get', 'routers', 'vlive');
    expect(routers.every(({ daemons }) => daemons.every(({ restarts }) => restarts === 1))).toBe(true);
    succeed(await lab.vinet('delete', 'overlay', 'vlive', '--wait'));
  });
});

describe('a node that does not answer', () => {
  it('makes a deploy fail by name, and nothing is left of it anywhere', async () => {
    const agent = lab.pidOf('n3');
    process.kill(agent, 'SIGSTOP');
    try {
      const refused = await lab.vinet('apply', '-f', lab.write('ring.yaml', ringFile('vlive', ROUTERS)));
      expect(refused.status).toBe(1);
      expect(refused.stderr).toContain('n3');
      expect(await phaseOf('vlive')).toBe('absent');
      expect(tracesOf('vlive')).toEqual([]);
    } finally {
      process.kill(agent, 'SIGCONT');
    }
    await until(
      async () =>
        (await lab.vinet('plan', '-f', lab.write('ring.yaml', ringFile('vlive', ROUTERS)))).status === 0,
      describeLab,
    );
  });
});

describe('an overlay that nobody touched', () => {
  it('has lost no packet through all of it', async () => {
    const { sent, lost } = await calm.stop();
    expect(sent).toBeGreaterThan(1_000);
    expect(lost).toBe(0);
    succeed(await lab.vinet('delete', 'overlay', 'vcalm', '--wait'));
    expect(tracesOf('vcalm')).toEqual([]);
  });
});

/** Kills what `find` names once the moment has come; a process that is not there yet is waited for. */
async function killAfter(moment: number, find: () => number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, moment));
  await until(
    () => find() !== 0,
    () => 'a process to kill',
  );
  try {
    process.kill(find(), 'SIGKILL');
  } catch {
    // It ended by itself in this very moment.
  }
}

function anyDaemon(program: string): number {
  for (const [daemon, pid] of daemonPids('vlive_')) if (daemon.endsWith(`/${program}`)) return pid;
  return 0;
}

function allReach(): boolean {
  for (let router = 2; router <= ROUTERS; router++) if (!ping('vlive_r1', loopback(router))) return false;
  return true;
}

async function allConnected(): Promise<boolean> {
  const result = await lab.vinet('get', 'nodes', '-o', 'json');
  if (result.status !== 0) return false;
  const { nodes } = JSON.parse(result.stdout) as { nodes: NodeView[] };
  return nodes.length === 3 && nodes.every(({ connected }) => connected);
}

async function phaseOf(overlay: string): Promise<string> {
  const result = await lab.vinet('get', 'overlays', '-o', 'json');
  if (result.status !== 0) return 'unreachable';
  const { overlays } = JSON.parse(result.stdout) as { overlays: OverlaySummary[] };
  return overlays.find(({ name }) => name === overlay)?.phase ?? 'absent';
}

function describeLab(): string {
  return `the lab settles; left: ${tracesOf('vlive').join(', ')}`;
}
