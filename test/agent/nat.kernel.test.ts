import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EncapsulationName, Overlay } from '../../src/model/overlay.ts';
import { startCapture } from '../capture.ts';
import { inside, until } from '../machine.ts';
import { type NodeBench, openNodeBench, removeNamespaces } from './node-bench.ts';

const OUTSIDE = '198.18.7.254';
const ROUTER = 'vt-nat-gate';

/** A router that gives all packets its own address, and takes none from outside that nobody inside asked for. */
const RULES = `table ip gate {
 chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
 chain in { type filter hook input priority filter; iifname "wan" ct state new drop; }
 chain through { type filter hook forward priority filter; iifname "wan" ct state new drop; }
}
`;

const ENCAPSULATIONS = ['gue', 'wireguard'] as const satisfies readonly EncapsulationName[];

describe('a node behind a router that translates its address', () => {
  let bench: NodeBench;

  beforeAll(async () => {
    removeNamespaces([ROUTER]);
    bench = await openNodeBench(
      'vt-nat',
      2,
      (number) => [number === 1 ? '198.18.7.1/24' : '10.99.0.2/24'],
      (number) => (number === 1 ? [] : [OUTSIDE]),
    );
    buildRouter();
    bench.deploy(ENCAPSULATIONS.map(overlayOf));
    await bench.ready();
  }, 480_000);
  afterAll(async () => {
    await bench.close();
    removeNamespaces([ROUTER]);
  });

  test.each(ENCAPSULATIONS)('is reached with %s: routes come, and packets go both ways', async (name) => {
    const capture = await startCapture('vt-nat-n1', 'eth0', { filter: 'udp', meaning: () => name });
    for (const [from, to] of [
      ['r1', '10.0.0.2'],
      ['r2', '10.0.0.1'],
    ] as const)
      expect(inside(`vtn-${name}_${from}`, 'ping', '-n', '-c', '1', '-w', '60', to)).not.toBeNull();
    const seen = () =>
      new Set(capture.packets().map(([, outer]) => JSON.stringify(outer, ['source', 'destination'])));
    const wanted = [
      { source: '198.18.7.1', destination: OUTSIDE },
      { source: OUTSIDE, destination: '198.18.7.1' },
    ].map((ends) => JSON.stringify(ends));
    await until(
      () => wanted.every((ends) => seen().has(ends)),
      () => [...seen()].join(),
    );
    await capture.stop();
    expect([...seen()].sort()).toEqual(wanted.sort());
  });
});

function overlayOf(encapsulation: EncapsulationName): Overlay {
  return {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name: `vtn-${encapsulation}` },
    spec: {
      topology: { kind: 'line', routers: 2 },
      placement: { nodes: ['n1', 'n2'] },
      links: { encapsulation },
    },
  };
}

/** Puts the router between n2 and the network of n1. */
function buildRouter(): void {
  const commands = `ip netns add ${ROUTER}
ip -n vt-nat-hub link set p1 down nomaster
ip -n vt-nat-hub link set p1 name lan netns ${ROUTER}
ip -n ${ROUTER} link add wan type veth peer name gate netns vt-nat-hub
ip -n vt-nat-hub link set gate master br0 up
ip -n ${ROUTER} address add 10.99.0.1/24 dev lan
ip -n ${ROUTER} address add ${OUTSIDE}/24 dev wan
ip -n ${ROUTER} link set lan up
ip -n ${ROUTER} link set wan up
ip netns exec ${ROUTER} sysctl -qw net.ipv4.ip_forward=1
ip -n vt-nat-n2 route add default via 10.99.0.1
ip netns exec ${ROUTER} nft -f -
`;
  execFileSync('sh', ['-ec', commands], { input: RULES, stdio: ['pipe', 'ignore', 'pipe'] });
}
