import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NetlinkConnection } from '../../../src/agent/kernel/netlink-connection.ts';
import {
  attributeText,
  encodeMessage,
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  visitMessages,
} from '../../../src/agent/kernel/netlink-message.ts';
import type { NetlinkSocket } from '../../../src/agent/kernel/netlink-socket.ts';
import { VinetError } from '../../../src/model/vinet-error.ts';

const ENODEV = 19;
const EOPNOTSUPP = 95;
const ENTRY = 16;
const TIMEOUT_MS = 1000;

/** A socket whose other side is played by the test. */
class ScriptedSocket extends EventEmitter implements NetlinkSocket {
  readonly sent: { type: number; flags: number; sequence: number }[][] = [];
  onSend: (messages: { type: number; flags: number; sequence: number }[]) => void = () => {};
  closed = false;

  send(bytes: Uint8Array): void {
    const messages: { type: number; flags: number; sequence: number }[] = [];
    visitMessages(Buffer.from(bytes), (_buffer, type, _start, _end, flags, sequence) => {
      messages.push({ type, flags, sequence });
    });
    this.sent.push(messages);
    this.onSend(messages);
  }

  answer(type: number, flags: number, sequence: number, body: Buffer, port = 0): void {
    const message = encodeMessage(type, flags, body);
    message.writeUInt16LE(flags, 6);
    message.writeUInt32LE(sequence, 8);
    this.emit('message', message, { port });
  }

  acknowledge(sequence: number, errno: number, port = 0): void {
    this.answer(NLMSG_ERROR, 0, sequence, int32(-errno), port);
  }

  close(): void {
    this.closed = true;
  }
}

let socket: ScriptedSocket;
let connection: NetlinkConnection;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  socket = new ScriptedSocket();
  connection = new NetlinkConnection(socket, { timeoutMs: TIMEOUT_MS });
});
afterEach(() => {
  connection.close();
  vi.useRealTimers();
});

describe('a batch of requests', () => {
  test('goes out as one send, asks for one acknowledgement and reports each failure at its place', async () => {
    socket.onSend = (messages) => {
      socket.acknowledge(messages[1]?.sequence ?? 0, ENODEV);
      socket.acknowledge(messages[2]?.sequence ?? 0, 0);
    };
    const results = await connection.request([request('a'), request('b'), request('c')]);
    expect(results.map((error) => error && [error.code, error.message])).toEqual([
      null,
      ['not-found', 'b: ENODEV'],
      null,
    ]);
    expect(socket.sent.map((messages) => messages.map(({ flags }) => flags & NLM_F_ACK))).toEqual([
      [0, 0, NLM_F_ACK],
    ]);
  });

  test('is cut so that its answers fit into the receive buffer, one piece after the other', async () => {
    socket.onSend = (messages) => setImmediate(() => socket.acknowledge(messages.at(-1)?.sequence ?? 0, 0));
    const results = await connection.request(Array.from({ length: 300 }, (_, at) => request(`step ${at}`)));
    expect(results).toEqual(new Array(300).fill(null));
    expect(socket.sent.map((messages) => messages.length)).toEqual([128, 128, 44]);
  });

  test('that nobody answers fails in time, and its late answer is not taken for the next one', async () => {
    const first = connection.request([request('first')]);
    vi.advanceTimersByTime(TIMEOUT_MS);
    expect((await first)[0]?.code).toBe('timeout');

    const second = connection.request([request('second')]);
    socket.acknowledge(socket.sent[0]?.[0]?.sequence ?? 0, ENODEV);
    socket.acknowledge(socket.sent[1]?.[0]?.sequence ?? 0, 0);
    expect(await second).toEqual([null]);
  });

  test('whose answer came while the process was held up beyond the deadline has succeeded', async () => {
    const results = connection.request([request('a')]);
    vi.advanceTimersByTime(TIMEOUT_MS);
    socket.acknowledge(socket.sent[0]?.[0]?.sequence ?? 0, 0);
    expect(await results).toEqual([null]);
  });

  test('whose answers were lost fails as interrupted, except for what was answered before', async () => {
    const results = connection.request([request('a'), request('b')]);
    socket.acknowledge(socket.sent[0]?.[0]?.sequence ?? 0, ENODEV);
    socket.emit('error', new Error('ENOBUFS'));
    expect((await results).map((error) => error?.code)).toEqual(['not-found', 'interrupted']);
  });

  test('that fails says the words of the kernel', async () => {
    const words = attributeText(1, 'Unknown device type');
    const results = connection.request([request('create veth')]);
    const sequence = socket.sent[0]?.[0]?.sequence ?? 0;
    const body = Buffer.concat([int32(-EOPNOTSUPP), Buffer.alloc(16), words]);
    socket.answer(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, sequence, body);
    expect((await results)[0]).toMatchObject({
      code: 'unsupported',
      message: 'create veth: EOPNOTSUPP (Unknown device type)',
    });
  });

  test('believes the kernel only', async () => {
    const results = connection.request([request('a')]);
    const sequence = socket.sent[0]?.[0]?.sequence ?? 0;
    socket.acknowledge(sequence, ENODEV, 4711);
    socket.acknowledge(sequence, 0);
    expect(await results).toEqual([null]);
  });

  test('of none sends nothing', async () => {
    expect(await connection.request([])).toEqual([]);
    expect(socket.sent).toEqual([]);
  });
});

