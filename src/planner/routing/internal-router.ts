import { formatIpAddress, formatIpPrefix, type IpPrefix } from '../../model/ip-prefix.ts';
import {
  type BgpState,
  DAEMONS,
  type PrefixListState,
  type RouteMapState,
  type RoutingState,
} from '../../model/routing-state.ts';
import { entry, externalPeer, matching } from './guests.ts';

/** What an internal router has to do with overlays that its host is a guest in. */
export interface Border {
  readonly as: number;
  /** The host's prefixes: all that the other overlays are told. */
  readonly own: readonly IpPrefix[];
  /** The first is preferred. */
  readonly sides: readonly BorderSide[];
}

export interface BorderSide {
  readonly overlay: string;
  readonly peers: readonly BorderPeer[];
  /** Prefixes in ranges of others that are reached over it too: hosts that both have. */
  readonly known: readonly IpPrefix[];
  /** Ranges of the host's other overlays. */
  readonly foreign: readonly IpPrefix[];
}

export interface BorderPeer {
  readonly router: string;
  readonly address: IpPrefix;
  readonly as: number;
}

/**
 * The routing of an internal router: what it is at home, and a customer's BGP with every other overlay. What home
 * leads to goes by home, by its smaller distance, and by the others as long as home does not lead there. No overlay
 * is told what was heard from another.
 */
export function routeAcross(routing: RoutingState, { as, own, sides }: Border): RoutingState {
  const peers = sides.flatMap(({ overlay, peers: routers }) =>
    routers.map(({ router, address, as: system }) => ({
      ...externalPeer(`${router}.${overlay}`, formatIpAddress(address), system, address.family),
      in: listFrom(overlay),
      out: OWN,
    })),
  );
  if (peers.length === 0) return routing;
  const families = ([4, 6] as const).filter((family) => own.some((prefix) => prefix.family === family));
  const bgp: BgpState = {
    as,
    families,
    peers,
    key: '',
    defaultOriginate: 'never',
    distance: BEHIND_HOME,
    redistribute: families.map((family) => ({ source: 'connected', family, routeMap: OWN })),
  };
  const wanted = new Set([...routing.daemons, 'bgpd']);
  return {
    ...routing,
    daemons: DAEMONS.filter((daemon) => wanted.has(daemon)),
    neighbors: routing.neighbors + peers.length,
    bgp,
    prefixLists: [
      ...routing.prefixLists,
      ...families.flatMap((family) => [listOwn(own, family), ...sides.map((side) => listOf(side, family))]),
    ],
    routeMaps: [
      ...routing.routeMaps,
      { name: OWN, entries: families.map((family, at) => matching(5 + at, OWN, family)) },
      ...sides.map((side, rank) => mapOf(side, rank, families)),
    ],
  };
}

/** Behind the distances that FRR gives to routes of interior protocols. */
const BEHIND_HOME = 200;

/** Names of the file's own lists have no dot. */
const OWN = 'own.host';

function listFrom(overlay: string): string {
  return `from.${overlay}`;
}

function listOwn(own: readonly IpPrefix[], family: 4 | 6): PrefixListState {
  const prefixes = own.filter((prefix) => prefix.family === family);
  return {
    name: OWN,
    family,
    entries: prefixes.map((prefix, at) => entry(5 * (at + 1), 'permit', formatIpPrefix(prefix))),
  };
}

function listOf({ overlay, known, foreign }: BorderSide, family: 4 | 6): PrefixListState {
  const isOf = (prefix: IpPrefix) => prefix.family === family;
  const le = family === 4 ? 32 : 128;
  const entries = [
    ...known.filter(isOf).map((prefix) => ['permit', formatIpPrefix(prefix), {}] as const),
    ...foreign
      .filter(isOf)
      .map((prefix) => ['deny', formatIpPrefix(prefix), { le: prefix.length < le ? le : 0 }] as const),
    ['permit', family === 4 ? '0.0.0.0/0' : '::/0', { le }] as const,
  ];
  return {
    name: listFrom(overlay),
    family,
    entries: entries.map(([action, prefix, lengths], at) => entry(5 * (at + 1), action, prefix, lengths)),
  };
}

function mapOf({ overlay }: BorderSide, rank: number, families: readonly (4 | 6)[]): RouteMapState {
  const name = listFrom(overlay);
  return {
    name,
    entries: families.map((family, at) => ({
      ...matching(5 + at, name, family),
      setLocalPreference: String(200 - rank),
    })),
  };
}
