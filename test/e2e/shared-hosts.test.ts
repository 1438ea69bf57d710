import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostView } from '../../src/model/api.ts';
import { startCapture } from '../capture.ts';
import { inside, ping, tracesOf, until } from '../machine.ts';
import { startConversation } from './conversation.ts';
import { succeed, TestLab } from './test-lab.ts';

const lab = new TestLab('vtshared', 3);

beforeAll(() => lab.up());
afterAll(() => lab.down());

function overlayFile(name: string, topology: string, nodes: string, range: string, hosts: string): string {
  return `apiVersion: vinet/v1
kind: Overlay
metadata: { name: ${name} }
spec:
  topology: ${topology}
  placement: { nodes: ${nodes} }
  addressing: { network: ${range} }
  hosts: [${hosts}]
`;
}

const RED = overlayFile(
  'sred',
  '{ kind: ring, routers: 3 }',
  '[n1, n2, n3]',
  '10.71.0.0/16',
  '{ name: h, attach: r1, overlays: [sblue] }, { name: p, attach: r3, overlays: [sblue] }',
);
const BLUE = overlayFile(
  'sblue',
  '{ kind: line, routers: 2 }',
  '[n2, n1]',
  '10.72.0.0/16',
  '{ name: h, attach: r1, home: sred }, { name: p, attach: r2, home: sred }',
);

/** Addresses by the names in a member's own file. */
function addressOf(namespace: string, name: string): string {
  const line = (inside(namespace, 'cat', `/etc/hosts`) ?? '')
    .split('\n')
    .find((text) => text.split(' ').slice(1).includes(name));
  return line?.split(' ')[0] ?? '';
}

/** The protocol that the internal router of h has its way to p from. */
function wayOf(address: string): string {
  const text = inside('sred_h-gw', 'ip', 'route', 'show', 'match', address) ?? '';
  return /proto (ospf|bgp)/.exec(text)?.[1] ?? '';
}

