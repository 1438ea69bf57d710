import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside, ping, tracesOf, until } from '../machine.ts';
import { startConversation } from './conversation.ts';
import { succeed, TestLab } from './test-lab.ts';

const lab = new TestLab('vthosts', 3);

beforeAll(() => lab.up());
afterAll(() => lab.down());

function overlayFile(name: string): string {
  return `apiVersion: vinet/v1
kind: Overlay
metadata: { name: ${name} }
spec:
  topology: { kind: ring, routers: 4 }
  placement: { nodes: [n1, n2, n3] }
  addressing: { network: 10.20.0.0/16 }
  hosts:
    - { name: h1, attach: r1 }
    - { name: h2, attach: r3 }
    - { name: h3, attach: [r2, r4], overlays: [] }
`;
}

describe('virtual hosts', () => {
  it('are members of their overlay and reach one another by name', async () => {
    for (const name of ['red', 'blue'])
      succeed(await lab.vinet('apply', '-f', lab.write(`${name}.yaml`, overlayFile(name)), '--wait'));
    for (const target of ['h2', 'h2.red', 'r4', 'h1'])
      expect(
        succeed(await lab.vinet('exec', 'red/h1', '--', 'ping', '-c', '1', '-W', '5', target)),
      ).toContain('1 received');
  });

  it('forward nothing and run no routing of their own', () => {
    expect(inside('red_h1', 'cat', '/proc/sys/net/ipv4/ip_forward')?.trim()).toBe('0');
    expect(inside('red_h1', 'ip', 'route', 'show', 'default')).toContain('dev r1');
    expect(tracesOf('red').filter((trace) => trace.includes('red_h1'))).toEqual([
      '/run/netns/red_h1',
      '/etc/netns/red_h1',
    ]);
  });

  it('run copies of one program on the same port in two overlays, each with its own neighbours', async () => {
    const servers = ['red', 'blue'].map((name) =>
      spawn('ip', ['netns', 'exec', `${name}_h2`, 'sh', '-c', `echo ${name} | exec busybox nc -l -p 8080`], {
        stdio: 'ignore',
      }),
    );
    try {
      for (const name of ['red', 'blue'])
        await until(
          () => (inside(`${name}_h2`, 'ss', '-Htln', 'sport = :8080') ?? '') !== '',
          () => `a server listens in ${name}`,
        );
      const ask = (name: string) =>
        lab.vinet('exec', `${name}/h1`, '--', 'sh', '-c', 'busybox nc -w 5 h2 8080 < /dev/null');
      expect(succeed(await ask('red')).trim()).toBe('red');
      expect(succeed(await ask('blue')).trim()).toBe('blue');
    } finally {
      for (const server of servers) server.kill('SIGKILL');
    }
  });

  it('keep their address and their connections, behind an internal router, when either of two routers is lost', async () => {
    const lookUp = succeed(await lab.vinet('exec', 'red/h3', '--', 'getent', 'hosts', 'h1'));
    const conversation = await startConversation('red_h3', 'red_h1', lookUp.split(' ')[0] ?? '');
    try {
      for (const [lost, other] of [
        ['r2', 'r4'],
        ['r4', 'r2'],
      ] as const) {
        succeed(await lab.vinet('link', 'red', 'h3-gw', lost, '--down'));
        await until(
          () => waysOf('red_h3-gw') === other,
          () => `all goes by ${other}, not ${waysOf('red_h3-gw')}`,
        );
        await conversation.goesOn();
        succeed(await lab.vinet('link', 'red', 'h3-gw', lost, '--up'));
        await until(
          () => waysOf('red_h3-gw') === 'r2 r4',
          () => `both ways are there again, not ${waysOf('red_h3-gw')}`,
        );
      }
      await conversation.goesOn();
    } finally {
      await conversation.stop();
    }
  });

  it('come and go by the file alone', async () => {
    const fewer = overlayFile('red').replace('    - { name: h2, attach: r3 }\n', '');
    succeed(await lab.vinet('apply', '-f', lab.write('red.yaml', fewer), '--wait'));
    expect(tracesOf('red').some((trace) => trace.includes('red_h2'))).toBe(false);
    expect(ping('red_h1', '10.20.0.3')).toBe(true);
    for (const name of ['red', 'blue']) {
      succeed(await lab.vinet('delete', 'overlay', name, '--wait'));
      expect(tracesOf(name)).toEqual([]);
    }
  });
});

/** The interfaces that a router has OSPF's routes by. */
function waysOf(router: string): string {
  const routes = inside(router, 'ip', 'route', 'show', 'proto', 'ospf') ?? '';
  return [...new Set([...routes.matchAll(/ dev (\S+)/g)].map(([, device]) => device))].sort().join(' ');
}
