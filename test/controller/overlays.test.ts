import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FleetReply, FleetRequest } from '../../src/rpc/request-codec.ts';
import { nodeOf } from './fake-agent.ts';
import { eventually, Harness, ring } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.start();
});
afterEach(() => harness.end());

const never = new Promise<FleetReply>(() => {});

describe('applying an overlay', () => {
  it('asks every concerned node, stores it, and sends each its state', async () => {
    const [n1, n2, n3] = [await harness.join('n1'), await harness.join('n2'), await harness.join('n3')];
    const { status, body } = await harness.apply(ring('ring', 4, ['n1', 'n2']));
    expect(status).toBe(200);
    expect(body.results).toMatchObject([{ overlay: 'ring', outcome: 'created' }]);
    expect(body.results[0].nodes.map(({ node }: { node: string }) => node)).toEqual(['n1', 'n2']);
    const summary = await harness.overlay('ring', { phase: 'ready' });
    expect(summary).toMatchObject({ routers: { total: 4, ready: 4 }, nodes: ['n1', 'n2'], message: '' });
    expect(summary.revision).toBe(body.results[0].revision);
    expect(summary.convergenceMs).toBeGreaterThan(0);
    expect(n1.requests.map(({ kind }) => kind)).toEqual(['prepare']);
    expect(n2.desired.overlays[0]?.environments).toHaveLength(2);
    expect(n2.desired.revision).toBe(summary.revision);
    expect(n3.requests).toEqual([]);
    expect(n3.desired.overlays).toEqual([]);
  });

  it('changes nothing and asks nobody when it is so already', async () => {
    const n1 = await harness.join('n1');
    const first = await harness.apply(ring('ring', 3, ['n1']));
    await harness.overlay('ring', { phase: 'ready' });
    const asked = n1.requests.length;
    const again = await harness.apply(ring('ring', 3, ['n1']));
    expect(again.body.results).toEqual([
      { overlay: 'ring', outcome: 'unchanged', revision: first.body.results[0].revision, nodes: [] },
    ]);
    expect(n1.requests).toHaveLength(asked);
  });

  it('only tells what it would do when it is a dry run', async () => {
    const n1 = await harness.join('n1');
    const { body } = await harness.apply(ring('ring', 3, ['n1']), '?dryRun=true');
    expect(body.results[0].outcome).toBe('created');
    expect(body.results[0].nodes[0].changes).toHaveLength(3);
    expect(n1.requests).toMatchObject([{ kind: 'prepare', dryRun: true }]);
    expect((await harness.get('/v1/overlays')).body.overlays).toEqual([]);
  });

  it('leaves everything as it was when one node refuses, and says which node said what', async () => {
    const n1 = await harness.join('n1');
    const n2 = await harness.join('n2', {
      answer: ({ kind }) =>
        kind === 'prepare'
          ? { kind: 'prepared', changes: [], refusals: ['no memory is left', 'the name is taken'] }
          : undefined,
    });
    const { status, body } = await harness.apply(ring('ring', 4, ['n1', 'n2']));
    expect(status).toBe(409);
    expect(body.error).toMatchObject({
      code: 'refused',
      refusals: [
        { node: 'n2', reason: 'no memory is left' },
        { node: 'n2', reason: 'the name is taken' },
      ],
    });
    await eventually(() => expect(n1.requests.map(({ kind }) => kind)).toEqual(['prepare', 'abort']));
    await eventually(() => expect(n2.requests.map(({ kind }) => kind)).toEqual(['prepare', 'abort']));
    expect(n1.requests[1]).toMatchObject({
      transaction: n1.requests[0]?.kind === 'prepare' ? n1.requests[0].transaction : '',
    });
    expect((await harness.get('/v1/overlays/ring')).status).toBe(404);
    expect(n1.desired.overlays).toEqual([]);
  });

  it('takes silence for a refusal, and tells the silent node to forget it too', async () => {
    const n1 = await harness.join('n1', { answer: ({ kind }) => (kind === 'prepare' ? never : undefined) });
    const { status, body } = await harness.apply(ring('ring', 3, ['n1']));
    expect(status).toBe(409);
    expect(body.error.refusals).toEqual([{ node: 'n1', reason: 'node n1 did not answer within 1 s' }]);
    await eventually(() => expect(n1.requests.map(({ kind }) => kind)).toEqual(['prepare', 'abort']));
    expect((await harness.get('/v1/overlays')).body.overlays).toEqual([]);
  });

  it('takes the death of a node in the middle for a refusal', async () => {
    await harness.join('n1');
    await harness.join('n2', {
      answer: ({ kind }, agent) => {
        if (kind === 'prepare') agent.session.close();
        return never;
      },
    });
    const { status, body } = await harness.apply(ring('ring', 4, ['n1', 'n2']));
    expect(status).toBe(409);
    expect(body.error.refusals).toEqual([
      { node: 'n2', reason: 'the connection to node n2 ended before it answered' },
    ]);
    expect((await harness.get('/v1/overlays')).body.overlays).toEqual([]);
  });

  it('names a node that is away and when it was last seen', async () => {
    await harness.join('n1');
    await harness.leave(await harness.join('n2'), 'n2');
    const { status, body } = await harness.apply(ring('ring', 4, ['n1', 'n2']));
    expect(status).toBe(409);
    expect(body.error.refusals).toEqual([
      {
        node: 'n2',
        reason: expect.stringMatching(/^node n2 is not connected; it was last seen 2\d{3}-.*Z$/),
      },
    ]);
  });

  it('points at the line of a node that nobody knows, and at every other problem of the file', async () => {
    await harness.join('n1');
    const { status, body } = await harness.apply(ring('ring', 4, ['n1', 'n9']));
    expect(status).toBe(422);
    expect(body.error).toMatchObject({
      code: 'invalid-overlay',
      problems: [{ code: 'unknown-node', path: 'spec.placement.nodes[1]', line: 6 }],
    });
    const broken = `${ring('ring', 4, ['n1'])}  surprise: 1\n---\n${ring('Upper', 3, ['n1'])}`;
    const { body: both } = await harness.apply(broken);
    expect(both.error.problems.map(({ line }: { line: number }) => line)).toEqual([7, 11]);
  });

  it('applies several documents as one, or none of them', async () => {
    const n1 = await harness.join('n1');
    const two = `${ring('a', 3, ['n1'])}---\n${ring('b', 3, ['n9'])}`;
    expect((await harness.apply(two)).status).toBe(422);
    expect((await harness.get('/v1/overlays')).body.overlays).toEqual([]);
    const { body } = await harness.apply(`${ring('a', 3, ['n1'])}---\n${ring('b', 4, ['n1'])}`);
    expect(body.results.map(({ revision }: { revision: number }) => revision)).toEqual([
      body.results[0].revision,
      body.results[0].revision,
    ]);
    expect(body.results[1].nodes[0].changes).toHaveLength(4);
    expect(n1.requests).toHaveLength(1);
    const third = await harness.apply(`${ring('a', 3, ['n1'])}---\n${ring('b', 5, ['n1'])}`);
    expect(third.body.results.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'unchanged',
      'changed',
    ]);
  });

  it('deploys one file after another, however many come at once', async () => {
    await harness.join('n1');
    const names = ['a', 'b', 'c', 'd', 'e'];
    const answers = await Promise.all(names.map((name) => harness.apply(ring(name, 3, ['n1']))));
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
    const revisions = answers.map(({ body }) => body.results[0].revision);
    expect(new Set(revisions).size).toBe(names.length);
  });
});

