import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bearsToken } from '../../src/controller/listen/token.ts';
import { eventually, Harness, ring } from './harness.ts';

let harness: Harness;
beforeEach(() => {
  harness = new Harness();
});
afterEach(() => harness.end());

const failure = (code: string, words: string) =>
  expect.objectContaining({ name: 'VinetError', code, message: expect.stringContaining(words) });

describe('starting a controller', () => {
  it('makes a token and sockets that only its user can use', async () => {
    const socket = join(harness.folder, 'rest.sock');
    await harness.start({ restListen: `unix:${socket}` });
    const mode = (path: string) => statSync(path).mode & 0o777;
    expect(harness.token).toMatch(/^[0-9a-f]{64}$/);
    expect(mode(join(harness.folder, 'state', 'token'))).toBe(0o600);
    expect(mode(join(harness.folder, 'state'))).toBe(0o700);
    expect(mode(socket)).toBe(0o600);
    expect(mode(join(harness.folder, 'fleet.sock'))).toBe(0o600);
    const outgoing = request({ socketPath: socket, path: '/healthz' }).end();
    const [response] = await once(outgoing, 'response');
    expect(response.statusCode).toBe(200);
    response.resume();
  });

  it('keeps its token over a restart, and refuses one that is none', async () => {
    await harness.start();
    const { token } = harness;
    await harness.stop();
    await harness.start();
    expect(harness.token).toBe(token);
    await harness.stop();
    writeFileSync(join(harness.folder, 'state', 'token'), '\n');
    await expect(harness.start()).rejects.toEqual(failure('token-unusable', 'token'));
    await expect(harness.start({ tokenFile: harness.folder })).rejects.toEqual(
      failure('token-unusable', harness.folder),
    );
  });

  it('takes the place of a socket that a dead controller left, never that of a live one or of a file', async () => {
    const socket = join(harness.folder, 'fleet.sock');
    const holder = createServer().listen(socket);
    await once(holder, 'listening');
    await expect(harness.start()).rejects.toEqual(failure('address-in-use', socket));
    holder.close();
    writeFileSync(socket, 'precious');
    await expect(harness.start()).rejects.toEqual(failure('address-in-use', 'no socket'));
    expect(readFileSync(socket, 'utf8')).toBe('precious');
  });

  it('says what to do when the port is in use, and leaves nothing running', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    const restListen = `127.0.0.1:${port}`;
    await expect(harness.start({ restListen })).rejects.toEqual(failure('address-in-use', '--listen'));
    await expect(harness.start({ grpcListen: restListen })).rejects.toEqual(
      failure('listen-failed', restListen),
    );
    holder.close();
    await once(holder, 'close');
    await harness.start({ restListen });
    expect((await harness.get('/v1/version')).status).toBe(200);
  });

  it.each([
    [{ restListen: '0.0.0.0:0' }, 'exposed'],
    [{ grpcListen: '[::]:0' }, 'exposed'],
    [{ grpcListen: 'controller.example:9340' }, 'exposed'],
    [{ restListen: '127.0.0.1' }, 'bad-address'],
    [{ restListen: '127.0.0.1:99999' }, 'bad-address'],
    [{ restListen: 'unix:relative' }, 'bad-address'],
    [{ tls: { cert: '/none', key: null, ca: null } }, 'tls-unusable'],
    [{ tls: { cert: '/none', key: '/none', ca: null } }, 'tls-unusable'],
  ])('refuses %j as %s', async (options, code) => {
    await expect(harness.start(options)).rejects.toEqual(failure(code, ''));
  });

  it('listens on every address when it is told that this is known to be insecure', async () => {
    await harness.start({ restListen: '0.0.0.0:0', insecure: true });
    expect((await harness.get('/v1/version')).status).toBe(200);
  });

  it('refuses a damaged state with the name of its file', async () => {
    mkdirSync(join(harness.folder, 'state'));
    writeFileSync(join(harness.folder, 'state', 'controller.db'), Buffer.alloc(8192, 'x'));
    await expect(harness.start()).rejects.toEqual(failure('state-damaged', 'controller.db'));
  });
});

describe('agents that come by TCP', () => {
  it('need the token', async () => {
    await harness.start({ grpcListen: '127.0.0.1:0' });
    expect(await harness.dial('n1').session.closed).toMatchObject({ code: 'unauthorized' });
    expect(await harness.dial('n1', { token: 'wrong' }).session.closed).toMatchObject({
      code: 'unauthorized',
    });
    await harness.join('n1', { token: harness.token });
    await harness.apply(ring('ring', 3, ['n1']));
    await harness.overlay('ring', { phase: 'ready' });
    await eventually(async () => expect((await harness.get('/v1/nodes')).body.nodes).toHaveLength(1));
  });
});

describe('comparing a token', () => {
  it('takes the very header and nothing else', () => {
    expect(bearsToken('Bearer secret', 'secret')).toBe(true);
    for (const header of [
      undefined,
      '',
      'secret',
      'bearer secret',
      'Bearer secret ',
      'Bearer secretsecret',
    ]) {
      expect(bearsToken(header, 'secret')).toBe(false);
    }
  });
});
