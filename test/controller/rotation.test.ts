import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isDue, isYoung, keepSecrets, nextStep } from '../../src/controller/overlays/key-generations.ts';
import type { SecretsRecord } from '../../src/controller/overlays/record.ts';
import { openSqliteStore } from '../../src/controller/store/sqlite-store.ts';
import { buildOverlay } from '../planner/overlay-builder.ts';
import { type FakeAgent, nodeOf } from './fake-agent.ts';
import { eventually, Harness, ring } from './harness.ts';

// Several lives of a controller in one test take a while on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.start();
});
afterEach(() => harness.end());

const able = { node: { capabilities: { ...nodeOf('n1').capabilities, features: ['esp-aes-gcm'] } } };
const document = ring('ring', 4, ['n1', 'n2']).replace(
  'spec:',
  'spec:\n  links: { ipsec: { cipher: aes-gcm } }',
);

describe('keys of an overlay', () => {
  it('are made from secrets that nobody sees, and are gone with it', async () => {
    const n1 = await harness.join('n1', able);
    await harness.join('n2', able);
    const { text } = await harness.apply(document, '?dryRun=true');
    const applied = await harness.apply(document);
    await harness.overlay('ring', { phase: 'ready' });
    expect(protections(n1)[0]?.outbound[0]?.key).toMatch(/^[0-9a-f]{40}$/);
    const secrets = await secretsOf('ring');
    const said = [text, applied.text, JSON.stringify(n1.desired)];
    for (const path of ['/v1/overlays/ring', '/v1/overlays', '/v1/events', '/v1/nodes', '/metrics']) {
      said.push((await harness.get(path)).text);
    }
    said.push((await harness.get('/v1/overlays/ring/links')).text);
    for (const { secret } of [{ secret: secrets.identity }, ...secrets.generations]) {
      expect(secret).toMatch(/^[0-9a-f]{64}$/);
      expect(said.filter((words) => words.includes(secret))).toEqual([]);
    }
    expect((await harness.get('/v1/overlays/ring')).body.keys).toMatchObject({
      generation: 1,
      rotating: false,
      waitingFor: [],
    });
    await harness.send('DELETE', '/v1/overlays/ring');
    await eventually(async () => expect((await harness.get('/v1/overlays/ring')).status).toBe(404));
    await harness.stop();
    const file = readFileSync(join(harness.folder, 'state', 'controller.db'), 'latin1');
    expect(file).not.toContain(secrets.identity);
    await harness.start();
  });

  it('stay the same over a change and a restart, and go when nothing is encrypted any more', async () => {
    const n1 = await harness.join('n1', able);
    await harness.join('n2', able);
    await harness.apply(document);
    const keys = () => protections(n1).flatMap(({ outbound }) => outbound.map(({ key }) => key));
    await eventually(() => expect(keys()).not.toEqual([]));
    const before = keys();
    await harness.apply(document.replace('routers: 4', 'routers: 5'));
    await eventually(() => expect(n1.desired.overlays[0]?.destinations).toHaveLength(5));
    expect(keys()).toEqual(expect.arrayContaining(before.slice(0, 1)));
    await harness.apply(ring('ring', 4, ['n1', 'n2']));
    await eventually(() => expect(protections(n1)).toEqual([]));
    expect((await harness.get('/v1/overlays/ring')).body.keys).toBe(null);
  });
});

describe('a rotation', () => {
  it('accepts the new keys everywhere, then sends with them everywhere, then drops the old ones', async () => {
    const [n1, n2] = [await harness.join('n1', able), await harness.join('n2', able)];
    await harness.apply(document);
    await harness.overlay('ring', { phase: 'ready' });
    const first = n1.states.length;
    const { status, body } = await harness.send('POST', '/v1/overlays/ring/rotate');
    expect(status).toBe(202);
    expect(body.keys).toMatchObject({ generation: 2, rotating: true });
    await eventually(async () => {
      const { events } = (await harness.get('/v1/events?overlay=ring')).body;
      expect(events.at(-1)).toMatchObject({ kind: 'keys-rotated' });
    });
    expect((await harness.get('/v1/overlays/ring')).body.keys).toMatchObject({
      generation: 2,
      rotating: false,
    });
    for (const agent of [n1, n2]) {
      const steps = agent.states.slice(first).map((state) => describeKeys(state.overlays));
      expect([...new Set(steps)]).toEqual([
        '2 keys, sends with 1st',
        '2 keys, sends with 2nd',
        '1 keys, sends with 1st',
      ]);
    }
  });

  it('waits for a node that is away, also over a restart, and keeps nobody from deploying meanwhile', async () => {
    await harness.join('n1', able);
    const n2 = await harness.join('n2', able);
    await harness.apply(document);
    await harness.overlay('ring', { phase: 'ready' });
    await harness.leave(n2, 'n2');
    await harness.send('POST', '/v1/overlays/ring/rotate');
    const waiting = { keys: { rotating: true, waitingFor: ['n2'] } };
    await eventually(async () =>
      expect((await harness.get('/v1/overlays/ring')).body).toMatchObject(waiting),
    );
    expect((await harness.apply(ring('other', 3, ['n1']))).status).toBe(200);
    await harness.stop();
    await harness.start();
    const n1 = await harness.join('n1', able);
    await eventually(async () =>
      expect((await harness.get('/v1/overlays/ring')).body).toMatchObject(waiting),
    );
    expect(describeKeys(n1.desired.overlays)).toBe('2 keys, sends with 1st');
    await harness.join('n2', able);
    await eventually(async () =>
      expect((await harness.get('/v1/overlays/ring')).body.keys).toMatchObject({ rotating: false }),
    );
    await eventually(() => expect(describeKeys(n1.desired.overlays)).toBe('1 keys, sends with 1st'));
  });

  it('is not for an overlay that has no keys, or that is not there', async () => {
    await harness.join('n1');
    await harness.apply(ring('plain', 3, ['n1']));
    const { status, body } = await harness.send('POST', '/v1/overlays/plain/rotate');
    expect([status, body.error.code]).toEqual([409, 'conflict']);
    expect((await harness.send('POST', '/v1/overlays/none/rotate')).status).toBe(404);
  });
});

