/**
 * What a node should be: the planner's answer for one node, sent to its agent as a whole.
 * Addresses are texts in CIDR form (`10.20.0.1/32`); MTUs are bytes.
 */
export interface NodeState {
  /** Revision of the controller's store that this state was compiled from; grows with every change. */
  readonly revision: number;
  readonly overlays: readonly OverlayState[];
}

export interface OverlayState {
  readonly name: string;
  readonly environments: readonly EnvironmentState[];
  /** Host prefixes of all routers: a router has converged when its kernel has a route to each of them. */
  readonly destinations: readonly string[];
}

/** A network namespace with what is in it: a virtual router, or one node's part of a segment. */
export interface EnvironmentState {
  /** The router's or the segment's name in the overlay. */
  readonly name: string;
  readonly role: 'router' | 'segment';
  readonly namespace: string;
  /** Address families that are forwarded; the kernel's IPv6 is off in an environment that has none. */
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  /** Addresses of `lo` besides 127.0.0.1 and ::1. */
  readonly loopback: readonly string[];
  readonly links: readonly LinkState[];
  readonly routing: RoutingState | null;
}

export type LinkState = VethState | VxlanState | BridgeState;

interface CommonLinkState {
  /** Interface name in this environment: the far router's, or the segment's. */
  readonly name: string;
  /** The virtual link that this is an end of, such as `r1-r2`: metrics and the interface's alias bear it. */
  readonly link: string;
  readonly mtu: number;
  readonly addresses: readonly string[];
  /** Bridge of this environment that the interface is a port of. */
  readonly master: string | null;
}

/** One end of a veth pair within a node; the other end stands in the other environment. */
export interface VethState extends CommonLinkState {
  readonly kind: 'veth';
  readonly peer: { readonly namespace: string; readonly name: string };
}

/** An end of a VXLAN tunnel (RFC 7348) whose outer packets travel in the node's own network. */
export interface VxlanState extends CommonLinkState {
  readonly kind: 'vxlan';
  readonly vni: number;
  /** Destination UDP port. */
  readonly port: number;
  readonly local: string;
  /** One for a link between two routers; of a segment all nodes with members, each gets a copy of a broadcast. */
  readonly remotes: readonly string[];
  /** Whether the tunnel learns which remote a MAC address is behind; only segments need it. */
  readonly learning: boolean;
}

export interface BridgeState extends CommonLinkState {
  readonly kind: 'bridge';
}

export type DaemonName = 'zebra' | 'ospfd' | 'staticd';

/** What FRR's templates are rendered from. */
export interface RoutingState {
  readonly hostname: string;
  /** A dotted quad (RFC 2328, 1.2), also where the overlay has no IPv4. */
  readonly routerId: string;
  /** In the order in which they are started; zebra is always the first. */
  readonly daemons: readonly DaemonName[];
  readonly interfaces: readonly RoutingInterface[];
  readonly ospf: OspfState | null;
  readonly routes: readonly StaticRoute[];
}

export interface RoutingInterface {
  readonly name: string;
  readonly network: 'point-to-point' | 'broadcast' | 'loopback';
  /** OSPF output cost; null leaves FRR's own. */
  readonly cost: number | null;
}

export interface OspfState {
  /** Dotted quad. */
  readonly area: string;
  readonly helloIntervalS: number;
  readonly deadIntervalS: number;
}

export interface StaticRoute {
  readonly prefix: string;
  readonly via: string;
  readonly interface: string;
}
