import { spawnSync } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SHELLS } from '../../src/cli/completion.ts';
import { createProgram, main } from '../../src/main.ts';
import type { EventBody, RouterView } from '../../src/model/api.ts';
import { answerError, answerJson, readBody, startController } from './loopback-controller.ts';
import { recordingTerminal } from './recording-terminal.ts';

const ROUTER: RouterView = {
  overlay: 'ring',
  name: 'r1',
  node: 'n1',
  namespace: 'ring_r1',
  pathspace: 'ring_r1',
  phase: 'ready',
  message: '',
  addresses: ['10.20.0.1/32'],
  adjacent: ['r2', 'r10'],
  neighbors: { have: 2, want: 2 },
  routes: { have: 9, want: 9 },
  daemons: [{ daemon: 'zebra', pid: 12, restarts: 1, drift: 2, outdated: true }],
};

let answers: Record<string, unknown>;
let handle: ((request: IncomingMessage, response: ServerResponse) => boolean) | null;
let controller: Awaited<ReturnType<typeof startController>>;

beforeEach(async () => {
  answers = {};
  handle = null;
  controller = await startController((request, response) => {
    if (handle?.(request, response) === true) return;
    const body = answers[request.url ?? ''];
    if (body === undefined)
      answerError(response, 404, { code: 'not-found', message: `nothing at ${request.url}` });
    else answerJson(response, body);
  });
});

afterEach(() => controller.close());

async function run(...argv: string[]) {
  const { terminal, said } = recordingTerminal();
  const env = { XDG_CONFIG_HOME: '/nonexistent', VINET_LAB_DIR: '/nonexistent' };
  const status = await main(argv, { terminal, env, stdin: Readable.from([]) });
  return { status, ...said };
}

const ask = (...argv: string[]) => run(...argv, '--address', controller.address);

test.each([
  [['frobnicate']],
  [['get', 'overlay']],
  [['get', 'routers', '-o', 'xml']],
  [['get', 'nodes', 'n1', 'n2']],
  [['apply']],
  [['apply', '-f', 'x', '--timeout', 'soon']],
  [['exec', 'ring', '--', 'ip', 'a']],
  [['exec', 'ring/r1']],
  [['exec', 'ring/r1', '--']],
  [['vtysh', 'ring/r1/x']],
  [['link', 'ring', 'r1', 'r2']],
  [['link', 'ring', 'r1', 'r2', 'r3', '--down']],
  [['link', 'ring', 'r1', 'r2', '--down', '--up']],
  [['link', 'ring', 'r1', 'r2', '--clear', '--delay', '1ms']],
  [['link', 'ring', 'r1', 'r2', '--delay', '20']],
  [['link', 'ring', 'r1', 'r2', '--down', '--from', 'r1']],
  [['lab', 'up', '--nodes', 'three']],
  [['agent']],
  [['completion', 'tcsh']],
])('used wrongly, as in %j, it says how it is used and ends with 2', async (argv) => {
  const { status, out, err } = await run(...argv);
  expect(status).toBe(2);
  expect(out).toBe('');
  expect(err).toMatch(/^error: .*\n/);
});

test('help is no failure and goes where results go', async () => {
  const { status, out } = await run('get', '--help');
  expect(status).toBe(0);
  expect(out).toContain('overlays');
});

test('routers of an overlay are a table for people and the words of the API for programs', async () => {
  answers['/v1/overlays/ring/routers'] = { routers: [ROUTER] };
  expect((await ask('get', 'routers', 'ring')).out.split('\n')).toEqual([
    'ROUTER  NODE  PHASE  ADDRESS       NEIGHBOURS  ADJACENT  ROUTES',
    'r1      n1    ready  10.20.0.1/32         2/2  r2 r10       9/9',
    '',
  ]);
  expect((await ask('get', 'routers', 'ring', '-o', 'wide')).out).toContain(
    'zebra=12(1 restarts, 2 lines drifted, outdated)',
  );
  expect(JSON.parse((await ask('get', 'routers', 'ring', '-o', 'json')).out)).toEqual({ routers: [ROUTER] });
  expect((await ask('get', 'routers', 'ring', '-o', 'yaml')).out).toContain('namespace: ring_r1\n');
  expect((await ask('get', 'routers', 'ring/r1', '-o', 'name')).out).toBe('ring/r1\n');
  expect(await ask('get', 'routers', 'ring/r9')).toMatchObject({
    status: 1,
    err: 'error: overlay ring has no router r9\n',
  });
});

test('without a name the lists of all overlays follow one another', async () => {
  answers['/v1/overlays'] = { overlays: [{ name: 'ring' }, { name: 'star' }] };
  answers['/v1/overlays/ring/routers'] = { routers: [ROUTER] };
  answers['/v1/overlays/star/routers'] = { routers: [{ ...ROUTER, overlay: 'star' }] };
  expect((await ask('get', 'routers', '-o', 'name')).out).toBe('ring/r1\nstar/r1\n');
});