describe('keys that a node lost', () => {
  it('are made anew at once and once, with an event that says why', async () => {
    const n1 = await harness.join('n1', able);
    const n2 = await harness.join('n2', able);
    await harness.apply(document);
    await harness.overlay('ring', { phase: 'ready' });
    const lose = () => n2.report(n2.desired.revision, 'ready', '', null, [1]);
    lose();
    await eventually(() => expect(describeKeys(n2.desired.overlays)).not.toBe('1 keys, sends with 1st'));
    lose();
    await eventually(async () =>
      expect((await harness.get('/v1/overlays/ring')).body.keys).toMatchObject({
        generation: 2,
        rotating: false,
      }),
    );
    await eventually(() => expect(describeKeys(n1.desired.overlays)).toBe('1 keys, sends with 1st'));
    const { events } = (await harness.get('/v1/events?overlay=ring')).body;
    const message = 'overlay ring gets new keys, for n2 lost those that it had';
    const about = events.filter(({ kind }: { kind: string }) => kind.startsWith('keys-'));
    expect(about).toMatchObject([{ kind: 'keys-lost', message }, { kind: 'keys-rotated' }]);
  });

  it('degrade the overlay until all have others', async () => {
    await harness.join('n1', able);
    const n2 = await harness.join('n2', { ...able, obedient: false });
    await harness.apply(document);
    await eventually(() => expect(n2.desired.overlays).not.toEqual([]));
    n2.report(n2.desired.revision, 'ready', '', null, [1]);
    await harness.overlay('ring', { phase: 'degraded', message: 'node n2 lost keys, and gets others' });
  });

  it('are made anew slowly where they are lost again and again', () => {
    const made = new Date('2026-01-01T00:00:00Z');
    const first = keepSecrets(
      buildOverlay({ kind: 'ring', routers: 3 }, { links: { ipsec: { cipher: 'aes-gcm' } } }),
      undefined,
      made,
    ) as SecretsRecord;
    const later = (seconds: number) => new Date(made.getTime() + seconds * 1000);
    expect(isYoung(first, later(1))).toBe(false);
    const second = nextStep(first, made);
    expect([isYoung(second, later(9)), isYoung(second, later(10))]).toEqual([true, false]);
  });
});

describe('the age of keys', () => {
  const made = new Date('2026-01-01T00:00:00Z');
  const encrypted = (rotation?: string) =>
    buildOverlay(
      { kind: 'ring', routers: 3 },
      { links: { ipsec: { cipher: 'aes-gcm' }, ...(rotation === undefined ? {} : { rotation }) } },
    );
  const secrets = keepSecrets(encrypted(), undefined, made) as SecretsRecord;
  const hoursLater = (hours: number) => new Date(made.getTime() + hours * 3_600_000);

  it('is a day at most, or what the file says', () => {
    expect([23.9, 24].map((hours) => isDue(encrypted(), secrets, hoursLater(hours)))).toEqual([false, true]);
    expect([1.4, 1.5].map((hours) => isDue(encrypted('90m'), secrets, hoursLater(hours)))).toEqual([
      false,
      true,
    ]);
    expect([47, 48].map((hours) => isDue(encrypted('2d'), secrets, hoursLater(hours)))).toEqual([
      false,
      true,
    ]);
    expect(isDue(encrypted('never'), secrets, hoursLater(1e6))).toBe(false);
  });

  it('counts from the last rotation, and not while one is under way', () => {
    const rotating = nextStep(secrets, hoursLater(24));
    expect(isDue(encrypted(), rotating, hoursLater(100))).toBe(false);
    const over = nextStep(nextStep(nextStep(rotating, hoursLater(24)), hoursLater(24)), hoursLater(24));
    expect(over).toMatchObject({ rotating: false, sending: 2, generations: [{ number: 2 }] });
    expect(over.identity).toBe(secrets.identity);
    expect([47, 48].map((hours) => isDue(encrypted(), over, hoursLater(hours)))).toEqual([false, true]);
  });
});

function protections({ desired }: FakeAgent) {
  return protectionsOf(desired.overlays);
}

function protectionsOf(overlays: FakeAgent['desired']['overlays']) {
  return overlays.flatMap(({ environments }) =>
    environments.flatMap(({ links }) =>
      links.flatMap((link) => (link.kind === 'tunnel' ? link.protections : [])),
    ),
  );
}

function describeKeys(overlays: FakeAgent['desired']['overlays']): string {
  const [first] = protectionsOf(overlays);
  const at = first?.outbound.findIndex(({ spi }) => spi === first.sending) ?? -1;
  return `${first?.inbound.length} keys, sends with ${['1st', '2nd'][at]}`;
}

async function secretsOf(name: string): Promise<SecretsRecord> {
  // The controller holds the file for itself, so it has to let go of it for a moment.
  await harness.stop();
  const store = openSqliteStore(join(harness.folder, 'state', 'controller.db'));
  const entry = await store.get(`secrets/${name}`);
  store.close();
  await harness.start();
  await harness.join('n1', able);
  await harness.join('n2', able);
  return JSON.parse(entry?.value ?? 'null') as SecretsRecord;
}
