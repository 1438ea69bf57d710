import { expect, test } from 'vitest';
import { openKernel } from '../../src/agent/kernel/open-kernel.ts';

test("Debian's kernel knows every kind of link that an encapsulation may want", async () => {
  const kernel = await openKernel({ underlay: null });
  expect(kernel.readRelease()).toMatch(/^6\.1\..*-amd64$/);
  expect(await kernel.readLinkKinds()).toEqual([
    ...[
      'veth',
      'vxlan',
      'bridge',
      'vrf',
      'dummy',
      'ipip',
      'sit',
      'ip6tnl',
      'gre',
      'gretap',
      'ip6gre',
      'ip6gretap',
    ],
    ...['geneve', 'wireguard', 'xfrm', 'ifb', 'macvlan', 'ipvlan', 'vlan'],
  ]);
});
