import { createServer, connect as openSocket, type Server as TcpServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { decodeFrames, encodeFrame } from '../../src/rpc/grpc-call.ts';
import { loadNorthbound, NorthboundClient } from '../../src/rpc/northbound-client.ts';

/** A daemon with FRR's contract, and a memory of paths, that a whole library of gRPC serves. */
class SmallDaemon {
  readonly held = new Map<string, string>([['/a', '1']]);
  readonly calls: string[] = [];
  readonly #server = new Server();
  #candidate = new Map<string, string>();

  async start(): Promise<number> {
    const proto = fileURLToPath(new URL('../../proto/frr/northbound.proto', import.meta.url));
    const service = loadSync(proto, { defaults: true, arrays: true, enums: String })['frr.Northbound'];
    this.#server.addService(service as Parameters<Server['addService']>[0], {
      GetCapabilities: this.#unary(() => ({ frrVersion: '8.4.4', supportedModules: [{ name: 'frr-vrf' }] })),
      CreateCandidate: this.#unary(() => {
        this.#candidate = new Map(this.held);
        return { candidateId: 7 };
      }),
      DeleteCandidate: this.#unary(() => ({})),
      EditCandidate: this.#unary((request) => {
        const draft = new Map(this.#candidate);
        for (const { path, value } of request.update ?? []) draft.set(path, value);
        for (const { path } of request.delete ?? [])
          if (!draft.delete(path)) throw refusal(status.INVALID_ARGUMENT, `Failed to remove "${path}" – ü`);
        this.#candidate = draft;
        return {};
      }),
      Commit: this.#unary(() => {
        if (JSON.stringify([...this.#candidate]) === JSON.stringify([...this.held]))
          throw refusal(status.ABORTED, 'No changes');
        if (this.#candidate.has('/bad')) throw refusal(status.INVALID_ARGUMENT, 'not so – ü');
        this.held.clear();
        for (const [path, value] of this.#candidate) this.held.set(path, value);
        return { transactionId: 1 };
      }),
    });
    return new Promise((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #unary(answer: (request: { update?: PathValue[]; delete?: PathValue[] }) => object) {
    return (call: ServerUnaryCall<object, object>, done: sendUnaryData<object>) => {
      this.calls.push(call.getPath().split('/').at(-1) ?? '');
      try {
        done(null, answer(call.request));
      } catch (error) {
        done(error as Error);
      }
    };
  }
}

interface PathValue {
  readonly path: string;
  readonly value: string;
}

function refusal(code: status, details: string): Error {
  return Object.assign(new Error(details), { code, details });
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function meetDaemon() {
  const daemon = new SmallDaemon();
  closing.push(() => daemon.stop());
  return { daemon, client: meet(await daemon.start()) };
}

function meet(port: number, timeoutMs = 30_000): NorthboundClient {
  const client = new NorthboundClient(loadNorthbound(), openSocket(port, '127.0.0.1'), timeoutMs);
  closing.push(() => client.close());
  return client;
}

test('speaks to a daemon over a socket that was opened for it', async () => {
  const { client } = await meetDaemon();
  expect(await client.readCapabilities()).toEqual({ version: '8.4.4', modules: ['frr-vrf'] });
});

test('a commit deletes, then sets, and leaves no candidate behind', async () => {
  const { client, daemon } = await meetDaemon();
  await client.commit([
    { path: '/b', value: '2' },
    { path: '/a', value: null },
  ]);
  expect([...daemon.held]).toEqual([['/b', '2']]);
  expect(daemon.calls.at(-1)).toBe('DeleteCandidate');
});

test('to delete what is not there, and to change nothing, is success', async () => {
  const { client, daemon } = await meetDaemon();
  await client.commit([
    { path: '/gone', value: null },
    { path: '/a', value: null },
  ]);
  expect([...daemon.held]).toEqual([]);
  await client.commit([{ path: '/gone', value: null }]);
});

test("a refusal comes with FRR's words and changes nothing", async () => {
  const { client, daemon } = await meetDaemon();
  const edits = [
    { path: '/c', value: '3' },
    { path: '/bad', value: '' },
  ];
  await expect(client.commit(edits)).rejects.toMatchObject({ code: 'rejected', message: 'not so – ü' });
  expect([...daemon.held]).toEqual([['/a', '1']]);
  expect(daemon.calls.at(-1)).toBe('DeleteCandidate');
});

test('where nobody listens, and where what answers is not gRPC, a call fails', async () => {
  const { port } = await listen((server) => server.close());
  await expect(meet(port).readCapabilities()).rejects.toMatchObject({ code: 'not-running' });
  const rude = await listen(() => undefined, 'HTTP/1.1 200 OK\r\n\r\n');
  await expect(meet(rude.port).readCapabilities()).rejects.toMatchObject({ code: 'not-running' });
});

test('who keeps silent is waited for no longer than was said', async () => {
  const { port } = await listen(() => undefined);
  await expect(meet(port, 50).readCapabilities()).rejects.toMatchObject({ code: 'timeout' });
});

test('messages survive being framed, and bytes that are no frames are refused', () => {
  const message = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.array(message), (messages) => {
      expect(decodeFrames(Buffer.concat(messages.map(encodeFrame)))).toEqual(messages);
    }),
  );
  fc.assert(
    fc.property(message, (bytes) => {
      try {
        expect(Buffer.concat(decodeFrames(bytes).map(encodeFrame))).toEqual(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: 'protocol' });
      }
    }),
  );
});

function listen(then: (server: TcpServer) => void, greeting = ''): Promise<{ port: number }> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      closing.push(() => socket.destroy());
      socket.on('error', () => undefined);
      if (greeting !== '') socket.end(greeting);
    });
    closing.push(() => server.close());
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      then(server);
      resolve({ port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
    });
  });
}
