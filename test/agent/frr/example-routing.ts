import type { AuthenticationState, RoutingState } from '../../../src/model/routing-state.ts';
import {
  buildOspf,
  buildPeer,
  buildRouting,
  inArea,
  LOOPBACK,
  pointToPoint,
} from '../../model/routing-builder.ts';

const RIP_RING = [pointToPoint('r2', 5), pointToPoint('r10')] as const;
const RING = [LOOPBACK, ...RIP_RING] as const;
const DIGEST: AuthenticationState = { password: '', key: 'secret', keyId: 7, digest: 'md5' };
const PASSWORD: AuthenticationState = { password: 'secret', key: '', keyId: 0, digest: '' };
const BFD = { intervalMs: 50, multiplier: 3 };
const BOTH = [4, 6] as const;

/** Routers whose configuration stands in golden/ as NAME-DAEMON.conf. */
export const EXAMPLES: Readonly<Record<string, RoutingState>> = {
  'ospf-ring': buildRouting({
    daemons: ['zebra', 'ospfd'],
    ospf: buildOspf(inArea('0.0.0.0', ...RING)),
  }),
  'ospf-calm': buildRouting({
    daemons: ['zebra', 'ospfd', 'ospf6d', 'isisd'],
    timers: 'calm',
    ospf: buildOspf(inArea('0.0.0.0', ...RING)),
    ospf6: buildOspf(inArea('0.0.0.0', ...RING)),
    isis: {
      net: '49.0001.0100.2000.0001.00',
      level: 'level-2',
      families: BOTH,
      interfaces: RING,
      authentication: null,
      defaultOriginate: 'never',
      redistribute: [],
    },
  }),
  'ospf-bus': buildRouting({
    hostname: 'core-router-0-x',
    routerId: '10.20.0.255',
    daemons: ['zebra', 'ospfd'],
    timers: 'default',
    ospf: buildOspf(
      inArea('0.0.0.7', LOOPBACK, {
        name: 'a-bus-segment-1',
        network: 'broadcast',
        cost: 65535,
        passive: false,
      }),
    ),
  }),
  'ospf-border': buildRouting({
    daemons: ['zebra', 'bfdd', 'ospfd', 'ospf6d'],
    maximumPaths: 4,
    gracefulRestart: true,
    bfd: BFD,
    ospf: buildOspf(
      [
        ...inArea('0.0.0.0', ...RING),
        ...inArea('0.0.0.1', pointToPoint('r3'), { ...pointToPoint('r4'), passive: true }),
      ],
      {
        areas: [{ id: '0.0.0.1', type: 'stub', total: true }],
        authentication: DIGEST,
        defaultOriginate: 'always',
        redistribute: [
          { source: 'bgp', family: 4, routeMap: 'from-bgp' },
          { source: 'static', family: 4, routeMap: '' },
        ],
      },
    ),
    ospf6: buildOspf(inArea('0.0.0.2', ...RING), {
      areas: [{ id: '0.0.0.2', type: 'nssa', total: false }],
      authentication: { ...DIGEST, digest: 'hmac-sha-256' },
      defaultOriginate: 'if-present',
      redistribute: [{ source: 'connected', family: 6, routeMap: 'from-bgp' }],
    }),
    prefixLists: [
      {
        name: 'ours',
        family: 4,
        entries: [
          { sequence: 5, action: 'deny', prefix: '10.66.0.0/16', ge: 0, le: 32 },
          { sequence: 10, action: 'permit', prefix: '10.0.0.0/8', ge: 16, le: 24 },
        ],
      },
      {
        name: 'ours',
        family: 6,
        entries: [{ sequence: 5, action: 'permit', prefix: 'fd00::/8', ge: 0, le: 0 }],
      },
    ],
    routeMaps: [{ name: 'from-bgp', entries: [entry(), { ...entry(), sequence: 10, action: 'deny' }] }],
  }),
  'ospf-password': buildRouting({
    daemons: ['zebra', 'ospfd'],
    ospf: buildOspf(inArea('0.0.0.0', ...RING), { authentication: PASSWORD, defaultOriginate: 'if-present' }),
  }),
  isis: buildRouting({
    daemons: ['zebra', 'bfdd', 'isisd'],
    bfd: BFD,
    isis: {
      net: '49.0001.0100.2000.0001.00',
      level: 'level-2',
      families: BOTH,
      interfaces: RING,
      authentication: DIGEST,
      defaultOriginate: 'always',
      redistribute: [{ source: 'static', family: 6, routeMap: '' }],
    },
  }),
  'isis-border': buildRouting({
    daemons: ['zebra', 'isisd'],
    timers: 'default',
    isis: {
      net: '49.0001.0100.2000.0001.00',
      level: 'level-1-2',
      families: [4],
      interfaces: [LOOPBACK, { name: 'lan1', network: 'broadcast', cost: 10, passive: false }],
      authentication: PASSWORD,
      defaultOriginate: 'never',
      redistribute: [],
    },
  }),
  'bgp-external': buildRouting({
    daemons: ['zebra', 'bfdd', 'bgpd'],
    bfd: BFD,
    gracefulRestart: true,
    maximumPaths: 2,
    bgp: {
      as: 4_200_000_001,
      families: BOTH,
      peers: [
        buildPeer({ address: 'r2', unnumbered: true, families: BOTH, in: 'prefer', out: 'prefer' }),
        buildPeer({ name: 'r3', address: '172.20.0.3', as: 65_003 }),
        buildPeer({ name: 'r3', address: 'fd00:172::3', as: 65_003, families: [6] }),
      ],
      key: 'secret',
      defaultOriginate: 'always',
      distance: 0,
      redistribute: [
        { source: 'connected', family: 4, routeMap: '' },
        { source: 'connected', family: 6, routeMap: 'prefer' },
      ],
    },
    routeMaps: [{ name: 'prefer', entries: [bgpEntry()] }],
  }),
  'bgp-reflector': buildRouting({
    daemons: ['zebra', 'ospfd', 'bgpd'],
    timers: 'default',
    ospf: buildOspf(inArea('0.0.0.0', ...RING)),
    bgp: {
      as: 65_000,
      families: [4],
      peers: [
        buildPeer({ address: '10.20.0.2', as: 65_000, source: '10.20.0.1', external: false, client: true }),
        buildPeer({
          name: 'r3',
          address: '10.20.0.3',
          as: 65_000,
          source: '10.20.0.1',
          external: false,
          nextHopSelf: true,
        }),
      ],
      key: '',
      defaultOriginate: 'if-present',
      distance: 200,
      redistribute: [{ source: 'connected', family: 4, routeMap: '' }],
    },
  }),
  rip: buildRouting({
    daemons: ['zebra', 'ripd', 'ripngd'],
    maximumPaths: 8,
    rip: {
      interfaces: [...RIP_RING, { ...pointToPoint('r3'), passive: true }],
      prefixes: ['10.20.0.1/32'],
      authentication: { ...DIGEST, keyId: 1 },
      defaultOriginate: 'always',
      redistribute: [{ source: 'ospf', family: 4, routeMap: 'from-bgp' }],
    },
    ripng: {
      interfaces: RIP_RING,
      prefixes: ['fd00:20::1/128'],
      authentication: null,
      defaultOriginate: 'if-present',
      redistribute: [{ source: 'ospf6', family: 6, routeMap: 'from-bgp' }],
    },
    routeMaps: [
      { name: 'from-bgp', entries: [{ ...entry(), matchPrefixList4: '', matchPrefixList6: '', setTag: 0 }] },
    ],
  }),
  'rip-password': buildRouting({
    daemons: ['zebra', 'ripd'],
    timers: 'default',
    rip: {
      interfaces: RIP_RING,
      prefixes: ['10.20.0.1/32'],
      authentication: PASSWORD,
      defaultOriginate: 'never',
      redistribute: [],
    },
  }),
  babel: buildRouting({
    daemons: ['zebra', 'babeld'],
    babel: {
      interfaces: [pointToPoint('r2', 5), pointToPoint('r10')],
      redistribute: [
        { source: 'connected', family: 4, routeMap: '' },
        { source: 'connected', family: 6, routeMap: '' },
      ],
    },
  }),
  multicast: buildRouting({
    daemons: ['zebra', 'ospfd', 'pimd'],
    ospf: buildOspf(inArea('0.0.0.0', ...RING)),
    pim: {
      rendezvousPoint: '10.20.0.1',
      groups: '224.0.0.0/4',
      interfaces: [
        { name: 'lo', igmp: false },
        { name: 'r2', igmp: false },
        { name: 'lan1', igmp: true },
      ],
    },
  }),
  static: buildRouting({
    hostname: 'r3',
    routerId: '10.20.0.3',
    daemons: ['zebra', 'staticd'],
    routes: [
      { prefix: '10.20.0.1/32', via: '172.20.0.0', interface: 'r1', distance: 0 },
      { prefix: '10.20.0.4/32', via: '172.20.0.5', interface: 'r-4', distance: 0 },
      { prefix: 'fd00:20::1/128', via: 'fd00:172::1', interface: 'r1', distance: 0 },
      { prefix: '10.66.0.0/16', via: '', interface: '', distance: 250 },
      { prefix: 'fd66::/16', via: '', interface: 'r1', distance: 0 },
    ],
  }),
  raw: buildRouting({
    daemons: ['zebra', 'ospfd', 'bgpd'],
    ospf: buildOspf(inArea('0.0.0.0', ...RING)),
    raw: [
      {
        daemon: 'ospfd',
        lines: ['router ospf', ' area 0.0.0.0 range 10.0.0.0/8', 'interface r2', ' ip ospf cost 77'],
      },
      {
        daemon: 'bgpd',
        lines: ['router bgp 65001', ' address-family ipv4 unicast', '  network 10.0.0.0/8'],
      },
    ],
  }),
  drained: buildRouting({
    daemons: ['zebra', 'ospfd', 'ospf6d', 'isisd', 'bgpd'],
    drained: true,
    ospf: buildOspf(inArea('0.0.0.0', ...RING)),
    ospf6: buildOspf(inArea('0.0.0.0', ...RING)),
    isis: {
      net: '49.0001.0100.2000.0001.00',
      level: 'level-2',
      families: BOTH,
      interfaces: RING,
      authentication: null,
      defaultOriginate: 'never',
      redistribute: [],
    },
    bgp: {
      as: 4_200_000_001,
      families: BOTH,
      peers: [buildPeer({ address: 'r2', unnumbered: true, families: BOTH })],
      key: '',
      defaultOriginate: 'never',
      distance: 0,
      redistribute: [],
    },
  }),
  alone: buildRouting({
    daemons: ['zebra', 'ospfd', 'staticd'],
    ospf: buildOspf([]),
  }),
};

function entry() {
  return {
    sequence: 5,
    action: 'permit' as const,
    matchPrefixList4: 'ours',
    matchPrefixList6: 'ours',
    matchInterface: '',
    matchTag: 0,
    matchMetric: '',
    setTag: 9,
    setMetric: '100',
    setLocalPreference: '200',
    setWeight: '',
    setAsPathPrepend: [],
    setCommunities: [],
  };
}

function bgpEntry() {
  return {
    ...entry(),
    matchPrefixList4: '',
    matchPrefixList6: '',
    matchInterface: 'r2',
    matchTag: 5,
    matchMetric: '7',
    setWeight: '0',
    setAsPathPrepend: [65_000, 65_000],
    setCommunities: ['65000:1', 'no-export'],
  };
}