test('a name cannot become another path of the API', async () => {
  expect((await ask('get', 'links', '../nodes?x=1')).err).toContain('/v1/overlays/..%2Fnodes%3Fx%3D1/links');
});

test('links are shown with their layers, what they run over, and what makes them worse', async () => {
  const end = { router: 'r1', node: 'n1', interface: 'r2', addresses: ['10.0.0.1/31'], cost: 10 };
  const emulation = { delayUs: 20_500, jitterUs: 0, lossPpm: 5000, rateBps: 100_000_000 };
  const common = { overlay: 'ring', mtu: 1400, ends: [{ ...end, emulation }] };
  answers['/v1/overlays/ring/links'] = {
    links: [
      {
        ...{ ...common, name: 'a', kind: 'gre', layers: 2, physical: 'gue', encrypted: true },
        ...{ underlay: 'base', vni: 1000, down: true },
      },
      {
        ...{ ...common, name: 'b', kind: 'veth', layers: 1, physical: null, encrypted: false },
        ...{ underlay: '', vni: null, down: false },
      },
    ],
  };
  const { out } = await ask('get', 'links', 'ring');
  expect(out).toMatch(/^a +gre in gue encrypted +base +1000 +1400 +down /m);
  expect(out).toMatch(/^b +veth +- +- +1400 +up /m);
  expect(out).toContain('delay 20.5ms loss 0.5% rate 100mbit');
});

test('hosts of an overlay are a table like routers', async () => {
  const host = { overlay: 'ring', name: 'h1', node: 'n1', namespace: 'ring_h1', phase: 'ready', message: '' };
  answers['/v1/overlays/ring/hosts'] = {
    hosts: [{ ...host, addresses: ['10.0.0.9/31'], adjacent: ['r1'] }],
  };
  expect((await ask('get', 'hosts', 'ring')).out).toMatch(/^h1 +n1 +ready +10\.0\.0\.9\/31 +r1$/m);
  expect((await ask('get', 'hosts', 'ring/h1', '-o', 'name')).out).toBe('ring/h1\n');
  expect((await ask('get', 'hosts', 'ring/h2')).err).toContain('no host h2');
});

test('an empty list says so beside the output, not in it', async () => {
  answers['/v1/nodes'] = { nodes: [] };
  expect(await ask('get', 'nodes')).toEqual({ status: 0, out: '', err: 'no nodes\n' });
});

test('a trace shows each hop, silent ones too, and fails when the end is not reached', async () => {
  answers['/v1/overlays/ring/trace'] = {
    hops: [
      { ttl: 1, address: '10.20.0.2', router: 'r2', node: 'n2', rttMs: 0.1234 },
      { ttl: 2, address: '', router: '', node: '', rttMs: 0 },
    ],
    reached: false,
  };
  const { status, out, err } = await ask('trace', 'ring', 'r1', 'r6');
  expect([status, err]).toEqual([1, 'r6 did not answer\n']);
  expect(out.split('\n')).toEqual([
    'HOP  ROUTER  NODE  ADDRESS        RTT',
    '  1  r2      n2    10.20.0.2  0.12 ms',
    '  2  *       -     -                -',
    '',
  ]);
});

test('a drawing shows nodes as boxes, costs on links and segments as points', async () => {
  answers['/v1/overlays/ring/routers'] = { routers: [ROUTER, { ...ROUTER, name: 'r2', node: 'n"2' }] };
  const end = { node: '', interface: '', addresses: [], cost: 10 };
  answers['/v1/overlays/ring/links'] = {
    links: [
      {
        overlay: 'ring',
        name: 'r1-r2',
        kind: 'vxlan',
        vni: 1,
        mtu: 1450,
        ends: [
          { ...end, router: 'r1' },
          { ...end, router: 'r2' },
        ],
      },
      {
        overlay: 'ring',
        name: 'bus',
        kind: 'segment',
        vni: 2,
        mtu: 1450,
        ends: [{ ...end, router: 'r1', cost: null }],
      },
    ],
  };
  answers['/v1/overlays/ring/hosts'] = { hosts: [{ name: 'h1', node: 'n1' }] };
  const dot = (await ask('graph', 'ring')).out;
  expect(dot).toContain('"h1";');
  expect(dot).toContain('"r1" -- "r2" [label="10"];');
  expect(dot).toContain('"r1" -- "bus";');
  expect(dot).toContain('subgraph "cluster_n?2" {');
  expect((await ask('graph', 'ring', '-o', 'mermaid')).out).toContain('x_r1 ---|10| x_r2');
  expect((await ask('graph', 'ring', '-o', 'svg')).out).toContain('<title>segment bus</title>');
});

