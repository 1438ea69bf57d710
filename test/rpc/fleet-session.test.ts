import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { VinetError } from '../../src/model/vinet-error.ts';
import type { ExecChannel } from '../../src/rpc/exec-channel.ts';
import { connectFleet, type FleetClientOptions, type FleetSession } from '../../src/rpc/fleet-client.ts';
import type { AgentMessage, ExecInput, ExecOutput } from '../../src/rpc/fleet-message.ts';
import { type AgentStream, type FleetServer, startFleetServer } from '../../src/rpc/fleet-server.ts';

const NODE = {
  name: 'n1',
  underlay: ['192.0.2.1'],
  mtu: 1500,
  capabilities: {
    kernel: '6.1',
    linkKinds: ['veth'],
    features: [],
    frr: '8.4.4',
    frrRemark: '',
    daemons: ['zebra'],
  },
  limits: { members: 10 },
  metrics: '',
  version: '0',
};

let folder: string;
let address: string;
let server: FleetServer;
const sessions: FleetSession[] = [];
let streams: AgentStream[];
let received: AgentMessage[];
let streamsClosed: number;
let attached: ExecChannel<ExecInput, ExecOutput>[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vinet-rpc-'));
  address = `unix:${join(folder, 'fleet.sock')}`;
  streams = [];
  received = [];
  streamsClosed = 0;
  attached = [];
  server = await startFleetServer({
    address,
    tls: null,
    authorize: (authorization) => authorization === 'Bearer secret',
    onJoin(stream) {
      streams.push(stream);
      stream.listen({
        message: (message) => received.push(message),
        closed: () => {
          streamsClosed += 1;
        },
      });
    },
    onAttach: (channel) => attached.push(channel),
  });
});

afterEach(async () => {
  for (const session of sessions) session.close();
  server.close();
  await Promise.all(sessions.splice(0).map((session) => session.closed));
  await eventually(() => expect(streamsClosed).toBe(streams.length));
  rmSync(folder, { recursive: true });
});

function dial(options: Partial<FleetClientOptions> = {}): FleetSession {
  const session = connectFleet({
    address,
    token: 'secret',
    tls: null,
    node: NODE,
    onWelcome: () => {},
    onDesired: () => {},
    onRequest: async () => ({ kind: 'done' }),
    ...options,
  });
  sessions.push(session);
  return session;
}

async function firstStream(): Promise<AgentStream> {
  await eventually(() => expect(received.length).toBeGreaterThan(0));
  const [stream] = streams;
  if (stream === undefined) throw new Error('no stream');
  return stream;
}

