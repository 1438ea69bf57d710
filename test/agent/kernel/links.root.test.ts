import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LinkStep, Namespace } from '../../../src/agent/kernel/kernel.ts';
import { bridge, carryOut, ip, joinByVeth, KernelRoom, ping, veth, vxlan } from './kernel-room.ts';

let room: KernelRoom;
beforeEach(async () => {
  room = await KernelRoom.open();
});
afterEach(() => room.leave());

describe('links', () => {
  test('a veth pair stands in two namespaces, each end knows the other, and packets pass', async () => {
    const [left, right] = [await room.create('a'), await room.create('b')];
    await joinByVeth(
      { into: left, name: 'r2', index: 100, addresses: ['10.0.0.0/31', 'fd00:1::1/64'] },
      { into: right, name: 'r1', index: 200, addresses: ['10.0.0.1/31', 'fd00:1::2/64'] },
    );
    expect(await linkNamed(left, 'r2')).toEqual({
      ...{ name: 'r2', index: 100, kind: 'veth', alias: 'vinet link-r2', mtu: 1400, up: true },
      ...{
        addresses: ['10.0.0.0/31', 'fd00:1::1/64'],
        master: null,
        peerIndex: 200,
        tunnel: null,
        emulation: null,
      },
    });
    expect(await linkNamed(right, 'r1')).toMatchObject({
      name: 'r1',
      alias: 'vinet link-r1',
      peerIndex: 100,
    });
    ping(left, '10.0.0.1');
    ping(left, 'fd00:1::2');
  });

  test('two hundred veth pairs in one call', async () => {
    const namespace = await room.create('many');
    const steps = Array.from(
      { length: 200 },
      (_, at): LinkStep => ({
        ...{ step: 'create', into: namespace, index: 1000 + at, link: veth(`east${at}`) },
        peer: { into: namespace, index: 3000 + at, link: veth(`west${at}`) },
      }),
    );
    expect(await namespace.program(steps)).toEqual(new Array(200).fill(null));
    // A kernel may bring devices of its own into every namespace, and list devices in any order.
    const links = (await namespace.readLinks()).filter(({ index }) => index >= 1000);
    expect(links.length).toBe(400);
    expect(links.every((link) => link.alias === `vinet link-${link.name}`)).toBe(true);
  });

  test('each failing step says why at its place, and the others are carried out', async () => {
    const namespace = await room.create('errors');
    const create: LinkStep = { step: 'create', into: namespace, index: 100, link: bridge('br'), peer: null };
    const results = await namespace.program([
      create,
      create,
      { step: 'set-up', index: 999, up: true },
      { step: 'add-address', index: 100, address: '10.0.0.1/24' },
      { step: 'add-address', index: 100, address: '10.0.0.1/24' },
      { step: 'add-address', index: 100, address: 'nonsense' },
      { step: 'remove-address', index: 100, address: '10.9.9.9/32' },
      { step: 'set-mtu', index: 100, mtu: 1300 },
    ]);
    expect(results.map((error) => error && 'code' in error && error.code)).toEqual([
      null,
      'exists',
      'not-found',
      null,
      'exists',
      'kernel',
      'not-found',
      null,
    ]);
    expect(results[1]?.message).toBe(`create bridge br in ${namespace.name}: EEXIST`);
    expect(await linkNamed(namespace, 'br')).toMatchObject({ mtu: 1300, addresses: ['10.0.0.1/24'] });
  });

  test('a thousand calls at once are carried out in order', async () => {
    const namespace = await room.create('queue');
    await carryOut(namespace, [
      { step: 'create', into: namespace, index: 100, link: bridge('br'), peer: null },
    ]);
    const mtus = Array.from({ length: 1000 }, (_, at) => 1000 + (at % 400));
    const calls = mtus.map((mtu) => namespace.program([{ step: 'set-mtu', index: 100, mtu }]));
    expect((await Promise.all(calls)).flat()).toEqual(mtus.map(() => null));
    expect(await linkNamed(namespace, 'br')).toMatchObject({ mtu: mtus.at(-1) });
  });

  test('mtu, master, state and addresses change in place, and a link goes', async () => {
    const namespace = await room.create('change');
    await carryOut(namespace, [
      { step: 'create', into: namespace, index: 100, link: bridge('br'), peer: null },
      {
        step: 'create',
        into: namespace,
        index: 101,
        link: veth('p'),
        peer: { into: namespace, index: 102, link: veth('q') },
      },
      { step: 'set-master', index: 101, master: 100 },
      { step: 'set-up', index: 101, up: true },
      { step: 'add-address', index: 102, address: '10.0.0.1/32' },
      { step: 'add-address', index: 1, address: '10.255.0.1/32' },
    ]);
    expect(await linkNamed(namespace, 'p')).toMatchObject({ master: 'br', up: true });
    expect(await linkNamed(namespace, 'lo')).toMatchObject({ addresses: ['10.255.0.1/32'] });
    await carryOut(namespace, [
      { step: 'set-master', index: 101, master: 0 },
      { step: 'set-up', index: 101, up: false },
      { step: 'remove-address', index: 102, address: '10.0.0.1/32' },
      { step: 'delete', index: 100 },
    ]);
    expect(await linkNamed(namespace, 'p')).toMatchObject({ master: null, up: false });
    expect(await linkNamed(namespace, 'q')).toMatchObject({ addresses: [] });
    expect(await linkNamed(namespace, 'br')).toBeUndefined();
  });

  test('counters count', async () => {
    const [left, right] = [await room.create('a'), await room.create('b')];
    await joinByVeth(
      { into: left, name: 'r2', index: 100, addresses: ['10.0.0.0/31'] },
      { into: right, name: 'r1', index: 100, addresses: ['10.0.0.1/31'] },
    );
    ping(left, '10.0.0.1');
    const sent = (await left.readCounters()).find(({ name }) => name === 'r2');
    const received = (await right.readCounters()).find(({ name }) => name === 'r1');
    expect(sent?.sentPackets).toBeGreaterThanOrEqual(3);
    expect(sent?.sentBytes).toBeGreaterThanOrEqual(3 * 98);
    expect(received?.receivedPackets).toBeGreaterThanOrEqual(3);
    expect(received?.receivedErrors).toBe(0);
  });
});

