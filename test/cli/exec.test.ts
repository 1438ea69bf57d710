import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { createApiClient } from '../../src/cli/api-client.ts';
import { runExec } from '../../src/cli/exec.ts';
import { readLines } from '../../src/cli/lines.ts';
import { translateKeys } from '../../src/cli/vtysh.ts';
import { answerError, type Handler, startController } from './loopback-controller.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function exec(
  handler: Handler,
  options: { listen?: string; stdin?: PassThrough; signal?: AbortSignal; interrupts?: EventEmitter } = {},
) {
  const controller = await startController(handler, options.listen);
  const client = createApiClient({ address: controller.address, token: 't', authority: null });
  cleanups.push(controller.close, client.close);
  const stdin = options.stdin ?? new PassThrough().end();
  const [stdout, stderr] = [collector(), collector()];
  const argv = ['printf', '%s', 'a&b=c d'];
  const status = await runExec(
    client,
    { overlay: 'ring', member: 'r1', argv },
    {
      stdin,
      stdout: stdout.stream,
      stderr: stderr.stream,
      ...(options.signal && { signal: options.signal }),
      ...(options.interrupts && { interrupts: options.interrupts }),
    },
  );
  return { status, out: stdout.text(), err: stderr.text() };
}

function collector() {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

const line = (frame: unknown) => `${JSON.stringify(frame)}\n`;
const base64 = (text: string) => Buffer.from(text).toString('base64');

test('output arrives as it was written, the exit status is that of the command', async () => {
  const urls: (string | undefined)[] = [];
  const result = await exec((request, response) => {
    urls.push(request.url);
    response.write(line({ stdout: base64('one ') }));
    const rest = line({ stdout: base64('zwölf') }) + line({ stderr: base64('careful') });
    response.write(rest.slice(0, 9));
    response.end(rest.slice(9) + line({ exit: { status: 3, signal: '', failure: '' } }));
  });
  expect(result).toEqual({ status: 3, out: 'one zwölf', err: 'careful' });
  expect(urls).toEqual(['/v1/overlays/ring/members/r1/exec?argv=printf&argv=%25s&argv=a%26b%3Dc+d']);
});

test('input and output flow at the same time, over a unix socket too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vt-exec-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const stdin = new PassThrough();
  stdin.write('ping');
  const result = await exec(
    async (request, response) => {
      for await (const frame of framesOf(request)) {
        if (frame.stdinClosed === true) break;
        response.write(line({ stdout: frame.stdin }));
        if (!stdin.writableEnded) stdin.end('pong');
      }
      response.end(line({ exit: { status: 0, signal: '', failure: '' } }));
    },
    { listen: join(folder, 'api.sock'), stdin },
  );
  expect(result).toEqual({ status: 0, out: 'pingpong', err: '' });
});

test('a signal that ended the command becomes 128 and its number, one that could not start is told', async () => {
  const ended =
    (exit: unknown): Handler =>
    (_request, response) =>
      void response.end(line({ exit }));
  expect(await exec(ended({ status: 0, signal: 'SIGTERM', failure: '' }))).toMatchObject({ status: 143 });
  expect(await exec(ended({ status: 0, signal: '', failure: 'no such command: prinft' }))).toMatchObject({
    status: 127,
    err: 'error: no such command: prinft\n',
  });
});

test('a connection that ends before the command, and an answer that is no frame, are failures', async () => {
  await expect(exec((_request, response) => void response.end(line({ stdout: '' })))).rejects.toMatchObject({
    code: 'connection-lost',
  });
  await expect(exec((_request, response) => void response.end('<html>\n'))).rejects.toMatchObject({
    code: 'unexpected-answer',
  });
  await expect(
    exec((_request, response) => answerError(response, 404, { code: 'not-found', message: 'no router r1' })),
  ).rejects.toMatchObject({ code: 'not-found', status: 404 });
});

test('an interrupt is passed on to the command, also after the end of its input', async () => {
  const interrupts = new EventEmitter();
  const result = await exec(
    async (request, response) => {
      const frames = framesOf(request);
      expect((await frames.next()).value).toEqual({ stdinClosed: true });
      interrupts.emit('SIGINT');
      expect((await frames.next()).value).toEqual({ signal: 'SIGINT' });
      response.end(line({ exit: { status: 0, signal: 'SIGINT', failure: '' } }));
    },
    { interrupts },
  );
  expect(result.status).toBe(130);
  expect(interrupts.listenerCount('SIGINT')).toBe(0);
});

test('a command that does not heed two interrupts is left at the third', async () => {
  const interrupts = new EventEmitter();
  let gone: Promise<unknown> = Promise.resolve();
  const result = await exec(
    async (request, response) => {
      gone = new Promise((resolve) => request.socket.once('close', resolve));
      response.write(line({ stdout: base64('working') }));
      const frames = framesOf(request);
      interrupts.emit('SIGINT');
      interrupts.emit('SIGINT');
      const seen = [(await frames.next()).value, (await frames.next()).value];
      expect(seen).toEqual([{ signal: 'SIGINT' }, { signal: 'SIGINT' }]);
      interrupts.emit('SIGINT');
    },
    { stdin: new PassThrough(), interrupts },
  );
  expect(result.status).toBe(130);
  await gone;
});

test('a session that is left ends the command', async () => {
  const leaving = new AbortController();
  const result = await exec(
    (_request, response) => {
      response.write(line({ stdout: base64('working') }));
      leaving.abort();
    },
    { stdin: new PassThrough(), signal: leaving.signal },
  );
  expect(result.status).toBe(130);
});

test('lines come out whole however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ''))),
      fc.array(fc.integer({ min: 1, max: 7 })),
      async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = cuts[turn % Math.max(1, cuts.length)] ?? 3;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        const read: string[] = [];
        for await (const text of readLines(fromChunks(chunks))) read.push(text);
        expect(read).toEqual(lines);
      },
    ),
  );
});

test('keys of a vtysh session pass as they are, but Ctrl-C clears the line and Ctrl-] leaves', async () => {
  let left = false;
  const keys = translateKeys(() => {
    left = true;
  });
  keys.write(Buffer.from('sho\t?\u0003'));
  expect(left).toBe(false);
  keys.end(Buffer.from('\u001d'));
  const passed: Buffer[] = [];
  for await (const chunk of keys as AsyncIterable<Buffer>) passed.push(chunk);
  expect(Buffer.concat(passed).toString()).toBe('sho\t?\u0005\u0015\u001d');
  expect(left).toBe(true);
});

/** What of a request's body came in frames, as they come. */
async function* framesOf(request: IncomingMessage): AsyncGenerator<Record<string, unknown>> {
  for await (const text of readLines(request)) yield JSON.parse(text) as Record<string, unknown>;
}

async function* fromChunks(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}