describe('an overlay with a host', () => {
  const withHost = ring('ring', 3, ['n1']).replace('spec:', 'spec:\n  hosts: [{ name: h1, attach: r2 }]');

  it('shows it beside its routers, with its access link, and runs commands and traces in it', async () => {
    const asked: FleetRequest[] = [];
    await harness.join('n1', {
      answer: (request) => {
        asked.push(request);
        if (request.kind === 'open-exec') return { kind: 'failed', code: 'not-found', message: 'asked' };
        if (request.kind !== 'trace') return undefined;
        return { kind: 'hops', hops: [{ ttl: 1, address: request.destination, rttMs: 1 }] };
      },
    });
    await harness.apply(withHost);
    await harness.overlay('ring', { phase: 'ready' });
    const { hosts } = (await harness.get('/v1/overlays/ring/hosts')).body;
    expect(hosts).toMatchObject([
      { name: 'h1', node: 'n1', namespace: 'ring_h1', phase: 'ready', adjacent: ['r2'] },
    ]);
    expect((await harness.get('/v1/overlays/ring/routers')).body.routers).toHaveLength(3);
    const { links } = (await harness.get('/v1/overlays/ring/links')).body;
    expect(links.map(({ name }: { name: string }) => name)).toContain('h1-r2');
    expect((await harness.get('/v1/nodes')).body.nodes[0].members.used).toBe(4);
    await harness.send('POST', '/v1/overlays/ring/members/h1/exec?argv=id');
    expect(asked.at(-1)).toMatchObject({ kind: 'open-exec', overlay: 'ring', member: 'h1' });
    const { body } = await harness.send('POST', '/v1/overlays/ring/trace', '{"from":"r1","to":"h1"}');
    expect(body).toMatchObject({ reached: true, hops: [{ router: 'h1', node: 'n1' }] });
    await harness.send('POST', '/v1/overlays/ring/trace', '{"from":"h1","to":"r1"}');
    expect(asked.at(-1)).toMatchObject({ kind: 'trace', from: 'h1' });
  });
});

