import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createLinkDecoder,
  encodeMovedLink,
  encodeNewLink,
} from '../../../../src/agent/kernel/link-message.ts';
import {
  attribute,
  encodeMessage,
  HEADER_BYTES,
  nested,
} from '../../../../src/agent/kernel/netlink-message.ts';
import * as rt from '../../../../src/agent/kernel/rtnetlink.ts';
import { encapsulationOf } from '../../../../src/agent/kernel/tunnels/encapsulations.ts';
import type { TunnelState } from '../../../../src/model/node-state.ts';
import { deviceKindOf, type Tunnel } from '../../../../src/model/tunnel.ts';
import { VinetError } from '../../../../src/model/vinet-error.ts';
import { tunnelLink } from '../kernel-room.ts';

const ipv4 = fc.ipV4().filter((text) => text !== '0.0.0.0');
const ipv6 = fc
  .array(fc.integer({ min: 1, max: 0xffff }), { minLength: 7, maxLength: 7 })
  .map((groups) => ['fd00', ...groups.map((group) => group.toString(16))].join(':'));
const ends = fc.oneof(fc.record({ local: ipv4, remote: ipv4 }), fc.record({ local: ipv6, remote: ipv6 }));
const vni = fc.integer({ min: 1, max: 0xffffff });
const key = fc.integer({ min: 0, max: 0xffffffff });
const port = fc.integer({ min: 1, max: 0xffff });

/** All that is read back from rtnetlink's attributes alone. */
const tunnels: fc.Arbitrary<Tunnel> = fc.oneof(
  fc.tuple(ends, vni, port).map(([{ remote }, number, udp]): Tunnel => {
    return { kind: 'geneve', vni: number, port: udp, remote };
  }),
  fc.tuple(ends, key).map(([both, number]): Tunnel => ({ kind: 'gre', key: number, ...both })),
  fc.tuple(ends, key, port).map(([both, number, udp]): Tunnel => {
    return { kind: 'gue', key: number, port: udp, ...both };
  }),
  fc.tuple(ends, fc.constantFrom<readonly (4 | 6)[]>([4], [6], [4, 6])).map(([both, carries]): Tunnel => {
    return { kind: 'ipip', carries, ...both };
  }),
);

describe('every tunnel', () => {
  test('comes back from the message that makes its device', () => {
    fc.assert(
      fc.property(tunnels, (tunnel) => {
        const message = encodeNewLink({ link: linkOf(tunnel), namespaceFd: 3, index: 7 }, null);
        expect(decodeLink(message)).toMatchObject({
          ...{ name: 'r2', index: 7, mtu: 1400, kind: deviceKindOf(tunnel), tunnel },
        });
      }),
    );
  });

  test('that is moved is made under a name and an index that nobody else has, then given its own', () => {
    fc.assert(
      fc.property(tunnels, fc.integer({ min: 1_000_000, max: 2_000_000 }), (tunnel, index) => {
        const { create, move } = encodeMovedLink({ link: linkOf(tunnel), namespaceFd: 3, index });
        const passing = decodeLink(create);
        expect(passing).toMatchObject({ name: `vinet-${index.toString(36)}`, tunnel });
        expect(passing?.name.length).toBeLessThan(16);
        expect(passing?.index).toBeGreaterThan(0x4000_0000);
        expect(move.readInt32LE(HEADER_BYTES + 4)).toBe(passing?.index);
        move.writeUInt16LE(rt.RTM_NEWLINK, 4);
        expect(decodeLink(move)?.name).toBe('r2');
      }),
    );
  });

  test('may send by multicast, which routing daemons need', () => {
    fc.assert(
      fc.property(tunnels, (tunnel) => {
        const message = encodeNewLink({ link: linkOf(tunnel), namespaceFd: 3, index: 7 }, null);
        expect(message.readUInt32LE(HEADER_BYTES + 8)).toBe(rt.IFF_MULTICAST);
        expect(message.readUInt32LE(HEADER_BYTES + 12)).toBe(rt.IFF_MULTICAST);
      }),
    );
  });

  test.each(['vxlan', 'geneve', 'gre', 'ip6gre', 'ipip', 'sit', 'ip6tnl', 'wireguard'])(
    'of device %s is told apart from any other bytes, or a VinetError says that they are none',
    (device) => {
      const data = fc.array(
        fc.record({
          type: fc.integer({ min: 0, max: 33 }),
          payload: fc.oneof(
            fc.uint8Array({ maxLength: 20 }),
            fc.constantFrom(Uint8Array.of(0x20, 0), new Uint8Array(4), new Uint8Array(16)),
          ),
        }),
        { maxLength: 20 },
      );
      fc.assert(
        fc.property(data, (attributes) => {
          const message = deviceMessage(
            device,
            attributes.map(({ type, payload }) => attribute(type, payload)),
          );
          try {
            const tunnel = decodeLink(message)?.tunnel ?? null;
            if (tunnel !== null && tunnel.kind !== 'vxlan') expect(deviceKinds(tunnel)).toContain(device);
          } catch (error) {
            expect(error).toBeInstanceOf(VinetError);
          }
        }),
        { numRuns: 500 },
      );
    },
  );
});

describe('a device that another made', () => {
  const gre: Tunnel = { kind: 'gre', key: 7, local: '192.0.2.1', remote: '192.0.2.2' };
  const gue: Tunnel = { ...gre, kind: 'gue', port: 10_001 };
  const ipip: Tunnel = { kind: 'ipip', local: '192.0.2.1', remote: '192.0.2.2', carries: [4] };

  test.each<[string, Tunnel, number, Uint8Array]>([
    ['GRE with a checksum', gre, 2, Uint8Array.of(0xa0, 0)],
    ['GRE with another key each way', gre, 4, Uint8Array.of(0, 0, 0, 8)],
    ['GRE that the routes decide of', gre, 18, new Uint8Array(0)],
    ['GRE in FOU', gue, 14, Uint8Array.of(1, 0)],
    ['GUE with another port at the far end', gue, 17, Uint8Array.of(0, 9)],
    ['IP in IP to anybody', ipip, 3, new Uint8Array(4)],
    ['IP in IP in UDP', ipip, 15, Uint8Array.of(2, 0)],
    ['MPLS in IP', ipip, 9, Uint8Array.of(137)],
  ])('such as %s is no tunnel of ours', (_what, tunnel, type, payload) => {
    const attributes = encapsulationOf(tunnel).encode(tunnel);
    expect(decodeLink(deviceMessage(deviceKindOf(tunnel), attributes))?.tunnel).toEqual(tunnel);
    const changed = [...attributes, attribute(type, payload)];
    expect(decodeLink(deviceMessage(deviceKindOf(tunnel), changed))?.tunnel).toBeNull();
  });
});

function deviceMessage(device: string, attributes: readonly Buffer[]): Buffer {
  return encodeMessage(
    rt.RTM_NEWLINK,
    0,
    Buffer.alloc(rt.LINK_HEADER_BYTES),
    nested(
      rt.IFLA_LINKINFO,
      attribute(rt.IFLA_INFO_KIND, Buffer.from(`${device}\0`)),
      nested(rt.IFLA_INFO_DATA, ...attributes),
    ),
  );
}

function decodeLink(message: Buffer) {
  return createLinkDecoder()(message, rt.RTM_NEWLINK, HEADER_BYTES, message.length);
}

function deviceKinds(tunnel: Tunnel): readonly string[] {
  return encapsulationOf(tunnel).devices;
}

function linkOf(tunnel: Tunnel): TunnelState {
  return tunnelLink('r2', tunnel);
}
