import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { overlayJsonSchema } from '../../src/model/overlay-document.ts';
import type { FleetReply, FleetRequest } from '../../src/rpc/request-codec.ts';
import type { FakeAgent } from './fake-agent.ts';
import { eventually, Harness, ring } from './harness.ts';

const harness = new Harness();
/** Replaced by each test that needs an answer of its own. */
let answer: (request: FleetRequest, agent: FakeAgent) => Promise<FleetReply> | undefined = () => undefined;

beforeAll(async () => {
  await harness.start();
  await harness.join('n1', { answer: (asked, agent) => answer(asked, agent) });
  await harness.apply(ring('ring', 3, ['n1']));
  await harness.overlay('ring', { phase: 'ready' });
}, 30_000);
beforeEach(() => {
  answer = () => undefined;
});
afterAll(() => harness.end());

const errorBody = (code: string) => ({ error: { code, message: expect.any(String) } });

describe('who may ask', () => {
  it.each(['/healthz', '/metrics', '/openapi.json', '/v1/targets'])(
    'answers %s without a token',
    async (path) => {
      expect((await harness.send('GET', path, undefined, '', {})).status).toBe(200);
    },
  );

  it.each([
    ['GET', '/v1/overlays'],
    ['GET', '/v1/events'],
    ['GET', '/v1/version'],
    ['POST', '/v1/apply'],
    ['DELETE', '/v1/overlays/ring'],
    ['POST', '/v1/overlays/ring/members/r1/exec?argv=id'],
    ['GET', '/nowhere'],
  ])('answers %s %s with 401 without the token', async (method, path) => {
    for (const authorization of [
      undefined,
      'Bearer wrong',
      harness.token,
      `Basic ${harness.token}`,
      'Bearer ',
    ]) {
      const headers = authorization === undefined ? {} : { authorization };
      const { status, body } = await harness.send(method, path, undefined, '', headers);
      expect(status).toBe(401);
      expect(body).toEqual(errorBody('unauthorized'));
    }
  });
});

describe('hostile requests', () => {
  it.each([
    ['GET', '/v1/overlays/..%2F..%2Fetc'],
    ['GET', '/v1/overlays/ring%0Ax'],
    ['GET', '/v1/overlays/__proto__'],
    ['GET', '/v1/overlays/ring/routes?router=../r1'],
    ['DELETE', `/v1/overlays/${'a'.repeat(200)}`],
    ['POST', '/v1/overlays/ring/members/..%2F/exec?argv=id'],
    ['POST', '/v1/overlays/ring/members/r1/exec'],
    ['POST', '/v1/overlays/ring/members/r1/exec?argv=a%00b'],
    ['GET', '/v1/events?since=-1'],
    ['GET', '/v1/%ff'],
  ])('answers %s %s with 400 and changes nothing', async (method, path) => {
    const { status, body } = await harness.send(method, path);
    expect(body).toEqual(errorBody('bad-request'));
    expect(status).toBe(400);
  });

  it.each([
    ['GET', '/v1/overlays/constructor'],
    ['GET', '/v1/overlays/none/routers'],
    ['GET', '/v1/overlays/ring/routes?router=r99'],
    ['DELETE', '/v1/overlays/none'],
    ['PUT', '/v1/overlays/ring'],
    ['GET', '/v1/nothing'],
    ['POST', '/v1/overlays/none/members/r1/exec?argv=id'],
  ])('answers %s %s with 404', async (method, path) => {
    const { status, body } = await harness.send(method, path);
    expect(body).toEqual(errorBody('not-found'));
    expect(status).toBe(404);
  });

  it('answers any path with an error of its own kind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.webPath(), async (path) => {
        const { status, body } = await harness.get(`/v1/overlays/${path}`);
        if (status !== 200) expect(body.error.code).toMatch(/^(not-found|bad-request)$/);
      }),
      { numRuns: 50 },
    );
  });

  it('does not take in a body of 100 MB, whether or not its length is said', async () => {
    const before = process.memoryUsage().rss;
    const tooLarge = { error: { code: 'too-large', message: expect.stringContaining('8 MiB') } };
    expect(await post('/v1/apply', { 'content-length': String(100 * 1024 * 1024) })).toEqual([413, tooLarge]);
    let sent = 0;
    const endless = new Readable({
      read() {
        sent += 65_536;
        this.push(sent > 100 * 1024 * 1024 ? null : Buffer.alloc(65_536, ' '));
      },
    });
    expect(await post('/v1/apply', {}, endless)).toEqual([413, tooLarge]);
    expect(sent).toBeLessThan(50 * 1024 * 1024);
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
  });

  it('names what it cannot read', async () => {
    const { body } = await harness.send('POST', '/v1/apply', 'x', 'text/html');
    expect(body).toEqual(errorBody('unsupported-media-type'));
    expect((await harness.send('POST', '/v1/apply')).body).toEqual(errorBody('bad-request'));
    const { body: invalid } = await harness.send(
      'POST',
      '/v1/apply',
      Buffer.from([0xff, 0xfe, 0x00]),
      'text/yaml',
    );
    expect(invalid.error.code).toBe('invalid-overlay');
    const { body: trace } = await harness.send('POST', '/v1/overlays/ring/trace', '{"from":"r1"');
    expect(trace).toEqual(errorBody('bad-request'));
    const extra = JSON.stringify({ from: 'r1', to: 'r2', via: 'r3' });
    expect((await harness.send('POST', '/v1/overlays/ring/trace', extra)).status).toBe(400);
  });

  it('answers what is no HTTP with an error body and goes on', async () => {
    const { hostname, port } = new URL(harness.url);
    const socket = connect(Number(port), hostname);
    socket.write('GARBAGE\r\n\r\n');
    let text = '';
    for await (const data of socket) text += data;
    expect(text).toMatch(/^HTTP\/1\.1 400/);
    expect(text).toContain('"code":"bad-request"');
    expect((await harness.get('/v1/version')).status).toBe(200);
  });
});

