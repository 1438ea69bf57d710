import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeView, OverlaySummary } from '../../src/model/api.ts';
import { daemonPids, ping, startPing, tracesOf, until } from '../machine.ts';
import { ringFile, succeed, TestLab } from './test-lab.ts';

const NAME = 'vtkept';
const OVERLAY = 'vtkring';
const PARTS = ['controller', 'n1', 'n2', 'n3'];

let lab: TestLab;

beforeEach(async () => {
  lab = new TestLab(NAME, 3);
  await lab.up();
  const file = lab.write('ring.yaml', ringFile(OVERLAY, 6));
  succeed(await lab.vinet('apply', '-f', file, '--wait'));
});

afterEach(() => lab.down());

describe('a lab with an overlay', () => {
  it('comes back by itself from kill -9 of an agent and of the controller, and packets go on', async () => {
    const daemons = daemonPids(`${OVERLAY}_`);
    const traffic = startPing(`${OVERLAY}_r1`, '10.20.0.4');
    for (const part of ['n1', 'controller', 'n3', 'n2']) await killAndAwait(part);
    await untilReady();
    expect((await traffic.stop()).lost).toBe(0);
    expect(daemonPids(`${OVERLAY}_`)).toEqual(daemons);
    const file = lab.write('ring.yaml', ringFile(OVERLAY, 7));
    succeed(await lab.vinet('apply', '-f', file, '--wait'));
    expect(ping(`${OVERLAY}_r7`, '10.20.0.4')).toBe(true);
  });

  it('goes on without its keeper, which `lab up` starts again', async () => {
    const before = PARTS.map((part) => lab.pidOf(part));
    process.kill(keeperPid(), 'SIGKILL');
    await until(
      () => keeperPid() === 0,
      () => 'the keeper is gone',
    );
    const status = await lab.vinet('lab', 'status');
    expect({ status: status.status, keeper: /keeper +dead/.test(status.stdout) }).toEqual({
      status: 1,
      keeper: true,
    });
    process.kill(lab.pidOf('n2'), 'SIGKILL');
    expect(succeed(await lab.vinet('lab', 'up', '--nodes', '3'))).toContain('missing: n2, keeper');
    expect(PARTS.map((part) => lab.pidOf(part)).filter((pid) => before.includes(pid))).toHaveLength(3);
    await killAndAwait('n2');
    expect(succeed(await lab.vinet('lab', 'status'))).toMatch(/keeper +running/);
  });

  it.each([
    ['everything of it runs', () => {}],
    ['everything of it was killed', killEverything],
    [
      'everything was killed and its record, its token and its controller state are lost',
      async () => {
        await killEverything();
        for (const entry of ['lab.json', 'client.yaml', 'token', 'controller', 'n1.log'])
          rmSync(join(lab.directory, entry), { recursive: true, force: true });
      },
    ],
    ['its record is lost while everything runs', () => rmSync(join(lab.directory, 'lab.json'))],
    [
      'the folder of a node is lost while everything runs',
      () => rmSync(join(lab.directory, 'n1'), { recursive: true }),
    ],
    [
      'everything was killed and the folder of a node is lost',
      async () => {
        await killEverything();
        rmSync(join(lab.directory, 'n1'), { recursive: true });
      },
    ],
  ])('leaves nothing when it is taken down while %s', async (_state, spoil) => {
    await spoil();
    expect(succeed(await lab.vinet('lab', 'down'))).toContain('nothing is left');
    expect(tracesOf(OVERLAY)).toEqual([]);
    expect(tracesOfLab()).toEqual([]);
  });
});

/** Kills a part of the lab and waits until another process is that part and all agents are connected. */
async function killAndAwait(part: string): Promise<void> {
  const before = lab.pidOf(part);
  process.kill(before, 'SIGKILL');
  await until(
    () => ![0, before].includes(lab.pidOf(part)),
    () => `${part} is started again`,
  );
  await until(
    async () => {
      const answer = await lab.vinet('get', 'nodes', '-o', 'json');
      if (answer.status !== 0) return false;
      const { nodes } = JSON.parse(answer.stdout) as { nodes: NodeView[] };
      return nodes.filter(({ connected }) => connected).length === 3;
    },
    () => `all agents are connected after ${part} was killed`,
  );
}

async function untilReady(): Promise<void> {
  await until(
    async () => (await lab.json<OverlaySummary>('get', 'overlays', OVERLAY)).phase === 'ready',
    () => `${OVERLAY} is ready`,
  );
}

/** The keeper first, for it would start the others again. */
async function killEverything(): Promise<void> {
  for (const pid of [keeperPid(), ...PARTS.map((part) => lab.pidOf(part))]) process.kill(pid, 'SIGKILL');
  await until(
    () => PARTS.every((part) => lab.pidOf(part) === 0),
    () => 'all are dead',
  );
}

function keeperPid(): number {
  return labProcesses().find(({ argv }) => argv.includes('keep'))?.pid ?? 0;
}

function labProcesses(): { pid: number; argv: string[] }[] {
  return readdirSync('/proc')
    .filter((entry) => /^[0-9]+$/.test(entry))
    .map((entry) => ({ pid: Number(entry), argv: readArgv(entry) }))
    .filter(({ argv }) => argv.some((word) => word.includes(lab.directory)));
}

function tracesOfLab(): string[] {
  return [
    ...readdirSync('/run/netns').filter((name) => name.startsWith(`${NAME}-`)),
    ...labProcesses().map(({ argv }) => argv.join(' ')),
    ...(existsSync(lab.directory) ? [lab.directory] : []),
  ];
}

function readArgv(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
