import type { Timers } from './routing-schema.ts';

/** What FRR's templates are rendered from: a router's routing, decided to the last line. */
export type DaemonName =
  | 'zebra'
  | 'bfdd'
  | 'staticd'
  | 'ospfd'
  | 'ospf6d'
  | 'isisd'
  | 'bgpd'
  | 'ripd'
  | 'ripngd'
  | 'babeld'
  | 'pimd'
  /** FRR 9 and newer: keeps the configuration of others. No router's routing names it. */
  | 'mgmtd';

/** The daemons that routing may need, in the order in which they are started. */
export const DAEMONS: readonly DaemonName[] = [
  'zebra',
  'bfdd',
  'staticd',
  'ospfd',
  'ospf6d',
  'isisd',
  'bgpd',
  'ripd',
  'ripngd',
  'babeld',
  'pimd',
];

export interface RoutingState {
  readonly hostname: string;
  /** A dotted quad (RFC 2328, 1.2), also where the overlay has no IPv4. */
  readonly routerId: string;
  /** In the order in which they are started; zebra is always the first. */
  readonly daemons: readonly DaemonName[];
  readonly timers: Timers;
  /** Equally good paths that are used at once; 0 leaves FRR's own. */
  readonly maximumPaths: number;
  readonly gracefulRestart: boolean;
  /** Whether routes to a whole range may stand for those to its parts: the router is in a stub area or level 1. */
  readonly summarized: boolean;
  /** Neighbours on links between two routers, RIP's and Babel's too, and BGP sessions, when all is well. */
  readonly neighbors: number;
  /** It announces itself as a way that nobody should take who has another; what is its own stays reachable. */
  readonly drained: boolean;
  /** Daemons whose program is not the one that is installed are started anew. */
  readonly renewsDaemons: boolean;
  readonly bfd: BfdState | null;
  readonly ospf: OspfState | null;
  readonly ospf6: OspfState | null;
  readonly isis: IsisState | null;
  readonly bgp: BgpState | null;
  readonly rip: RipState | null;
  readonly ripng: RipState | null;
  readonly babel: BabelState | null;
  readonly pim: PimState | null;
  readonly routes: readonly StaticRoute[];
  readonly prefixLists: readonly PrefixListState[];
  readonly routeMaps: readonly RouteMapState[];
  /** Lines that an operator wrote, merged behind what the templates make. */
  readonly raw: readonly RawConfig[];
}

export interface RawConfig {
  readonly daemon: DaemonName;
  /** Sections begin at the left margin, and what belongs to them is indented. */
  readonly lines: readonly string[];
}

export interface BfdState {
  readonly intervalMs: number;
  readonly multiplier: number;
}

export interface RoutingInterface {
  readonly name: string;
  readonly network: 'point-to-point' | 'broadcast' | 'loopback';
  /** Of the routing protocol; 0 leaves FRR's own. */
  readonly cost: number;
  /** Announced, with nobody to talk to. */
  readonly passive: boolean;
}

/** How packets prove where they come from; `password` is empty where only a digest of `key` is sent. */
export interface AuthenticationState {
  readonly password: string;
  readonly key: string;
  readonly keyId: number;
  readonly digest: string;
}

export type DefaultOrigination = 'never' | 'if-present' | 'always';

export interface RedistributionState {
  /** By FRR's word: connected, static, kernel, ospf, ospf6, isis, bgp, rip, ripng, babel. */
  readonly source: string;
  readonly family: 4 | 6;
  /** Empty where all is taken. */
  readonly routeMap: string;
}

/** OSPFv2 (RFC 2328) or OSPFv3 (RFC 5340). */
export interface OspfState {
  readonly interfaces: readonly OspfInterface[];
  /** Areas that the router is in and that are not of the plain kind. */
  readonly areas: readonly OspfArea[];
  readonly authentication: AuthenticationState | null;
  readonly defaultOriginate: DefaultOrigination;
  readonly redistribute: readonly RedistributionState[];
}

export interface OspfInterface extends RoutingInterface {
  /** Dotted quad. */
  readonly area: string;
}

