import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Namespace } from '../../../../src/agent/kernel/kernel.ts';
import { describeKey } from '../../../../src/agent/telemetry/fpm/route-decision.ts';
import { RouteStream } from '../../../../src/agent/telemetry/fpm/route-stream.ts';
import { CAPTURED, routeFrame } from './zebra-stream.ts';

const FRAME = routeFrame({ address: [10, 0, 0, 3], prefixLength: 32 });
const OTHER = routeFrame({ address: [10, 0, 0, 4], prefixLength: 32 });

describe('listening to zebra', () => {
  let server: Server;
  let stream: RouteStream;
  let now: number;
  let broken: string[];
  let kernelChanged: (() => void) | null;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    now = 0;
    broken = [];
    kernelChanged = null;
    const namespace: Pick<Namespace, 'listenOnLoopback' | 'watchRoutes'> = {
      listenOnLoopback: (_, onConnection) => {
        server = createServer(onConnection).listen(0, '127.0.0.1');
        return server;
      },
      watchRoutes: (onChange) => {
        kernelChanged = onChange;
        return {
          close: () => {
            kernelChanged = null;
          },
        };
      },
    };
    stream = new RouteStream(namespace as Namespace, {
      now: () => now,
      onChange: () => {},
      onBroken: (reason) => broken.push(reason),
    });
    await once(server, 'listening');
  });
  afterEach(() => {
    stream.close();
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  it('knows what zebra has chosen from when it connects, which is no change', async () => {
    const zebra = await dial();
    zebra.write(FRAME);
    await expect.poll(prefixes).toEqual(['10.0.0.3/32']);
    expect([stream.changes, stream.burst]).toEqual([0, null]);
  });

  it('counts and times what changes later', async () => {
    const zebra = await dial();
    now = 2_000;
    zebra.write(FRAME);
    await expect.poll(() => stream.burst).toEqual({ first: 2_000, last: 2_000 });
    now = 2_300;
    zebra.write(OTHER);
    await expect.poll(() => stream.burst).toEqual({ first: 2_000, last: 2_300 });
    expect(stream.changes).toBe(2);
    now = 20_000;
    zebra.write(routeFrame({ type: 25, address: [10, 0, 0, 3], prefixLength: 32 }));
    await expect.poll(() => stream.burst).toEqual({ first: 20_000, last: 20_000 });
  });

  it('takes times from the kernel until zebra is there', async () => {
    stream.expectZebra();
    now = 700;
    kernelChanged?.();
    expect(stream.burst).toEqual({ first: 700, last: 700 });
    await dial();
    expect(kernelChanged).toBeNull();
  });

  it('begins anew with every connection, and listens to the latest only', async () => {
    const first = await dial();
    first.write(FRAME);
    await expect.poll(prefixes).toEqual(['10.0.0.3/32']);
    const second = await dial();
    await once(first, 'close');
    second.write(OTHER);
    await expect.poll(prefixes).toEqual(['10.0.0.4/32']);
    expect(stream.isConnected).toBe(true);
    second.destroy();
    await expect.poll(() => stream.isConnected).toBe(false);
  });

  it('closes a stream that breaks the format, says so once, and takes the next', async () => {
    const first = await dial();
    first.write(Buffer.concat([FRAME, Buffer.from('GET / HTTP/1.1\r\n\r\n')]));
    await once(first, 'close');
    await expect.poll(() => stream.isConnected).toBe(false);
    expect(broken).toEqual([expect.stringContaining("not a frame of zebra's")]);
    (await dial()).write(CAPTURED);
    await expect.poll(prefixes).toEqual(['10.9.0.0/24']);
  });

  async function dial(): Promise<Socket> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    const accepted = once(server, 'connection');
    await once(socket, 'connect');
    await accepted;
    return socket;
  }

  function prefixes(): string[] {
    return [...stream.decisions.entries()].map(({ key }) => describeKey(key).prefix);
  }
});
