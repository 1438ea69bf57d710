import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AttributeTable,
  attribute,
  HEADER_BYTES,
  nested,
} from '../../../../src/agent/kernel/netlink-message.ts';
import {
  decodeDevice,
  encodeConfigureDevice,
  encodeUpdatePeer,
} from '../../../../src/agent/kernel/tunnels/wireguard-message.ts';
import type { WireguardTunnel } from '../../../../src/model/tunnel.ts';
import { VinetError } from '../../../../src/model/vinet-error.ts';

const key = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));
const port = fc.integer({ min: 1, max: 0xffff });
const tunnels: fc.Arbitrary<WireguardTunnel> = fc.record({
  kind: fc.constant('wireguard' as const),
  port,
  remote: fc.constantFrom('192.0.2.1', '255.255.255.255', 'fd00::1', '2001:db8:ffff:1:2:3:4:5'),
  remotePort: port,
  privateKey: key,
  peerPublicKey: key,
  presharedKey: key,
});

describe('messages of WireGuard', () => {
  test('a device that is configured comes back with the same tunnel', () => {
    fc.assert(
      fc.property(tunnels, (tunnel) => {
        expect(decode(encodeConfigureDevice(30, 7, tunnel))).toEqual(tunnel);
      }),
    );
  });

  test('a renewed preshared key is sent without the private key, and to no new peer', () => {
    fc.assert(
      fc.property(tunnels, (tunnel) => {
        const message = encodeUpdatePeer(30, 7, tunnel);
        expect(message.includes(Buffer.from(tunnel.presharedKey, 'base64'))).toBe(true);
        expect(message.includes(Buffer.from(tunnel.privateKey, 'base64'))).toBe(false);
        expect(
          message.includes(attribute(WGPEER_A_FLAGS, Uint8Array.of(WGPEER_F_UPDATE_ONLY, 0, 0, 0))),
        ).toBe(true);
        expect(decode(message)).toBeNull();
      }),
    );
  });

  test('a device with two peers, or none, is none of ours', () => {
    const [tunnel] = fc.sample(tunnels, 1);
    if (tunnel === undefined) throw new Error('no sample');
    const message = encodeConfigureDevice(30, 7, tunnel);
    const attributes = new AttributeTable(WGDEVICE_A_PEERS);
    attributes.read(message, HEADER_BYTES + 4, message.length);
    const peer = attributes.bytes(WGDEVICE_A_PEERS);
    const body = message.subarray(0, message.length - peer.length - 4);
    const withPeers = (...peers: Buffer[]) =>
      decode(Buffer.concat([body, nested(WGDEVICE_A_PEERS, ...peers)]));
    expect(withPeers(peer)).toEqual(tunnel);
    expect(withPeers(peer, peer)).toBeNull();
    expect(withPeers()).toBeNull();
  });

  test('any bytes are met with a tunnel, with null or with a VinetError', () => {
    fc.assert(
      fc.property(tunnels, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), (tunnel, changes) => {
        const message = encodeConfigureDevice(30, 7, tunnel);
        for (const [at, value] of changes)
          message[HEADER_BYTES + (at % (message.length - HEADER_BYTES))] = value;
        try {
          decode(message);
        } catch (error) {
          expect(error).toBeInstanceOf(VinetError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each(['', 'short', 'A'.repeat(44), `${'A'.repeat(80)}=`])(
    'the key %j is refused in words that do not hold it',
    (bad) => {
      const [tunnel] = fc.sample(tunnels, 1);
      if (tunnel === undefined) throw new Error('no sample');
      for (const field of ['privateKey', 'peerPublicKey', 'presharedKey'] as const)
        expect(() => encodeConfigureDevice(30, 7, { ...tunnel, [field]: bad })).toThrow(
          expect.objectContaining({ message: 'not a key of WireGuard', context: {} }),
        );
    },
  );
});

function decode(message: Buffer): WireguardTunnel | null {
  return decodeDevice(message, 30, HEADER_BYTES, message.length);
}

const WGDEVICE_A_PEERS = 8;
const WGPEER_A_FLAGS = 3;
const WGPEER_F_UPDATE_ONLY = 4;