describe('the view of links', () => {
  it('tells layers, encryption, what they run over, and what each end sends worse', async () => {
    const { capabilities } = nodeOf('n1');
    const node = {
      capabilities: { ...capabilities, linkKinds: ['veth', 'gre'], features: ['gue', 'nftables', 'tbf'] },
    };
    await harness.join('n1', { node });
    await harness.join('n2', { node });
    const document = ring('ring', 3, ['n1', 'n2']).replace(
      'spec:',
      'spec:\n  links: { encapsulation: gue, layers: 2, emulate: { rate: 10mbit } }',
    );
    expect((await harness.apply(document)).status).toBe(200);
    const { links } = (await harness.get('/v1/overlays/ring/links')).body;
    const emulation = { delayUs: 0, jitterUs: 0, lossPpm: 0, rateBps: 10_000_000 };
    expect(links[0]).toMatchObject({
      ...{ name: 'r1-r2', kind: 'gre', layers: 2, physical: 'gue', encrypted: false },
      ...{ underlay: '', down: false, ends: [{ emulation }, { emulation }] },
    });
    const [first] = (await harness.get('/v1/nodes')).body.nodes;
    expect(first.features).toEqual(['gue', 'nftables', 'tbf']);
  });
});

describe('changing one link of an overlay', () => {
  const change = (body: unknown, query = '') =>
    harness.send('PATCH', `/v1/overlays/ring/links/r1-r2${query}`, JSON.stringify(body));

  it('is as if its file had been edited: asked, stored, sent and told like that', async () => {
    const n1 = await harness.join('n1');
    await harness.apply(ring('ring', 3, ['n1']));
    const { status, body } = await change({ down: true, emulate: { rate: '10mbit' } });
    expect(status).toBe(200);
    expect(body.results).toMatchObject([{ overlay: 'ring', outcome: 'changed' }]);
    const { document } = (await harness.get('/v1/overlays/ring')).body;
    expect(document.spec.topology.links).toEqual([
      { between: ['r1', 'r2'], emulate: { rate: '10mbit' }, down: true },
    ]);
    await eventually(() => {
      const links = n1.desired.overlays[0]?.environments.flatMap(({ links }) => links) ?? [];
      const cut = links.filter(({ enabled }) => !enabled);
      expect(cut.map(({ link }) => link)).toEqual(['r1-r2', 'r1-r2']);
      expect(cut[0]?.emulation?.rateBps).toBe(10_000_000);
    });
    expect(n1.requests.map(({ kind }) => kind)).toEqual(['prepare', 'prepare']);
    await change({ down: false, emulate: null });
    const again = await harness.apply(ring('ring', 3, ['n1']));
    expect(again.body.results[0].outcome).toBe('unchanged');
  });

  it('changes nothing in a dry run, for a link that is not there, or against what a node can', async () => {
    await harness.join('n1');
    await harness.apply(ring('ring', 3, ['n1']));
    expect((await change({ down: true }, '?dryRun=true')).body.results[0].outcome).toBe('changed');
    expect((await change({ down: 'yes' })).status).toBe(400);
    expect((await change({ emulate: { rate: 'fast' } })).status).toBe(400);
    const unable = await change({ emulate: { delay: '20ms' } });
    expect(unable.status).toBe(422);
    expect(unable.body.error.problems[0].message).toContain('netem');
    for (const path of ['ring/links/r1-r9', 'none/links/r1-r2']) {
      const { status, body } = await harness.send('PATCH', `/v1/overlays/${path}`, '{"down":true}');
      expect([status, body.error.code]).toEqual([404, 'not-found']);
    }
    const { document } = (await harness.get('/v1/overlays/ring')).body;
    expect(document.spec.topology).toEqual({ kind: 'ring', routers: 3 });
  });
});

