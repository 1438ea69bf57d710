import type {
  BgpPeer,
  OspfInterface,
  OspfState,
  RoutingInterface,
  RoutingState,
} from '../../src/model/routing-state.ts';

/** A router that speaks nothing, with what is said instead. */
export function buildRouting(changes: Partial<RoutingState> = {}): RoutingState {
  return {
    hostname: 'r1',
    routerId: '10.20.0.1',
    daemons: ['zebra'],
    timers: 'fast',
    maximumPaths: 0,
    gracefulRestart: false,
    summarized: false,
    neighbors: 0,
    drained: false,
    renewsDaemons: false,
    bfd: null,
    ospf: null,
    ospf6: null,
    isis: null,
    bgp: null,
    rip: null,
    ripng: null,
    babel: null,
    pim: null,
    routes: [],
    prefixLists: [],
    routeMaps: [],
    raw: [],
    ...changes,
  };
}

export function buildOspf(interfaces: readonly OspfInterface[], changes: Partial<OspfState> = {}): OspfState {
  return {
    interfaces,
    areas: [],
    authentication: null,
    defaultOriginate: 'never',
    redistribute: [],
    ...changes,
  };
}

export const LOOPBACK: RoutingInterface = { name: 'lo', network: 'loopback', cost: 0, passive: true };

export function pointToPoint(name: string, cost = 0): RoutingInterface {
  return { name, network: 'point-to-point', cost, passive: false };
}

export function inArea(area: string, ...interfaces: readonly RoutingInterface[]): OspfInterface[] {
  return interfaces.map((one) => ({ ...one, area }));
}

export function buildPeer(changes: Partial<BgpPeer> = {}): BgpPeer {
  return {
    name: 'r2',
    address: '172.20.0.1',
    unnumbered: false,
    as: 4_200_000_002,
    source: '',
    families: [4],
    external: true,
    client: false,
    nextHopSelf: false,
    in: '',
    out: '',
    ...changes,
  };
}
