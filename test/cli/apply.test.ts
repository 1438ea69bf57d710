import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { main } from '../../src/main.ts';
import type { ApplyBody, OverlaySummary } from '../../src/model/api.ts';
import { answerError, answerJson, readBody, startController } from './loopback-controller.ts';
import { recordingTerminal } from './recording-terminal.ts';

const APPLIED: ApplyBody = {
  results: [
    {
      overlay: 'ring',
      outcome: 'changed',
      revision: 7,
      nodes: [
        {
          node: 'n1',
          changes: [
            { action: 'create', namespace: 'ring_r11', object: 'namespace', detail: '' },
            { action: 'update', namespace: 'ring_r1', object: 'daemon ospfd', detail: 'cost 10 → 20' },
          ],
        },
        { node: 'n2', changes: [{ action: 'delete', namespace: 'ring_r4', object: 'link r9', detail: '' }] },
        { node: 'n3', changes: [] },
      ],
    },
  ],
};

let folder: string;
let file: string;
let handle: (request: IncomingMessage, response: ServerResponse) => void;
let controller: Awaited<ReturnType<typeof startController>>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vt-apply-'));
  file = join(folder, 'ring.yaml');
  writeFileSync(file, 'kind: Overlay\n');
  controller = await startController((request, response) => handle(request, response));
});

afterEach(async () => {
  await controller.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(argv: readonly string[], stdin = Readable.from([])) {
  const { terminal, said } = recordingTerminal();
  const env = { XDG_CONFIG_HOME: folder, VINET_LAB_DIR: folder };
  const status = await main([...argv, '--address', controller.address, '--token', 'secret'], {
    terminal,
    env,
    stdin,
  });
  return { status, ...said };
}

function summary(changes: Partial<OverlaySummary>): OverlaySummary {
  return {
    name: 'ring',
    phase: 'converging',
    message: '',
    revision: 7,
    nodes: ['n1'],
    routers: { total: 10, ready: 3 },
    routes: { have: 50, want: 100 },
    createdAt: '2026-01-01T00:00:00.000Z',
    convergenceMs: null,
    keys: null,
    ...changes,
  };
}

test('apply sends the very bytes of the file with the token and sums the changes up by node', async () => {
  const seen: unknown[] = [];
  handle = async (request, response) => {
    const { authorization, 'content-type': type } = request.headers;
    seen.push([request.method, request.url, authorization, type, (await readBody(request)).toString('hex')]);
    answerJson(response, APPLIED);
  };
  writeFileSync(file, Buffer.from([0xff, 0x0a, 0xc3]));
  const { status, out } = await run(['apply', '-f', file]);
  expect(status).toBe(0);
  expect(seen).toEqual([['POST', '/v1/apply', 'Bearer secret', 'application/yaml', 'ff0ac3']]);
  expect(out.split('\n')).toEqual([
    'overlay ring changed: 1 to create, 1 to update, 1 to delete',
    '  n1  1 to create, 1 to update',
    '  n2  1 to delete',
    '',
  ]);
});

test('plan shows every change by node with its sign, makes none, and says so when there is none', async () => {
  const urls: (string | undefined)[] = [];
  handle = (request, response) => {
    urls.push(request.url);
    answerJson(response, APPLIED);
  };
  expect((await run(['plan', '-f', file])).out.split('\n')).toEqual([
    'n1',
    '  + ring_r11 namespace',
    '  ~ ring_r1 daemon ospfd  cost 10 → 20',
    'n2',
    '  - ring_r4 link r9',
    'ring: 1 to create, 1 to update, 1 to delete',
    '',
  ]);
  expect(urls).toEqual(['/v1/apply?dryRun=true']);

  handle = (_request, response) =>
    answerJson(response, { results: [{ overlay: 'ring', outcome: 'unchanged', revision: 7, nodes: [] }] });
  expect((await run(['plan', '-f', file])).out).toBe('ring: nothing to change.\n');
  expect((await run(['apply', '-f', file])).out).toBe('overlay ring unchanged\n');
});

test('-o json prints what the API answered', async () => {
  handle = (_request, response) => answerJson(response, APPLIED);
  expect(JSON.parse((await run(['apply', '-f', file, '-o', 'json'])).out)).toEqual(APPLIED);
});

test('a file comes from standard input too, and one that is refused keeps no other from being applied', async () => {
  handle = async (request, response) => {
    const text = (await readBody(request)).toString();
    if (text === 'good') answerJson(response, APPLIED);
    else {
      answerError(response, 422, {
        code: 'invalid-overlay',
        message: 'it has a problem',
        problems: [{ code: 'x', path: 'kind', message: 'is wrong', line: 1, column: 7 }],
      });
    }
  };
  const { status, out, err } = await run(['apply', '-f', file, '-f', '-'], Readable.from(['good']));
  expect(status).toBe(1);
  expect(err).toContain(`${file}:1:7 kind: is wrong`);
  expect(out).toContain('overlay ring changed');
});

test('nothing is sent when a file is missing, a folder, or larger than 8 MiB', async () => {
  handle = () => expect.unreachable('nothing may be sent');
  const missing = await run(['apply', '-f', file, '-f', join(folder, 'none.yaml')]);
  expect([missing.status, missing.err]).toEqual([
    1,
    `error: there is no file ${join(folder, 'none.yaml')}\n`,
  ]);
  expect((await run(['apply', '-f', folder])).err).toContain('is a folder');
  writeFileSync(file, Buffer.alloc(8 * 1024 * 1024 + 1, 0x23));
  const large = await run(['apply', '-f', file]);
  expect(large.status).toBe(1);
  expect(large.err).toContain('larger than 8 MiB');
  const endless = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(1024 * 1024);
    })(),
  );
  expect((await run(['apply', '-f', '-'], endless)).err).toContain('standard input is larger than 8 MiB');
});