describe('an overlay whose nodes come and go', () => {
  it('is degraded while a node is away and ready again when it is back', async () => {
    await harness.join('n1');
    const n2 = await harness.join('n2');
    await harness.apply(ring('ring', 4, ['n1', 'n2']));
    await harness.overlay('ring', { phase: 'ready' });
    await harness.leave(n2, 'n2');
    const { message } = await harness.overlay('ring', { phase: 'degraded' });
    expect(message).toMatch(/^node n2 is not connected/);
    const routers = (await harness.get('/v1/overlays/ring/routers')).body.routers;
    expect(routers.map(({ phase }: { phase: string }) => phase)).toEqual([
      'ready',
      'unknown',
      'ready',
      'unknown',
    ]);
    await harness.join('n2');
    await harness.overlay('ring', { phase: 'ready' });
    const { events } = (await harness.get('/v1/events?overlay=ring')).body;
    expect(events.map(({ kind }: { kind: string }) => kind)).toEqual([
      'overlay-applied',
      'overlay-ready',
      'overlay-degraded',
      'overlay-ready',
    ]);
  });

  it('says which router failed and why', async () => {
    const n1 = await harness.join('n1', { obedient: false });
    await harness.apply(ring('ring', 3, ['n1']));
    expect((await harness.overlay('ring', { phase: 'deploying' })).message).not.toBe('');
    await eventually(() => n1.desired.overlays.length === 1 || Promise.reject(new Error('no state yet')));
    n1.report(n1.desired.revision, 'converging');
    await harness.overlay('ring', { phase: 'converging' });
    n1.report(0, 'failed', 'zebra would not start');
    await harness.overlay('ring', { phase: 'degraded', message: 'router r1 failed: zebra would not start' });
  });

  it('goes on from the store after the controller was restarted', async () => {
    const n1 = await harness.join('n1');
    await harness.apply(ring('ring', 3, ['n1']));
    const before = await harness.overlay('ring', { phase: 'ready' });
    await harness.stop();
    await n1.session.closed;
    await harness.start();
    expect(await harness.overlay('ring', { phase: 'degraded' })).toMatchObject({ revision: before.revision });
    const again = await harness.join('n1');
    expect(again.desired).toEqual(n1.desired);
    expect(await harness.overlay('ring', { phase: 'ready' })).toMatchObject({
      revision: before.revision,
      createdAt: before.createdAt,
      convergenceMs: before.convergenceMs,
    });
  });

  it('refuses a second agent of a name while the first is there', async () => {
    const first = await harness.join('n1');
    expect(await harness.dial('n1').session.closed).toMatchObject({ code: 'name-taken' });
    await harness.leave(first, 'n1');
    expect((await harness.join('n1')).welcomed).toBe(true);
  });

  it('sends other nodes the new address of a node that has moved', async () => {
    const n1 = await harness.join('n1');
    const n2 = await harness.join('n2');
    await harness.apply(ring('ring', 4, ['n1', 'n2']));
    await harness.overlay('ring', { phase: 'ready' });
    const { revision } = n1.desired;
    await harness.leave(n2, 'n2');
    await harness.join('n2', { node: { underlay: ['198.51.100.7'] } });
    await eventually(() => expect(JSON.stringify(n1.desired)).toContain('198.51.100.7'));
    expect(n1.desired.revision).toBeGreaterThan(revision);
  });

  it('keeps what a node has when it comes back without what its overlays need', async () => {
    await harness.join('n1');
    const n2 = await harness.join('n2');
    await harness.apply(ring('ring', 4, ['n1', 'n2']));
    await harness.leave(n2, 'n2');
    const changed = harness.dial('n2', { node: { underlay: [] } });
    expect((await changed.session.closed)?.message).toContain('no address family in common');
    expect((await harness.get('/v1/nodes')).body.nodes[1].underlay).toEqual(['192.0.2.2']);
  });
});