describe("an agent's session", () => {
  it('registers first and carries messages both ways', async () => {
    const onWelcome = vi.fn();
    const onDesired = vi.fn();
    const session = dial({ onWelcome, onDesired });
    const stream = await firstStream();
    stream.send({ kind: 'welcome', version: '9' });
    stream.sendLatest({ kind: 'desired', state: { revision: 4, overlays: [] } });
    session.sendStatus({ revision: 4, overlays: [] });
    await eventually(() => expect(onDesired).toHaveBeenCalledWith({ revision: 4, overlays: [] }));
    expect(onWelcome).toHaveBeenCalledWith('9');
    await eventually(() => expect(received.map(({ kind }) => kind)).toEqual(['register', 'status']));
    expect(received[0]).toEqual({ kind: 'register', node: NODE });
  });

  it('answers a request with what the handler returned, or with what it threw', async () => {
    const answers = [
      async () => ({ kind: 'hops' as const, hops: [] }),
      async () => {
        throw new VinetError('not-found', 'no such router');
      },
    ];
    dial({ onRequest: async () => await (answers.shift() ?? fail)() });
    const stream = await firstStream();
    const request = { kind: 'trace', overlay: 'ring', from: 'r1', destination: '10.0.0.1' } as const;
    stream.send({ kind: 'request', id: 7, request });
    stream.send({ kind: 'request', id: 8, request });
    await eventually(() => expect(received).toHaveLength(3));
    expect(received[1]).toEqual({ kind: 'reply', id: 7, reply: { kind: 'hops', hops: [] } });
    expect(received[2]).toEqual({
      kind: 'reply',
      id: 8,
      reply: { kind: 'failed', code: 'not-found', message: 'no such router' },
    });
  });

  it('closes in good order from either side', async () => {
    const first = dial();
    (await firstStream()).close();
    expect(await first.closed).toBeNull();
    const second = dial();
    await eventually(() => expect(streams).toHaveLength(2));
    second.close();
    expect(await second.closed).toBeNull();
    await eventually(() => expect(streamsClosed).toBe(2));
  });

  it('says why it was refused', async () => {
    const session = dial();
    (await firstStream()).close(new VinetError('name-taken', 'node n1 is connected already'));
    expect(await session.closed).toMatchObject({
      code: 'name-taken',
      message: 'node n1 is connected already',
    });
    await eventually(() => expect(streamsClosed).toBe(1));
    expect(await dial({ token: 'wrong' }).closed).toMatchObject({ code: 'unauthorized' });
    expect(await dial({ token: '' }).closed).toMatchObject({ code: 'unauthorized' });
    expect(await dial({ address: `unix:${folder}/none` }).closed).toMatchObject({ code: 'unreachable' });
  });

  it('ends a stream by which a message came that does not fit, at both ends', async () => {
    const session = dial({ node: { ...NODE, name: '../n1' } });
    expect(await session.closed).toMatchObject({ code: 'bad-message' });
    await eventually(() => expect(streamsClosed).toBe(1));
    expect(received).toEqual([]);
  });

  it('notices that the controller is gone', async () => {
    const session = dial();
    await firstStream();
    server.close();
    expect((await session.closed)?.code).toMatch(/connection-lost|unreachable/);
  });

  it('carries a state of many megabytes', async () => {
    const onDesired = vi.fn();
    dial({ onDesired });
    const stream = await firstStream();
    const destinations = Array.from(
      { length: 300_000 },
      (_, index) => `2001:db8::${index.toString(16)}:0/128`,
    );
    stream.sendLatest({
      kind: 'desired',
      state: {
        revision: 1,
        overlays: [{ name: 'big', environments: [], destinations, keepsDrift: false, names: [] }],
      },
    });
    await eventually(() => expect(onDesired).toHaveBeenCalled());
    expect(onDesired.mock.lastCall?.[0].overlays[0].destinations).toHaveLength(300_000);
  }, 30_000);
});

describe("a command's stream", () => {
  it('carries its ticket, output, input and end', async () => {
    const agent = dial().attach('t-1');
    await eventually(() => expect(attached).toHaveLength(1));
    const [controller] = attached;
    if (controller === undefined) throw new Error('no channel');
    await controller.send({ kind: 'stdin', data: Buffer.from('in') });
    await controller.send({ kind: 'stdin-closed' });
    const inputs: ExecInput[] = [];
    for await (const input of agent.received) {
      inputs.push(input);
      if (input.kind === 'stdin-closed') break;
    }
    expect(inputs).toEqual([{ kind: 'stdin', data: Buffer.from('in') }, { kind: 'stdin-closed' }]);
    await agent.send({ kind: 'stdout', data: Buffer.from('out') });
    await agent.send({ kind: 'exit', status: 3, signal: '', failure: '' });
    agent.end();
    const outputs: ExecOutput[] = [];
    for await (const output of controller.received) outputs.push(output);
    expect(outputs).toEqual([
      { ticket: 't-1', body: { kind: 'attached' } },
      { ticket: 't-1', body: { kind: 'stdout', data: Buffer.from('out') } },
      { ticket: 't-1', body: { kind: 'exit', status: 3, signal: '', failure: '' } },
    ]);
  });

  it('tells either end when the other has broken it off', async () => {
    const session = dial();
    const aborted = session.attach('t-1');
    await eventually(() => expect(attached).toHaveLength(1));
    aborted.abort();
    const agent = session.attach('t-2');
    await eventually(() => expect(attached).toHaveLength(2));
    attached[1]?.abort();
    await expect(drain(agent.received)).rejects.toMatchObject({ code: 'connection-lost' });
    await expect(drain(attached[0]?.received ?? [])).rejects.toMatchObject({ code: 'connection-lost' });
    await eventually(async () =>
      expect(await agent.send({ kind: 'stdout', data: Buffer.alloc(1) })).toBe(false),
    );
  });
});

async function drain(messages: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages);
}

function eventually(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 10_000, interval: 10 });
}

function fail(): never {
  throw new Error('asked too often');
}
