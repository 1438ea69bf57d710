import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Namespace } from '../../../../src/agent/kernel/kernel.ts';
import { parseNetlinkPorts } from '../../../../src/agent/kernel/netlink-ports.ts';
import { describeKey } from '../../../../src/agent/telemetry/fpm/route-decision.ts';
import type { RouterDecisions } from '../../../../src/agent/telemetry/fpm/route-stream.ts';
import { SharedRouteStream } from '../../../../src/agent/telemetry/fpm/shared-route-stream.ts';
import { routeFrame } from './zebra-stream.ts';

const MAIN = 254;

describe('listening to a zebra that serves several routers', () => {
  let server: Server;
  let stream: SharedRouteStream;
  let now: number;
  let changes: string[];
  let ports: Map<string, number[]>;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    now = 0;
    changes = [];
    ports = new Map();
    const home: Pick<Namespace, 'listenOnLoopback'> = {
      listenOnLoopback: (_, onConnection) => {
        server = createServer(onConnection).listen(0, '127.0.0.1');
        return server;
      },
    };
    stream = new SharedRouteStream(home as Namespace, { now: () => now, onBroken: () => {} });
    await once(server, 'listening');
  });
  afterEach(() => {
    stream.close();
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  it('tells the routers apart by the sockets by which zebra programs them', async () => {
    const [r1, r2] = [follow('r1', 71), follow('r2', 5, 72)];
    const zebra = await dial();
    zebra.write(Buffer.concat([said(71, 3), said(72, 4), said(72, 5)]));
    await expect.poll(() => prefixesOf(r2)).toEqual(['10.0.0.4/32', '10.0.0.5/32']);
    expect(prefixesOf(r1)).toEqual(['10.0.0.3/32']);
    expect([r1.isConnected, r2.isConnected]).toEqual([true, true]);
  });

  it('tells routers that are VRFs of one network apart by their tables', async () => {
    const [r1, r2] = [1001, 1002].map((table) =>
      stream.follow({ name: `r${table}`, table, readNetlinkPorts: () => new Set([71]) }, () => {}),
    );
    const zebra = await dial();
    zebra.write(Buffer.concat([said(71, 3, 1001), said(71, 4, 1002), said(71, 9)]));
    await expect
      .poll(() => [r1, r2].map((router) => (router ? prefixesOf(router) : [])))
      .toEqual([['10.0.0.3/32'], ['10.0.0.4/32']]);
  });

  it('keeps what it hears of a router that is followed only later', async () => {
    const zebra = await dial();
    zebra.write(said(71, 3));
    const r1 = follow('r1', 71);
    await expect.poll(() => prefixesOf(r1)).toEqual(['10.0.0.3/32']);
  });

  it("counts and times a router's changes, not those of another", async () => {
    const [r1, r2] = [follow('r1', 71), follow('r2', 72)];
    const zebra = await dial();
    zebra.write(Buffer.concat([said(71, 3), said(72, 3)]));
    await expect.poll(() => [r1, r2].every(({ isConnected }) => isConnected)).toBe(true);
    changes.length = 0;
    now = 5_000;
    zebra.write(said(71, 4));
    await expect.poll(() => r1.burst).toEqual({ first: 5_000, last: 5_000 });
    expect([r1.changes, r2.changes, r2.burst]).toEqual([1, 0, null]);
    expect(changes).toEqual(['r1']);
  });

  it('learns anew who is who when zebra was started anew', async () => {
    const r1 = follow('r1', 71);
    const first = await dial();
    first.write(said(71, 3));
    await expect.poll(() => r1.isConnected).toBe(true);
    ports.set('r1', [91]);
    const second = await dial();
    second.write(Buffer.concat([said(71, 8), said(91, 9)]));
    await expect.poll(() => prefixesOf(r1)).toEqual(['10.0.0.9/32']);
    second.destroy();
    await expect.poll(() => r1.isConnected).toBe(false);
  });

  it('is of no use when its last router is gone', () => {
    const r1 = follow('r1', 71);
    expect(stream.isUsed).toBe(true);
    r1.close();
    expect(stream.isUsed).toBe(false);
  });

  function follow(name: string, ...bound: number[]): RouterDecisions {
    ports.set(name, bound);
    const readNetlinkPorts = () => new Set(ports.get(name));
    return stream.follow({ name, table: MAIN, readNetlinkPorts }, () => changes.push(name));
  }

  async function dial(): Promise<Socket> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    const accepted = once(server, 'connection');
    await once(socket, 'connect');
    await accepted;
    return socket;
  }
});

it('reads the ports of rtnetlink sockets, and of no others', () => {
  const table = [
    'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode',
    '0000000000000000 0   4236064221 00000000 0        0        0     2        0        12345   ',
    '0000000000000000 0   812        00000111 0        0        0     2        0        12346   ',
    '0000000000000000 16  4236064222 00000000 0        0        0     2        0        12347   ',
  ].join('\n');
  expect(parseNetlinkPorts(table)).toEqual(new Set([4236064221, 812]));
});

/** A route to 10.0.0.LAST from the socket with this port. */
function said(port: number, last: number, table = MAIN): Buffer {
  const frame = routeFrame({ address: [10, 0, 0, last], prefixLength: 32, table });
  frame.writeUInt32LE(port, 16);
  return frame;
}

function prefixesOf({ decisions }: RouterDecisions): string[] {
  return [...decisions.entries()].map(({ key }) => describeKey(key).prefix).toSorted();
}