test('--wait returns when the overlay is ready at the applied revision, and tells the convergence time', async () => {
  const answers = [
    summary({ phase: 'ready', revision: 6, convergenceMs: 1 }),
    summary({ phase: 'deploying' }),
    summary({ phase: 'ready', convergenceMs: 1234 }),
  ];
  handle = (request, response) => answerJson(response, request.method === 'POST' ? APPLIED : answers.shift());
  const { status, err } = await run(['apply', '-f', file, '--wait']);
  expect(status).toBe(0);
  expect(answers).toEqual([]);
  expect(err).toContain('overlay ring is ready: every router has every route, converged in 1.2 s');
  expect(err).not.toContain('\u001b');
});

test('--wait outlives a controller that breaks off and one that is overloaded', async () => {
  let asked = 0;
  handle = (request, response) => {
    if (request.method === 'POST') return answerJson(response, APPLIED);
    asked += 1;
    if (asked === 1) request.socket.destroy();
    else if (asked === 2) answerError(response, 503, { code: 'starting', message: 'not yet' });
    else answerJson(response, summary({ phase: 'ready', convergenceMs: 500 }));
  };
  expect((await run(['apply', '-f', file, '--wait'])).status).toBe(0);
  expect(asked).toBe(3);
});

test('--wait that takes too long fails and names the routers that lack something', async () => {
  const router = { overlay: 'ring', namespace: '', addresses: [], adjacent: [], daemons: [] };
  const routers = [
    {
      ...router,
      name: 'r1',
      node: 'n1',
      phase: 'ready',
      message: '',
      neighbors: { have: 2, want: 2 },
      routes: { have: 9, want: 9 },
    },
    {
      ...router,
      name: 'r2',
      node: 'n2',
      phase: 'failed',
      message: 'no zebra',
      neighbors: { have: 1, want: 2 },
      routes: { have: 7, want: 9 },
    },
  ];
  handle = (request, response) => {
    if (request.method === 'POST') answerJson(response, APPLIED);
    else answerJson(response, request.url?.endsWith('/routers') ? { routers } : summary({}));
  };
  const { status, err } = await run(['apply', '-f', file, '--wait', '--timeout', '50ms']);
  expect(status).toBe(1);
  expect(err).toContain(
    'overlay ring: not done after 0.05 s; r2 on n2 failed with 1/2 neighbours, 7/9 routes (no zebra)',
  );
  expect(err).not.toContain('r1 on n1');
});

test('delete --wait returns when the overlay is not found any more', async () => {
  let left = 2;
  handle = (request, response) => {
    if (request.method === 'DELETE') return answerJson(response, undefined, 202);
    left -= 1;
    if (left > 0) answerJson(response, summary({ phase: 'deleting' }));
    else answerError(response, 404, { code: 'not-found', message: 'there is no overlay ring' });
  };
  const { status, out, err } = await run(['delete', 'overlay', 'ring', '--wait']);
  expect(status).toBe(0);
  expect(out).toMatch(/^overlay ring deleted in [0-9.]+ s\n$/);
  expect(err).toContain('deleting ring');
});

test('deleting what is not there is told as a failure', async () => {
  handle = (_request, response) =>
    answerError(response, 404, { code: 'not-found', message: 'there is no overlay ring' });
  expect(await run(['delete', 'overlay', 'ring', '--wait'])).toMatchObject({
    status: 1,
    err: 'error: there is no overlay ring\n',
  });
});