describe('a host in two overlays', () => {
  let farAddress = '';

  it('comes up from one file, and is known in both by its names', async () => {
    const file = lab.write('shared.yaml', `${BLUE}---\n${RED}`);
    succeed(await lab.vinet('apply', '-f', file, '--wait'));
    farAddress = addressOf('sred_h', 'p');
    for (const name of ['p', 'p.sred', 'p.sblue', 'r2.sblue', 'h.sblue', 'r3'])
      expect(succeed(await lab.vinet('exec', 'sblue/h', '--', 'ping', '-c', '1', '-W', '5', name))).toContain(
        '1 received',
      );
    expect(addressOf('sred_h', 'p.sblue')).toBe(farAddress);
    expect(addressOf('sblue_r1', 'p')).toBe(farAddress);
    expect(ping('sblue_r1', farAddress)).toBe(true);
    expect(ping('sred_r1', farAddress)).toBe(true);
    expect(wayOf(farAddress)).toBe('ospf');
  });

  it('is shown in both', async () => {
    const hosts = async (overlay: string) =>
      (await lab.json<{ hosts: HostView[] }>('get', 'hosts', overlay)).hosts;
    const common = { name: 'h', node: 'n1', namespace: 'sred_h', home: 'sred', phase: 'ready' };
    expect(await hosts('sred')).toContainEqual(expect.objectContaining({ ...common, adjacent: ['h-gw'] }));
    expect(await hosts('sblue')).toContainEqual(expect.objectContaining({ ...common, adjacent: ['r1'] }));
    expect(succeed(await lab.vinet('graph', 'sblue', '-o', 'mermaid'))).toContain('h');
    expect(succeed(await lab.vinet('vtysh', 'sred/h-gw', '-c', 'show bgp summary'))).toContain('10.72.');
  });

  it('keeps its connections when one overlay fails, and goes back when that is mended', async () => {
    const conversation = await startConversation('sred_h', 'sred_p', farAddress);
    try {
      for (const far of ['r2', 'r3']) succeed(await lab.vinet('link', 'sred', 'r1', far, '--down'));
      await until(
        () => wayOf(farAddress) === 'bgp',
        () => 'the way to p is over sblue',
      );
      await conversation.goesOn();
      for (const far of ['r2', 'r3']) succeed(await lab.vinet('link', 'sred', 'r1', far, '--up'));
      await until(
        () => wayOf(farAddress) === 'ospf',
        () => 'the way to p is over sred',
      );
      await conversation.goesOn();
      succeed(await lab.vinet('link', 'sblue', 'h', 'r1', '--down'));
      await conversation.goesOn();
      succeed(await lab.vinet('link', 'sblue', 'h', 'r1', '--up'));
    } finally {
      await conversation.stop();
    }
  });

  it('joins the two for nobody but itself', async () => {
    const foreign = (namespace: string, range: string) =>
      (inside(namespace, 'ip', 'route', 'show', 'root', range) ?? '')
        .split('\n')
        .flatMap((line) => line.split(' ')[0] || []);
    const hosts = [addressOf('sred_h', 'h'), farAddress].map((address) => `${address}/31`);
    await until(
      () => hosts.every((prefix) => foreign('sblue_r2', '10.71.0.0/16').includes(prefix)),
      () => 'blue is whole again',
    );
    expect(foreign('sblue_r2', '10.71.0.0/16')).toEqual(hosts);
    expect(foreign('sred_r2', '10.72.0.0/16')).toEqual([]);
  });

  it.each([
    ["one overlay's packets for another's router", 'sred_r1', '10.71.0.1', '10.72.0.1', 'h-gw', 'transit'],
    ['the other way round', 'sblue_r1', '10.72.0.1', '10.71.0.1', 'h', 'transit'],
    ["the router's own address in the other", 'sblue_r1', '10.72.0.1', 'GATEWAY', 'h', 'wrong-address'],
    ["a source of the other's", 'sblue_r1', '10.71.0.2', 'HOST', 'h', 'wrong-source'],
    ['a source of the host itself', 'sred_r1', 'HOST', 'GATEWAY', 'h-gw', 'wrong-source'],
    ['a source that the host has not', 'sred_h', '10.72.0.9', '10.71.0.2', 'h-gw', 'wrong-source'],
  ])('lets %s reach nobody, and counts it', async (_what, from, source, destination, device, reason) => {
    const named: Record<string, string> = {
      HOST: addressOf('sred_h', 'h'),
      GATEWAY: addressOf('sred_h', 'h-gw'),
    };
    const [src = source, dst = destination] = [named[source], named[destination]];
    const before = droppedAs(reason);
    const captures = await Promise.all([
      startCapture('sred_r1', 'h-gw', { filter: `icmp[icmptype] == icmp-echo and src ${src}` }),
      startCapture('sblue_r1', 'h', { filter: `icmp[icmptype] == icmp-echo and src ${src}` }),
      startCapture('sred_h', 'h-gw', { filter: `icmp[icmptype] == icmp-echo and src ${src}` }),
    ]);
    // Whoever is root in there may have whatever address.
    const forger = [
      ['link', 'add', 'forger', 'type', 'veth', 'peer', 'name', 'forger0'],
      ['address', 'add', `${src}/32`, 'dev', 'forger'],
      ['link', 'set', 'forger', 'up'],
    ];
    for (const words of forger) inside(from, 'ip', ...words);
    const via = nextHopOf(from, device);
    inside(from, 'ip', 'route', 'add', `${dst}/32`, ...via, 'metric', '1');
    try {
      await until(
        () => {
          inside(from, 'ping', '-n', '-c', '2', '-i', '0.2', '-W', '1', '-I', src, dst);
          return droppedAs(reason) > before;
        },
        () => `it is counted as ${reason}`,
      );
    } finally {
      inside(from, 'ip', 'route', 'del', `${dst}/32`, ...via, 'metric', '1');
      inside(from, 'ip', 'link', 'del', 'forger');
    }
    const seen = await Promise.all(captures.map(async (capture) => (await capture.stop()).length));
    const sender = ['sred_r1', 'sblue_r1', 'sred_h'].indexOf(from);
    expect(seen.filter((count, at) => at !== sender && count > 0)).toEqual([]);
  });

  it('keeps its home for as long as another overlay has it', async () => {
    const refused = await lab.vinet('delete', 'overlay', 'sred');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('sblue has hosts of overlay sred');
  });

  it('loses one overlay without a word about it to its connections', async () => {
    const conversation = await startConversation('sred_h', 'sred_p', farAddress);
    try {
      succeed(await lab.vinet('delete', 'overlay', 'sblue', '--wait'));
      await conversation.goesOn();
    } finally {
      await conversation.stop();
    }
    expect(tracesOf('sblue')).toEqual([]);
    await until(
      () => !(inside('sred_h-gw', 'ip', '-br', 'link') ?? '').includes('r1.sblue'),
      () => 'its interface in sblue is gone',
    );
  });

  it('leaves nothing of itself', async () => {
    succeed(await lab.vinet('delete', 'overlay', 'sred', '--wait'));
    expect(tracesOf('sred')).toEqual([]);
  });
});

function droppedAs(reason: string): number {
  const text = inside('sred_h-gw', 'nft', 'list', 'counter', 'inet', 'vinet', reason) ?? '';
  return Number(/packets (\d+)/.exec(text)?.[1] ?? 0);
}

/** Words of ip(8) for a route through a link of two ends. */
function nextHopOf(namespace: string, device: string): string[] {
  const text = inside(namespace, 'ip', '-json', '-4', 'address', 'show', 'dev', device) ?? '[]';
  const [found] = JSON.parse(text) as { addr_info: { local: string }[] }[];
  const own = found?.addr_info[0]?.local ?? '';
  const last = Number(own.split('.')[3]);
  const far = [...own.split('.').slice(0, 3), String(last % 2 === 0 ? last + 1 : last - 1)].join('.');
  return ['via', far, 'dev', device];
}