test('events are followed across a broken stream, from where it broke off', async () => {
  const urls: (string | undefined)[] = [];
  const event = (id: number): EventBody => ({
    id,
    time: 't',
    kind: 'daemon-died',
    overlay: 'ring',
    node: 'n1',
    member: 'r1',
    message: 'ospfd',
  });
  handle = (request, response) => {
    urls.push(request.url);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (urls.length === 1) {
      response.end(`: hello\n\nid: 8\ndata: ${JSON.stringify(event(8))}\n\ndata: not json\n\n`);
    } else {
      response.write(`data: ${JSON.stringify(event(9))}\n\n`);
      process.emit('SIGTERM');
    }
    return true;
  };
  const { status, out } = await ask('events', 'ring', '--since', '7');
  expect(status).toBe(0);
  expect(urls).toEqual(['/v1/events?since=7&overlay=ring', '/v1/events?since=8&overlay=ring']);
  expect(out.split('\n')[0]).toBe('t  daemon-died  ring r1 on n1  ospfd');
});

test('the version is told with and without a controller', async () => {
  answers['/v1/version'] = { version: '9.9.9', apiVersion: 'vinet/v1' };
  expect((await ask('version')).out).toMatch(/^vinet [0-9.]+\ncontroller 9\.9\.9 \(vinet\/v1\) at http/);
  await controller.close();
  expect(await ask('version')).toMatchObject({
    status: 0,
    err: expect.stringContaining('no controller answers'),
  });
  expect(await ask('get', 'nodes')).toMatchObject({
    status: 1,
    err: expect.stringContaining('vinet lab up'),
  });
});

test.each(SHELLS)('completion for %s knows every command of the tree', async (shell) => {
  const { status, out } = await run('completion', shell);
  expect(status).toBe(0);
  const { terminal } = recordingTerminal();
  const program = createProgram({ terminal, env: {}, stdin: Readable.from([]), setStatus() {} });
  for (const command of program.commands) expect(out).toContain(`'${command.name()}'`);
});

test("bash completes commands, flags and their values, and asks for overlays' names", async () => {
  const { out } = await run('completion', 'bash');
  const complete = (...words: string[]) => {
    const script = `${out}
vinet() { echo "asked:$*"; }
COMP_WORDS=(vinet ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
_vinet; printf '%s ' "\${COMPREPLY[@]}"`;
    return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim();
  };
  expect(complete('del')).toBe('delete');
  expect(complete('get', 'ro')).toBe('routers routes');
  expect(complete('lab', 'up', '--no')).toBe('--nodes');
  expect(complete('lab', '')).toBe('up status down');
  expect(complete('get', 'routers', '-o', 'j')).toBe('json');
  expect(complete('delete', 'overlay', 'asked')).toBe('asked:get');
});

test('a link is found by its ends, and changed by its name', async () => {
  const link = (name: string, routers: string[]) => ({
    name,
    kind: 'vxlan',
    ends: routers.map((router) => ({ router, node: 'n1', interface: 'x', addresses: [], cost: 1 })),
  });
  answers['/v1/overlays/ring/links'] = {
    links: [link('r1-r2', ['r1', 'r2']), link('a', ['r1', 'r3']), link('b', ['r3', 'r1'])],
  };
  const sent: unknown[] = [];
  handle = (request, response) => {
    if (request.method !== 'PATCH') return false;
    void readBody(request).then((body) => {
      sent.push([request.url, JSON.parse(body.toString())]);
      const change = { action: 'update', namespace: 'ring_r1', object: 'link r2', detail: 'down' };
      const nodes = [{ node: 'n1', changes: [change] }];
      answerJson(response, { results: [{ overlay: 'ring', outcome: 'changed', revision: 2, nodes }] });
    });
    return true;
  };
  const { status, out } = await ask('link', 'ring', 'r2', 'r1', '--down');
  expect(status).toBe(0);
  expect(out).toContain('~ ring_r1 link r2  down');
  await ask('link', 'ring', 'a', '--delay', '20ms', '--loss', '1%', '--from', 'r3', '--dry-run');
  await ask('link', 'ring', 'a', '--clear');
  expect(sent).toEqual([
    ['/v1/overlays/ring/links/r1-r2', { down: true }],
    ['/v1/overlays/ring/links/a?dryRun=true', { emulate: { delay: '20ms', loss: '1%' }, from: 'r3' }],
    ['/v1/overlays/ring/links/a', { emulate: null }],
  ]);
  expect(await ask('link', 'ring', 'r1', 'r3', '--up')).toMatchObject({
    status: 1,
    err: expect.stringContaining('one of a, b'),
  });
  expect((await ask('link', 'ring', 'r1', 'r9', '--up')).err).toContain('no link between r1 and r9');
});