describe('VXLAN', () => {
  test('a tunnel between the namespaces of two nodes carries packets of two routers', async () => {
    const { n1, n2 } = await createNodes();
    const [r1, r2] = [await room.create('r1'), await room.create('r2')];
    for (const [node, into, name, local, remote, address] of [
      [n1, r1, 'r2', '192.0.2.1', '192.0.2.2', '10.0.0.0/31'],
      [n2, r2, 'r1', '192.0.2.2', '192.0.2.1', '10.0.0.1/31'],
    ] as const) {
      const link = vxlan(name, { local, remotes: [remote] });
      await carryOut(node, [{ step: 'create', into, index: 100, link, peer: null }]);
      await carryOut(into, [
        { step: 'add-address', index: 100, address },
        { step: 'set-up', index: 100, up: true },
      ]);
    }
    expect((await linkNamed(r1, 'r2'))?.tunnel).toEqual({
      ...{ kind: 'vxlan', vni: 77, port: 4789, local: '192.0.2.1', remotes: ['192.0.2.2'], learning: false },
    });
    ping(r1, '10.0.0.1');
    const tunnel = (await r1.readCounters()).find(({ name }) => name === 'r2');
    expect(tunnel?.sentPackets).toBeGreaterThanOrEqual(3);
  });

  test('a tunnel over IPv6 carries packets too', async () => {
    const { n1, n2 } = await createNodes();
    const [r1, r2] = [await room.create('r1'), await room.create('r2')];
    for (const [node, into, name, local, remote, address] of [
      [n1, r1, 'r2', 'fd00:2::1', 'fd00:2::2', 'fd00:3::1/64'],
      [n2, r2, 'r1', 'fd00:2::2', 'fd00:2::1', 'fd00:3::2/64'],
    ] as const) {
      const link = vxlan(name, { local, remotes: [remote] });
      await carryOut(node, [{ step: 'create', into, index: 100, link, peer: null }]);
      await carryOut(into, [
        { step: 'add-address', index: 100, address },
        { step: 'set-up', index: 100, up: true },
      ]);
    }
    expect((await linkNamed(r1, 'r2'))?.tunnel).toMatchObject({ local: 'fd00:2::1', remotes: ['fd00:2::2'] });
    ping(r1, 'fd00:3::2');
  });

  test('a segment floods to all its remotes, which can be added and removed', async () => {
    const { n1 } = await createNodes();
    const into = await room.create('segment');
    const link = vxlan('lan', { learning: true, remotes: ['192.0.2.3', '192.0.2.2'] });
    await carryOut(n1, [{ step: 'create', into, index: 100, link, peer: null }]);
    expect((await linkNamed(into, 'lan'))?.tunnel).toMatchObject({
      ...{ learning: true, remotes: ['192.0.2.2', '192.0.2.3'] },
    });
    await carryOut(into, [
      { step: 'add-remote', index: 100, remote: '192.0.2.4' },
      { step: 'add-remote', index: 100, remote: '192.0.2.4' },
      { step: 'remove-remote', index: 100, remote: '192.0.2.3' },
    ]);
    expect((await linkNamed(into, 'lan'))?.tunnel).toMatchObject({ remotes: ['192.0.2.2', '192.0.2.4'] });
  });

  test('two devices of one VNI and port cannot stand over one node', async () => {
    const { n1 } = await createNodes();
    const into = await room.create('twice');
    const create = (index: number, name: string): LinkStep => ({
      ...{ step: 'create', into, index, link: vxlan(name, {}), peer: null },
    });
    expect(await n1.program([create(100, 'first'), create(101, 'second')])).toEqual([
      null,
      expect.objectContaining({ code: 'exists' }),
    ]);
  });

  async function createNodes(): Promise<{ n1: Namespace; n2: Namespace }> {
    const [n1, n2] = [await room.create('n1'), await room.create('n2')];
    await joinByVeth(
      { into: n1, name: 'wire', index: 10, addresses: ['192.0.2.1/24', 'fd00:2::1/64'] },
      { into: n2, name: 'wire', index: 10, addresses: ['192.0.2.2/24', 'fd00:2::2/64'] },
    );
    return { n1, n2 };
  }
});

