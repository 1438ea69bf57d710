import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FakeAgent } from './fake-agent.ts';
import { eventually, Harness, rider, ring } from './harness.ts';

// Several lives of a controller in one test take a while on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.start();
});
afterEach(() => harness.end());

const base = (routers: number) => ring('base', routers, ['n1', 'n2']);
const middle = rider('middle', 'base', ['r1', 'r2']);
const top = rider('top', 'middle', ['r1', 'r2']);
const tower = `${top}---\n${middle}---\n${base(3)}`;

describe('overlays on overlays', () => {
  it('are deployed together, whatever order their documents come in', async () => {
    const [n1] = [await harness.join('n1'), await harness.join('n2')];
    const { status, body } = await harness.apply(tower);
    expect(status).toBe(200);
    expect(body.results.map(outcomeOf)).toEqual(['top created', 'middle created', 'base created']);
    await harness.overlay('top', { phase: 'ready' });
    expect(n1.desired.overlays.map(({ name }) => name)).toEqual(['base', 'middle', 'top']);
    const tunnel = linkOf(n1, 'top', 'r1-r2');
    expect(tunnel).toMatchObject({ kind: 'tunnel', transport: 'middle_r1' });
    expect((await harness.apply(tower)).body.results.map(outcomeOf)).toEqual([
      'top unchanged',
      'middle unchanged',
      'base unchanged',
    ]);
  });

  it('are refused without the one that they ride on, and in a loop', async () => {
    await harness.join('n1');
    await harness.join('n2');
    const { status, body } = await harness.apply(middle);
    expect(status).toBe(422);
    expect(body.error.problems).toMatchObject([{ code: 'unknown-overlay', line: 7 }]);
    const loop = rider('base', 'middle', ['r1', 'r2']);
    const { body: looped } = await harness.apply(`${loop}---\n${middle}`);
    expect(looped.error.problems[0].code).toBe('underlay-loop');
    await harness.apply(tower);
    expect((await harness.apply(rider('base', 'top', ['r1']))).body.error.problems[0].code).toBe(
      'underlay-loop',
    );
  });

  it('are checked and asked again when the one below them changes', async () => {
    const [n1, n2] = [await harness.join('n1'), await harness.join('n2')];
    await harness.apply(tower);
    const moved = base(3).replace('spec:', 'spec:\n  routers: { r2: { node: n1 } }');
    const { status, body } = await harness.apply(moved);
    expect(status).toBe(200);
    expect(body.results.map(outcomeOf)).toEqual(['base changed', 'middle changed', 'top changed']);
    const wholes = [n1, n2].map(({ requests }) => {
      const [, asked] = requests;
      return asked?.kind === 'prepare' ? asked.candidate.overlays.length : -1;
    });
    expect(wholes).toEqual([3, 0]);
    await eventually(() => {
      const names = n1.desired.overlays.flatMap(({ environments }) =>
        environments.map((one) => one.namespace),
      );
      expect(names).toEqual(expect.arrayContaining(['base_r2', 'middle_r2', 'top_r2']));
    });
    const without = base(3).replace('ring, routers: 3', 'line, routers: 1');
    const { status: refused, body: why } = await harness.apply(without);
    expect(refused).toBe(422);
    expect(why.error.problems.map(({ message }: { message: string }) => message).join()).toContain('middle');
  });
});

describe('deleting an overlay that others ride on', () => {
  it('is refused with their names', async () => {
    await harness.join('n1');
    await harness.join('n2');
    await harness.apply(tower);
    const { status, body } = await harness.send('DELETE', '/v1/overlays/base');
    expect([status, body.error.code]).toEqual([409, 'has-riders']);
    expect(body.error.message).toContain('top, middle ride on overlay base');
    expect((await harness.get('/v1/overlays/base')).body.phase).not.toBe('deleting');
  });

  it('takes them down one after another in a cascade, each when the one above is gone', async () => {
    const agents = [await harness.join('n1'), await harness.join('n2')];
    await harness.apply(tower);
    await harness.overlay('top', { phase: 'ready' });
    const { status, body } = await harness.send('DELETE', '/v1/overlays/base?cascade=true');
    expect(status).toBe(202);
    expect(body).toMatchObject({ phase: 'deleting', message: expect.stringContaining('waits for middle') });
    await eventually(async () => expect((await harness.get('/v1/overlays')).body.overlays).toEqual([]));
    for (const { states } of agents) {
      const towers = states.map(({ overlays }) => overlays.map(({ name }) => name).join(' '));
      const steps = towers.filter((names, at) => names !== towers[at - 1]);
      expect(steps).toEqual(['', 'base middle top', 'base middle', 'base', '']);
    }
    const { events } = (await harness.get('/v1/events')).body;
    const gone = events.filter(({ kind }: { kind: string }) => kind === 'overlay-deleted');
    expect(gone.map(({ overlay }: { overlay: string }) => overlay)).toEqual(['top', 'middle', 'base']);
  });

  it('goes on where it was after a restart of the controller', async () => {
    await harness.join('n1');
    const n2 = await harness.join('n2');
    await harness.apply(tower);
    await harness.overlay('top', { phase: 'ready' });
    await harness.leave(n2, 'n2');
    await harness.send('DELETE', '/v1/overlays/base?cascade=true');
    expect((await harness.apply(tower)).status).toBe(409);
    expect((await harness.apply(rider('other', 'base', ['r1']))).body.error.message).toContain('base');
    await harness.stop();
    await harness.start();
    const n1 = await harness.join('n1');
    expect(n1.desired.overlays.map(({ name }) => name)).toEqual(['base', 'middle']);
    await harness.overlay('base', { phase: 'deleting' });
    await harness.join('n2');
    await eventually(async () => expect((await harness.get('/v1/overlays')).body.overlays).toEqual([]));
    expect(n1.desired.overlays).toEqual([]);
  });
});

function outcomeOf({ overlay, outcome }: { overlay: string; outcome: string }): string {
  return `${overlay} ${outcome}`;
}

function linkOf({ desired }: FakeAgent, overlay: string, link: string) {
  const environments = desired.overlays.find(({ name }) => name === overlay)?.environments ?? [];
  return environments.flatMap(({ links }) => links).find((one) => one.link === link);
}