describe('what is there', () => {
  it('shows an overlay with its document, routers and links', async () => {
    const { body } = await harness.get('/v1/overlays/ring');
    expect(body.document.spec.topology).toEqual({ kind: 'ring', routers: 3 });
    const { routers } = (await harness.get('/v1/overlays/ring/routers')).body;
    expect(routers[0]).toMatchObject({
      overlay: 'ring',
      name: 'r1',
      node: 'n1',
      namespace: 'ring_r1',
      phase: 'ready',
      adjacent: ['r2', 'r3'],
      routes: { have: 2, want: 2 },
    });
    const { links } = (await harness.get('/v1/overlays/ring/links')).body;
    expect(links).toHaveLength(3);
    expect(links[0]).toMatchObject({ kind: 'veth', vni: null });
  });

  it('shows nodes with what they can and hold', async () => {
    const [node] = (await harness.get('/v1/nodes')).body.nodes;
    expect(node).toMatchObject({
      name: 'n1',
      connected: true,
      members: { used: 3, limit: 1000 },
      frr: '8.4.4',
      frrRemark: '',
    });
    expect(node.revision.have).toBe(node.revision.want);
  });

  it('asks agents for routes', async () => {
    answer = async (asked) => {
      if (asked.kind !== 'read-routes') throw new Error('asked for something else');
      const prefix = `10.0.0.${asked.member.slice(1)}/32`;
      const nextHops = [{ via: '10.1.1.1', interface: 'r2' }];
      return { kind: 'routes', routes: [{ prefix, protocol: 'ospf', nextHops, metric: 20 }] };
    };
    const all = (await harness.get('/v1/overlays/ring/routes')).body.routes;
    expect(all.map(({ router, prefix }: Record<string, string>) => `${router} ${prefix}`)).toEqual([
      'r1 10.0.0.1/32',
      'r2 10.0.0.2/32',
      'r3 10.0.0.3/32',
    ]);
    expect((await harness.get('/v1/overlays/ring/routes?router=r2')).body.routes).toHaveLength(1);
    answer = async () => ({ kind: 'failed', code: 'kernel', message: 'the dump was cut short' });
    const { status, body } = await harness.get('/v1/overlays/ring/routes');
    expect(status).toBe(502);
    expect(body.error).toEqual({ code: 'node-failed', message: 'node n1: the dump was cut short' });
  });

  it('traces towards a router by its own address and names each hop', async () => {
    const { links } = (await harness.get('/v1/overlays/ring/links')).body;
    const { routers } = (await harness.get('/v1/overlays/ring/routers')).body;
    const loopback = routers[2].addresses[0].split('/')[0];
    const end = links
      .flatMap((link: { ends: { router: string; addresses: string[] }[] }) => link.ends)
      .find(({ router }: { router: string }) => router === 'r2');
    answer = async (asked) => {
      expect(asked).toEqual({ kind: 'trace', overlay: 'ring', from: 'r1', destination: loopback });
      return {
        kind: 'hops',
        hops: [
          { ttl: 1, address: end.addresses[0].split('/')[0], rttMs: 0.5 },
          { ttl: 2, address: '', rttMs: 0 },
          { ttl: 3, address: loopback, rttMs: 1.5 },
        ],
      };
    };
    const { body } = await harness.send('POST', '/v1/overlays/ring/trace', '{"from":"r1","to":"r3"}');
    expect(body.reached).toBe(true);
    expect(body.hops.map(({ router, node }: Record<string, string>) => [router, node])).toEqual([
      ['r2', 'n1'],
      ['', ''],
      ['r3', 'n1'],
    ]);
  });

  it('gives Prometheus the agents to scrape', async () => {
    expect((await harness.get('/v1/targets')).body).toEqual([
      { targets: ['127.0.0.1:9001'], labels: { node: 'n1' } },
    ]);
  });

  it('describes itself: OpenAPI, the schema of overlays, its version', async () => {
    const { body } = await harness.get('/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(['/v1/apply', '/v1/overlays/{name}/routers', '/v1/events', '/v1/nodes']),
    );
    expect((await harness.get('/v1/schema/overlay')).body).toEqual(overlayJsonSchema());
    expect((await harness.get('/v1/version')).body.apiVersion).toBe('vinet/v1');
  });

  it('counts for Prometheus, and forgets an overlay that is gone', async () => {
    await harness.apply(ring('brief', 3, ['n1']));
    await harness.overlay('brief', { phase: 'ready' });
    const { text } = await harness.get('/metrics');
    for (const line of [
      'vinet_overlay_status{overlay="brief",phase="ready"} 1',
      'vinet_overlay_status{overlay="brief",phase="degraded"} 0',
      'vinet_overlay_routers_ready{overlay="brief"} 3',
      'vinet_overlay_routes_wanted{overlay="brief"} 6',
      'vinet_node_connected{node="n1"} 1',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).toMatch(/^vinet_applies_total\{result="created"\} [1-9]/m);
    expect(text).toMatch(/^vinet_applies_total\{result="refused"\} \d/m);
    expect(text).toMatch(/^vinet_overlay_convergence_seconds\{overlay="brief"\} \d/m);
    expect(text).toMatch(/^vinet_apply_duration_seconds_count [1-9]/m);
    expect(text).toContain('process_cpu_seconds_total');
    await harness.send('DELETE', '/v1/overlays/brief');
    await eventually(async () => expect((await harness.get('/metrics')).text).not.toContain('brief'));
  });
});

describe('events', () => {
  it('come as a list, as a stream, and go on from the last one that was seen', async () => {
    const { events } = (await harness.get('/v1/events')).body;
    expect(events.map(({ kind }: { kind: string }) => kind)).toContain('node-joined');
    const [first] = events;
    const since = (await harness.get(`/v1/events?since=${first.id}`)).body.events;
    expect(since).toEqual(events.slice(1));

    const stream = await follow('/v1/events?overlay=told', { 'last-event-id': String(first.id) });
    await harness.apply(ring('told', 3, ['n1']));
    const seen = await stream.until('overlay-ready');
    expect(seen.map(({ kind }) => kind)).toEqual(['overlay-applied', 'overlay-ready']);
    stream.close();
    const resumed = await follow('/v1/events?overlay=told', { 'last-event-id': String(seen[0]?.id) });
    expect((await resumed.until('overlay-ready')).map(({ id }) => id)).toEqual([seen[1]?.id]);
    resumed.close();
  });

  it('of agents bear the name of their node', async () => {
    const [agent] = harness.agents;
    agent?.session.sendEvent({
      time: '2024-01-01T00:00:00Z',
      kind: 'daemon-died',
      overlay: 'ring',
      member: 'r1',
      message: 'ospfd died',
    });
    await eventually(async () => {
      const { events } = (await harness.get('/v1/events?overlay=ring')).body;
      expect(events).toContainEqual(
        expect.objectContaining({ kind: 'daemon-died', node: 'n1', member: 'r1' }),
      );
    });
  });
});

describe('commands in a router', () => {
  it('get their input as it comes, and their output comes back at once', async () => {
    answer = echoing;
    const lines = await exec(['cat', '-n'], ['hello ', 'world']);
    expect(lines).toEqual([
      { stderr: base64('cat -n') },
      { stdout: base64('hello ') },
      { stdout: base64('world') },
      { exit: { status: 3, signal: '', failure: '' } },
    ]);
  });

  it('get signals between pieces of their input, and after its end', async () => {
    const inputs: unknown[] = [];
    answer = async (asked, agent) => {
      if (asked.kind === 'open-exec') void take(agent, asked.ticket, inputs);
      return { kind: 'done' };
    };
    const frames = [
      { stdin: base64('hello') },
      { signal: 'SIGINT' },
      { stdinClosed: true },
      { signal: 'SIGTERM' },
    ];
    const body = frames.map((frame) => `${JSON.stringify(frame)}\n`).join('');
    const path = '/v1/overlays/ring/members/r1/exec?argv=cat';
    const { text } = await harness.send('POST', path, body, 'application/x-ndjson');
    expect(inputs).toEqual(['hello', 'SIGINT', 'stdin-closed', 'SIGTERM']);
    expect(text).toContain('"signal":"SIGTERM"');
  });

  it.each(['no frame', '{}', '[]', 'null', '{"signal":"SIGSEGV"}', '{"stdin":1}'])(
    'are hung up on when their input is %s',
    async (line) => {
      const inputs: unknown[] = [];
      answer = async (asked, agent) => {
        if (asked.kind === 'open-exec') void take(agent, asked.ticket, inputs, 'SIGHUP');
        return { kind: 'done' };
      };
      const path = '/v1/overlays/ring/members/r1/exec?argv=cat';
      await harness.send('POST', path, `${line}\n`, 'application/x-ndjson');
      expect(inputs).toEqual(['SIGHUP']);
    },
  );

  it('need no input', async () => {
    answer = echoing;
    const { text } = await harness.send('POST', '/v1/overlays/ring/members/r1/exec?argv=true');
    expect(text.trim().split('\n').at(-1)).toBe('{"exit":{"status":3,"signal":"","failure":""}}');
  });

  it('may end while their input is still open', async () => {
    answer = async (asked, agent) => {
      if (asked.kind === 'open-exec') {
        const channel = agent.session.attach(asked.ticket);
        await channel.send({ kind: 'exit', status: 0, signal: '', failure: '' });
        channel.end();
      }
      return { kind: 'done' };
    };
    const stdin = new Readable({ read() {} });
    const response = await open('POST', '/v1/overlays/ring/members/r1/exec?argv=true', {}, stdin);
    let text = '';
    for await (const data of response) {
      text += data;
      stdin.push('too late');
    }
    expect(text).toBe('{"exit":{"status":0,"signal":"","failure":""}}\n');
    response.destroy();
  });

  it('that an agent cannot start are an error with its words', async () => {
    answer = async () => ({ kind: 'failed', code: 'not-found', message: 'ring_r1 is not there' });
    const { status, body } = await harness.send('POST', '/v1/overlays/ring/members/r1/exec?argv=id');
    expect(status).toBe(404);
    expect(body.error.message).toBe('ring_r1 is not there');
  });

  it('are hung up on when their user goes away', async () => {
    const signals: string[] = [];
    answer = async (asked, agent) => {
      if (asked.kind === 'open-exec') void record(agent, asked.ticket, signals);
      return { kind: 'done' };
    };
    const stdin = new Readable({ read() {} });
    const response = await open('POST', '/v1/overlays/ring/members/r1/exec?argv=sleep', {}, stdin);
    expect(response.statusCode).toBe(200);
    await once(response);
    response.destroy();
    await eventually(() => expect(signals).toEqual(['SIGHUP']));
  });

  it('whose agent is lost in the middle end with a failure', async () => {
    answer = async (asked, agent) => {
      if (asked.kind === 'open-exec') {
        const channel = agent.session.attach(asked.ticket);
        await channel.send({ kind: 'stdout', data: Buffer.from('half') });
        setImmediate(() => channel.abort());
      }
      return { kind: 'done' };
    };
    const { text } = await harness.send('POST', '/v1/overlays/ring/members/r1/exec?argv=yes');
    const last = JSON.parse(text.trim().split('\n').at(-1) ?? '');
    expect(last.exit.failure).toContain('not known');
  });
});

const base64 = (text: string) => Buffer.from(text).toString('base64');

const echoing: typeof answer = async (asked, agent) => {
  if (asked.kind === 'open-exec') void echo(agent, asked.ticket, asked.argv);
  return { kind: 'done' };
};

/** Says its arguments on stderr, gives its input back, and ends with status 3. */
async function echo(agent: FakeAgent, ticket: string, argv: readonly string[]): Promise<void> {
  const channel = agent.session.attach(ticket);
  await channel.send({ kind: 'stderr', data: Buffer.from(argv.join(' ')) });
  for await (const input of channel.received) {
    if (input.kind === 'stdin') await channel.send({ kind: 'stdout', data: input.data });
    if (input.kind === 'stdin-closed') break;
  }
  await channel.send({ kind: 'exit', status: 3, signal: '', failure: '' });
  channel.end();
}

/** Notes its input until it is sent the signal, which ends it. */
async function take(agent: FakeAgent, ticket: string, inputs: unknown[], last = 'SIGTERM'): Promise<void> {
  const channel = agent.session.attach(ticket);
  for await (const input of channel.received) {
    if (input.kind === 'stdin') inputs.push(Buffer.from(input.data).toString());
    else inputs.push(input.kind === 'signal' ? input.signal : input.kind);
    if (inputs.at(-1) !== last) continue;
    await channel.send({ kind: 'exit', status: 0, signal: last, failure: '' });
    channel.end();
    return;
  }
}

async function record(agent: FakeAgent, ticket: string, signals: string[]): Promise<void> {
  const channel = agent.session.attach(ticket);
  await channel.send({ kind: 'stdout', data: Buffer.from('begun') });
  for await (const input of channel.received) {
    if (input.kind !== 'signal') continue;
    signals.push(input.signal);
    await channel.send({ kind: 'exit', status: 0, signal: input.signal, failure: '' });
    channel.end();
  }
}

/** Sends each piece of input only after something has come back for the one before. */
async function exec(argv: readonly string[], pieces: readonly string[]): Promise<unknown[]> {
  const query = new URLSearchParams(argv.map((word): [string, string] => ['argv', word])).toString();
  const stdin = new Readable({ read() {} });
  const response = await open('POST', `/v1/overlays/ring/members/r1/exec?${query}`, {}, stdin);
  const left = [...pieces];
  let text = '';
  for await (const data of response) {
    text += data;
    stdin.push(left.shift() ?? null);
  }
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

interface Followed {
  readonly id: number;
  readonly kind: string;
}

async function follow(path: string, headers: Record<string, string>) {
  const response = await open('GET', path, { accept: 'text/event-stream', ...headers });
  expect(response.headers['content-type']).toBe('text/event-stream');
  let text = '';
  response.on('data', (data) => {
    text += data;
  });
  const events = () =>
    [...text.matchAll(/^id: (\d+)\nevent: (\S+)\ndata: (.*)\n\n/gm)].map(([, id, kind, data]): Followed => {
      expect(JSON.parse(data ?? '')).toMatchObject({ id: Number(id), kind });
      return { id: Number(id), kind: kind ?? '' };
    });
  return {
    close: () => response.destroy(),
    until: (kind: string) =>
      eventually(() => {
        expect(events().map((event) => event.kind)).toContain(kind);
        return events();
      }),
  };
}

function open(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: Readable,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const type = body === undefined ? {} : { 'content-type': 'application/octet-stream' };
    const outgoing = request(harness.url + path, {
      method,
      headers: { authorization: `Bearer ${harness.token}`, ...type, ...headers },
      agent: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      response.on('error', () => {});
      resolve(response);
    });
    outgoing.flushHeaders();
    if (body === undefined) outgoing.end();
    else body.pipe(outgoing);
  });
}

/** Answers may come before the body is sent; what happens to the rest of it is not looked at. */
function post(path: string, headers: Record<string, string>, body?: Readable): Promise<[number, unknown]> {
  return new Promise((resolve, reject) => {
    const outgoing = request(harness.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${harness.token}`, 'content-type': 'application/yaml', ...headers },
      agent: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', async (response) => {
      let text = '';
      for await (const data of response) text += data;
      outgoing.destroy();
      body?.destroy();
      resolve([response.statusCode ?? 0, JSON.parse(text)]);
    });
    outgoing.flushHeaders();
    body?.pipe(outgoing);
  });
}

function once(response: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    response.once('data', () => resolve());
  });
}