describe('watching links', () => {
  const drifts: Record<string, (namespace: Namespace) => unknown> = {
    'a link deleted by hand': (namespace) => ip(namespace, 'link', 'del', 'dev', 'br'),
    'a link taken down': (namespace) => ip(namespace, 'link', 'set', 'dev', 'br', 'down'),
    'an address deleted by hand': (namespace) => ip(namespace, 'addr', 'del', '10.0.0.1/24', 'dev', 'br'),
    'an IPv6 address deleted by hand': (namespace) => ip(namespace, 'addr', 'del', 'fd00::1/64', 'dev', 'br'),
    'IPv4 forwarding switched off': (namespace) => namespace.writeSysctls({ 'net/ipv4/ip_forward': '0' }),
    'IPv6 forwarding switched off': (namespace) =>
      namespace.writeSysctls({ 'net/ipv6/conf/all/forwarding': '0' }),
  };

  test.each(Object.entries(drifts))('tells of %s', async (_what, drift) => {
    const namespace = await room.create('drift');
    namespace.writeSysctls({ 'net/ipv4/ip_forward': '1', 'net/ipv6/conf/all/forwarding': '1' });
    await carryOut(namespace, [
      { step: 'create', into: namespace, index: 100, link: bridge('br'), peer: null },
      { step: 'add-address', index: 100, address: '10.0.0.1/24' },
      { step: 'add-address', index: 100, address: 'fd00::1/64' },
      { step: 'set-up', index: 100, up: true },
    ]);
    const onChange = vi.fn();
    namespace.watchLinks(onChange);
    drift(namespace);
    await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), 5000);
  });

  test('calls once for a burst, and no more after the watch is closed', async () => {
    const namespace = await room.create('burst');
    const [first, second] = [vi.fn(), vi.fn()];
    const watch = namespace.watchLinks(first);
    namespace.watchLinks(second);
    const create = (index: number): LinkStep => ({
      ...{ step: 'create', into: namespace, index, link: bridge(`br${index}`), peer: null },
    });
    await carryOut(
      namespace,
      Array.from({ length: 20 }, (_, at) => create(100 + at)),
    );
    await vi.waitFor(() => expect(first).toHaveBeenCalled(), 5000);
    await namespace.readLinks();
    const calls = first.mock.calls.length;
    expect(calls).toBeLessThan(20);
    watch.close();
    second.mockClear();
    await carryOut(namespace, [create(200)]);
    await vi.waitFor(() => expect(second).toHaveBeenCalled(), 5000);
    expect(first.mock.calls.length).toBe(calls);
  });
});

async function linkNamed(namespace: Namespace, name: string) {
  return (await namespace.readLinks()).find((link) => link.name === name);
}