describe('a dump', () => {
  const decode = (buffer: Buffer, type: number, start: number) =>
    type === ENTRY ? buffer.readUInt32LE(start) : null;

  test('collects entries until its end', async () => {
    socket.onSend = ([message]) => {
      for (const value of [1, 2, 3]) socket.answer(ENTRY, 0, message?.sequence ?? 0, int32(value));
      socket.answer(NLMSG_DONE, 0, message?.sequence ?? 0, int32(0));
    };
    expect(await connection.dump(request('dump'), decode)).toEqual([1, 2, 3]);
  });

  test('that a change interrupted is repeated from its beginning', async () => {
    socket.onSend = ([message]) => {
      const repeated = socket.sent.length > 1;
      socket.answer(ENTRY, repeated ? 0 : NLM_F_DUMP_INTR, message?.sequence ?? 0, int32(socket.sent.length));
      socket.answer(NLMSG_DONE, 0, message?.sequence ?? 0, int32(0));
    };
    expect(await connection.dump(request('dump'), decode)).toEqual([2]);
  });

  test('that is interrupted every time fails in the end', async () => {
    socket.onSend = ([message]) =>
      socket.answer(NLMSG_DONE, NLM_F_DUMP_INTR, message?.sequence ?? 0, int32(0));
    await expect(connection.dump(request('dump'), decode)).rejects.toMatchObject({ code: 'interrupted' });
    expect(socket.sent.length).toBe(20);
  });

  test('fails with what the kernel says at its end', async () => {
    socket.onSend = ([message]) => socket.answer(NLMSG_DONE, 0, message?.sequence ?? 0, int32(-ENODEV));
    await expect(connection.dump(request('dump'), decode)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('waits for the one before it', async () => {
    const first = connection.dump(request('first'), decode);
    const second = connection.dump(request('second'), decode);
    expect(socket.sent.length).toBe(1);
    socket.answer(NLMSG_DONE, 0, socket.sent[0]?.[0]?.sequence ?? 0, int32(0));
    await first;
    expect(socket.sent.length).toBe(2);
    socket.answer(NLMSG_DONE, 0, socket.sent[1]?.[0]?.sequence ?? 0, int32(0));
    expect(await second).toEqual([]);
  });
});

test('any bytes end an exchange or are passed over, and the next exchange works', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), async (noise) => {
      const dump = connection
        .dump(request('dump'), () => null)
        .then(
          () => 'done',
          (error: unknown) => error,
        );
      for (const bytes of noise) socket.emit('message', Buffer.from(bytes), { port: 0 });
      vi.advanceTimersByTime(TIMEOUT_MS);
      const outcome = await dump;
      expect(outcome === 'done' || outcome instanceof VinetError).toBe(true);
      const next = connection.request([request('next')]);
      socket.acknowledge(socket.sent.at(-1)?.[0]?.sequence ?? 0, 0);
      expect(await next).toEqual([null]);
    }),
  );
});

test('closing fails what waits and what comes later', async () => {
  const waiting = [connection.request([request('a')]), connection.request([request('b')])];
  connection.close();
  for (const results of waiting) expect((await results)[0]?.code).toBe('not-found');
  expect((await connection.request([request('c')]))[0]?.code).toBe('not-found');
  await vi.waitFor(() => expect(socket.closed).toBe(true));
});

describe('a question that is no dump', () => {
  test('is answered with what comes before its acknowledgement', async () => {
    socket.onSend = ([message]) => {
      expect((message?.flags ?? 0) & NLM_F_ACK).toBe(NLM_F_ACK);
      socket.answer(ENTRY, 0, message?.sequence ?? 0, int32(42));
      socket.acknowledge(message?.sequence ?? 0, 0);
    };
    expect(
      await connection.ask(request('family'), (buffer, _type, start) => buffer.readInt32LE(start)),
    ).toEqual([42]);
  });

  test('fails as the kernel says', async () => {
    socket.onSend = ([message]) => socket.acknowledge(message?.sequence ?? 0, ENODEV);
    await expect(connection.ask(request('family'), () => null)).rejects.toMatchObject({ code: 'not-found' });
  });
});

test('requests that belong together go in one send, also where a batch is full', async () => {
  socket.onSend = (messages) => socket.acknowledge(messages.at(-1)?.sequence ?? 0, 0);
  const pairs = Array.from({ length: 70 }, () => [request('make'), { ...request('move'), joined: true }]);
  await connection.request([request('alone'), ...pairs.flat()]);
  expect(socket.sent.map((messages) => messages.length)).toEqual([129, 12]);
});

function request(what: string) {
  return { what, message: encodeMessage(ENTRY, 0, Buffer.alloc(16)) };
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
