import { describe, expect, test } from 'vitest';
import type { TunnelState } from '../../src/model/node-state.ts';
import { REQID_BASE } from '../../src/model/security.ts';
import type { Tunnel } from '../../src/model/tunnel.ts';
import { securityOf } from '../../src/planner/security.ts';

const ENDS = { local: '192.0.2.1', remote: '192.0.2.2' };

describe('policies', () => {
  test.each<[string, Tunnel, string[], string[]]>([
    ['a keyed GRE packet', { kind: 'gre', key: 7, ...ENDS }, ['47 port 0 key 7'], ['47 port 0 key 7']],
    [
      'GUE by its port or the GRE in it where it comes in, and by the latter where it leaves',
      { kind: 'gue', key: 7, port: 10_001, ...ENDS },
      ['17 port 10001 key 0', '47 port 0 key 7'],
      ['47 port 0 key 7'],
    ],
    [
      'both families of an ipip device that takes both',
      { kind: 'ipip', carries: [6], ...ENDS },
      ['4 port 0 key 0', '41 port 0 key 0'],
      ['4 port 0 key 0', '41 port 0 key 0'],
    ],
  ])('know %s', (_what, tunnel, received, sent) => {
    const { policies } = securityOf(protectedLink(tunnel));
    const packets = (direction: string) =>
      policies
        .filter((policy) => policy.direction === direction)
        .map(({ protocol, destinationPort, greKey }) => `${protocol} port ${destinationPort} key ${greKey}`);
    expect(packets('in')).toEqual(received);
    expect(packets('out')).toEqual(sent);
  });

  test('send with the association that is said, and take any of the tunnel', () => {
    const { policies } = securityOf(protectedLink({ kind: 'gre', key: 7, ...ENDS }));
    expect(policies.map(({ direction, source, spi }) => [direction, source, spi])).toEqual([
      ['in', '192.0.2.2', 0],
      ['out', '192.0.2.1', 0x1001],
    ]);
  });
});

function protectedLink(tunnel: Tunnel): TunnelState {
  const key = '00'.repeat(20);
  return {
    ...{ kind: 'tunnel', name: 'r2', link: 'r1-r2', mtu: 1400, addresses: [], master: null },
    ...{ enabled: true, emulation: null, transport: null, tunnel },
    protections: [
      {
        ...{ ...ENDS, reqid: REQID_BASE + 1, cipher: 'aes-gcm', sending: 0x1001 },
        inbound: [{ spi: 0x1000, key }],
        outbound: [
          { spi: 0x1000, key },
          { spi: 0x1001, key },
        ],
      },
    ],
  };
}