export interface OspfArea {
  readonly id: string;
  readonly type: 'stub' | 'nssa';
  /** Neither are the routes of other areas told. */
  readonly total: boolean;
}

/** ISO/IEC 10589 and RFC 1195. */
export interface IsisState {
  /** Network entity title, such as `49.0001.0100.2000.0001.00`. */
  readonly net: string;
  readonly level: 'level-1' | 'level-2' | 'level-1-2';
  readonly families: readonly (4 | 6)[];
  readonly interfaces: readonly RoutingInterface[];
  readonly authentication: AuthenticationState | null;
  readonly defaultOriginate: DefaultOrigination;
  readonly redistribute: readonly RedistributionState[];
}

/** RFC 4271. */
export interface BgpState {
  readonly as: number;
  readonly families: readonly (4 | 6)[];
  readonly peers: readonly BgpPeer[];
  readonly key: string;
  readonly defaultOriginate: DefaultOrigination;
  /** Administrative distance of all that it hears; 0 leaves FRR's own. */
  readonly distance: number;
  readonly redistribute: readonly RedistributionState[];
}

export interface BgpPeer {
  /** The router's name. */
  readonly name: string;
  /** An address, or the interface of an unnumbered session. */
  readonly address: string;
  readonly unnumbered: boolean;
  readonly as: number;
  /** Address of the session's own end; empty where the link has it. */
  readonly source: string;
  readonly families: readonly (4 | 6)[];
  readonly external: boolean;
  /** A client of this route reflector (RFC 4456). */
  readonly client: boolean;
  readonly nextHopSelf: boolean;
  /** Route maps; empty where there is none. */
  readonly in: string;
  readonly out: string;
}

/** RIP (RFC 2453) or RIPng (RFC 2080). */
export interface RipState {
  readonly interfaces: readonly RoutingInterface[];
  /** The router's own addresses, such as `10.20.0.1/32`: no interface that RIPng would run on has them. */
  readonly prefixes: readonly string[];
  readonly authentication: AuthenticationState | null;
  readonly defaultOriginate: DefaultOrigination;
  readonly redistribute: readonly RedistributionState[];
}

/** RFC 8966. */
export interface BabelState {
  readonly interfaces: readonly RoutingInterface[];
  readonly redistribute: readonly RedistributionState[];
}

/** PIM-SM (RFC 7761) for IPv4. */
export interface PimState {
  readonly rendezvousPoint: string;
  readonly groups: string;
  readonly interfaces: readonly PimInterface[];
}

export interface PimInterface {
  readonly name: string;
  /** Whether hosts may join groups there (IGMP, RFC 3376). */
  readonly igmp: boolean;
}

/** A route without next hop discards packets. */
export interface StaticRoute {
  readonly prefix: string;
  /** The next hop's address; empty where there is an interface alone, or nothing. */
  readonly via: string;
  readonly interface: string;
  /** 0 leaves FRR's own. */
  readonly distance: number;
}

export interface PrefixListState {
  readonly name: string;
  readonly family: 4 | 6;
  readonly entries: readonly PrefixListEntry[];
}

export interface PrefixListEntry {
  readonly sequence: number;
  readonly action: 'permit' | 'deny';
  readonly prefix: string;
  /** Prefix lengths; 0 where nothing is said. */
  readonly ge: number;
  readonly le: number;
}

export interface RouteMapState {
  readonly name: string;
  readonly entries: readonly RouteMapEntry[];
}

/** An empty text or list and tag 0 say nothing. */
export interface RouteMapEntry {
  readonly sequence: number;
  readonly action: 'permit' | 'deny';
  readonly matchPrefixList4: string;
  readonly matchPrefixList6: string;
  readonly matchInterface: string;
  readonly matchTag: number;
  readonly matchMetric: string;
  readonly setTag: number;
  readonly setMetric: string;
  readonly setLocalPreference: string;
  readonly setWeight: string;
  readonly setAsPathPrepend: readonly number[];
  readonly setCommunities: readonly string[];
}