describe('deleting an overlay', () => {
  it('is over when every node has said that nothing of it is left', async () => {
    const n1 = await harness.join('n1', { obedient: false });
    await harness.apply(ring('ring', 3, ['n1']));
    const made = { ...(await eventually(() => statusFor(n1.desired.overlays))) };
    const { status, body } = await harness.send('DELETE', '/v1/overlays/ring');
    expect(status).toBe(202);
    expect(body.phase).toBe('deleting');
    expect((await harness.apply(ring('ring', 3, ['n1']))).status).toBe(409);
    await eventually(() => expect(n1.desired.overlays).toEqual([]));
    const { revision } = n1.desired;
    n1.send({ revision: revision - 1, overlays: [] });
    n1.send({ revision, overlays: [made] });
    await harness.overlay('ring', { phase: 'deleting' });
    n1.send({ revision, overlays: [] });
    await eventually(async () => expect((await harness.get('/v1/overlays/ring')).status).toBe(404));
    expect((await harness.send('DELETE', '/v1/overlays/ring')).status).toBe(404);
    expect((await harness.apply(ring('ring', 3, ['n1']))).body.results[0].outcome).toBe('created');
  });

  it('waits for a node that is away, also over a restart, and cleans it when it returns', async () => {
    await harness.join('n1');
    const n2 = await harness.join('n2');
    await harness.apply(ring('ring', 4, ['n1', 'n2']));
    await harness.overlay('ring', { phase: 'ready' });
    await harness.leave(n2, 'n2');
    await harness.send('DELETE', '/v1/overlays/ring');
    const { message } = await harness.overlay('ring', { phase: 'deleting' });
    expect(message).toMatch(/^node n2 is not connected.*cleaned when it returns$/);
    await harness.stop();
    await harness.start();
    await harness.overlay('ring', { phase: 'deleting' });
    await harness.join('n1');
    expect((await harness.join('n2')).desired.overlays).toEqual([]);
    await eventually(async () => expect((await harness.get('/v1/overlays/ring')).status).toBe(404));
    const { events } = (await harness.get('/v1/events?overlay=ring')).body;
    expect(events.map(({ kind }: { kind: string }) => kind)).toEqual(['overlay-deleted']);
  });

  it('remembers a node that its routers moved away from until that is clean', async () => {
    await harness.join('n1');
    const n2 = await harness.join('n2', { obedient: false });
    await harness.apply(ring('ring', 4, ['n1', 'n2']));
    await eventually(() => expect(n2.desired.overlays).toHaveLength(1));
    await harness.apply(ring('ring', 4, ['n1']));
    await eventually(() => expect(n2.desired.overlays).toEqual([]));
    await harness.overlay('ring', { phase: 'ready' });
    await harness.send('DELETE', '/v1/overlays/ring');
    await harness.overlay('ring', { phase: 'deleting', message: 'still on n2' });
    n2.send({ revision: n2.desired.revision, overlays: [] });
    await eventually(async () => expect((await harness.get('/v1/overlays/ring')).status).toBe(404));
  });
});

function statusFor(overlays: readonly { name: string }[]) {
  const [overlay] = overlays;
  if (overlay === undefined) throw new Error('no state yet');
  const environment = {
    name: 'r1',
    role: 'router',
    namespace: `${overlay.name}_r1`,
    phase: 'removing',
    message: '',
    routes: { have: 0, want: 0 },
    neighbors: { have: 0, want: 0 },
    daemons: [],
  } as const;
  return { name: overlay.name, environments: [environment], routeChanges: null, lostGenerations: [] };
}
