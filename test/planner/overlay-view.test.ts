import { describe, expect, test } from 'vitest';
import type { TopologySpec } from '../../src/model/topology.ts';
import { NO_BASES } from '../../src/planner/base-sites.ts';
import { describeLinks, describeRouters } from '../../src/planner/overlay-view.ts';
import { buildNodes, buildOverlay, planOf, statesOf, THREE_NODES } from './overlay-builder.ts';

const CUSTOM: TopologySpec = {
  kind: 'custom',
  routers: ['a', 'b', 'c', 'd'],
  links: [
    { between: ['a', 'd'], cost: 3 },
    ['a', 'b'],
    ['a', 'b'],
    { between: ['b', 'c', 'd'], name: 'lan' },
  ],
};
const overlay = buildOverlay(CUSTOM, { addressing: { network: '10.20.0.0/16' } });
const { plan } = planOf(overlay);

describe('a described router', () => {
  test('says where it stands and whom it is linked with', () => {
    const routers = describeRouters(overlay, plan);
    expect(
      routers.map(({ name, node, neighborsWanted, adjacent }) => ({ name, node, neighborsWanted, adjacent })),
    ).toEqual([
      { name: 'a', node: 'n1', neighborsWanted: 3, adjacent: ['d', 'b'] },
      { name: 'b', node: 'n2', neighborsWanted: 4, adjacent: ['a', 'c', 'd'] },
      { name: 'c', node: 'n3', neighborsWanted: 2, adjacent: ['b', 'd'] },
      { name: 'd', node: 'n1', neighborsWanted: 3, adjacent: ['a', 'b', 'c'] },
    ]);
    expect(routers[0]).toMatchObject({ namespace: 'net_a', addresses: ['10.20.0.1/32'] });
  });
});

describe('a described link', () => {
  test('says what it is made of and what its ends are called', () => {
    const links = describeLinks(overlay, plan, THREE_NODES, NO_BASES);
    expect(links.map(({ name, kind, vni, mtu }) => ({ name, kind, vni, mtu }))).toEqual([
      { name: 'a-d', kind: 'veth', vni: null, mtu: 1450 },
      { name: 'a-b', kind: 'vxlan', vni: 1000, mtu: 1450 },
      { name: 'a-b.2', kind: 'vxlan', vni: 1001, mtu: 1450 },
      { name: 'lan', kind: 'segment', vni: 1002, mtu: 1450 },
    ]);
    expect(links[0]?.ends).toEqual([
      { router: 'a', node: 'n1', interface: 'd', addresses: ['10.20.128.0/31'], cost: 3, emulation: null },
      { router: 'd', node: 'n1', interface: 'a', addresses: ['10.20.128.1/31'], cost: 3, emulation: null },
    ]);
    expect(links[3]?.ends[1]).toEqual({
      router: 'c',
      node: 'n3',
      interface: 'lan',
      addresses: ['10.20.192.2/24'],
      cost: 10,
      emulation: null,
    });
  });

  test('says the same as the states of the nodes', () => {
    const wanted = [...statesOf(overlay).values()].flatMap(({ overlays }) =>
      overlays.flatMap(({ environments }) =>
        environments
          .filter(({ role }) => role === 'router')
          .flatMap(({ name, links }) =>
            links.map((link) => `${link.link} ${name} ${link.name} ${link.addresses.join()} ${link.mtu}`),
          ),
      ),
    );
    const described = describeLinks(overlay, plan, THREE_NODES, NO_BASES).flatMap(({ name, mtu, ends }) =>
      ends.map((end) => `${name} ${end.router} ${end.interface} ${end.addresses.join()} ${mtu}`),
    );
    expect(described.toSorted()).toEqual(wanted.toSorted());
  });

  test('has no MTU while its nodes are not known', () => {
    expect(describeLinks(overlay, plan, buildNodes(), NO_BASES).map(({ mtu }) => mtu)).toEqual([0, 0, 0, 0]);
  });
});
