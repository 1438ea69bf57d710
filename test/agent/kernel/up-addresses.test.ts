import { expect, test } from 'vitest';
import { UpAddresses } from '../../../src/agent/kernel/up-addresses.ts';
import { wireguardTunnels } from './tunnel-samples.ts';

const FAR = 'fd00:1::1 peer fd00:1::2/128';
const [tunnel] = wireguardTunnels('192.0.2.1', '192.0.2.2');

test('addresses of IPv6 with another far end are said again until they are removed', () => {
  const addresses = new UpAddresses('ring_r1');
  for (const address of [FAR, 'fd00:2::1/128', '10.0.0.1 peer 10.0.0.2/32'])
    addresses.note({ step: 'add-address', index: 7, address });
  expect([...addresses.of(7)]).toEqual([FAR]);
  addresses.note({ step: 'remove-address', index: 7, address: FAR });
  expect([...addresses.of(7)]).toEqual([]);
});

test('a WireGuard device has a link-local address of its own, the same each time', () => {
  const addresses = ['ring_r1', 'ring_r2'].map((namespace) => {
    const found = [1, 2].map(() => {
      const known = new UpAddresses(namespace);
      known.note({ step: 'set-wireguard-keys', index: 7, tunnel });
      return [...known.of(7)];
    });
    expect(found[0]).toEqual(found[1]);
    return found[0];
  });
  expect(addresses[0]).toEqual([expect.stringMatching(/^fe80::[0-9a-f]{4}(:[0-9a-f]{4}){3}\/64$/)]);
  expect(addresses[0]).not.toEqual(addresses[1]);
});

test('what a restarted agent reads is said again too, and nothing of a device that is gone', () => {
  const link = { name: 'r2', alias: '', mtu: 1400, up: true, master: null, peerIndex: 0, emulation: null };
  const addresses = new UpAddresses('ring_r1');
  addresses.learn([
    { ...link, index: 7, kind: 'ip6tnl', addresses: [FAR], tunnel: null },
    { ...link, index: 8, kind: 'wireguard', addresses: [], tunnel },
    { ...link, index: 9, kind: 'veth', addresses: ['fd00::1/64'], tunnel: null },
  ]);
  expect([7, 8, 9].map((index) => [...addresses.of(index)].length)).toEqual([1, 1, 0]);
  addresses.note({ step: 'delete', index: 8 });
  expect([...addresses.of(8)]).toEqual([]);
});
