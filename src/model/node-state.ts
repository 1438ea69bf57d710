import type { Emulation } from './emulation.ts';
import type { RoutingState } from './routing-state.ts';
import type { Protection } from './security.ts';
import type { Tunnel } from './tunnel.ts';

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
  /** Prefixes of all members: a router has converged when its kernel has a route to each of them. */
  readonly destinations: readonly string[];
  /** What somebody else changes in FRR's configuration stays, and is only told (`routing: { drift: report }`). */
  readonly keepsDrift: boolean;
  /** Members by name, as /etc/hosts of each environment has them. */
  readonly names: readonly { readonly address: string; readonly name: string }[];
}

/**
 * A network namespace with what is in it: a virtual router or host, or one node's part of a segment or of the link
 * layer. A router may be a VRF of a namespace instead (`isolation: vrf`): `namespace` is then only its name.
 */
export interface EnvironmentState {
  /** The member's or the segment's name in the overlay. */
  readonly name: string;
  readonly role: EnvironmentRole;
  readonly namespace: string;
  /** Null where it has a namespace to itself. */
  readonly vrf: VrfPlace | null;
  /** Address families that are forwarded; the kernel's IPv6 is off in an environment that has none. */
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  /** Addresses of `lo` besides 127.0.0.1 and ::1. */
  readonly loopback: readonly string[];
  readonly links: readonly LinkState[];
  /** Routes that the agent programs itself, where no routing daemon does: a host's default route. */
  readonly routes: readonly KernelRoute[];
  /** What a link layer, or an internal router, lets in; null lets everything in. */
  readonly filter: EnvironmentFilter | null;
  /** Members of other overlays that are known here too, as `r3.blue`. */
  readonly otherNames: readonly { readonly address: string; readonly name: string }[];
  readonly routing: RoutingState | null;
}

/** A VRF device by the member's name, which has a routing table of its own. */
export interface VrfPlace {
  /** Namespace that it stands in, which holds nothing but an overlay's VRFs. */
  readonly of: string;
  readonly table: number;
}

/**
 * `link`: the link layer of one node (`layers: 2`), between the node's network and the routers' tunnels.
 * `frr`: a namespace without devices of its own where one set of FRR daemons serves all routers of the overlay on this
 * node, and that holds those which are VRFs; an overlay has at most one, and where it has one its routers have no
 * daemons of their own.
 */
export const ENVIRONMENT_ROLES = ['router', 'host', 'segment', 'link', 'frr'] as const;
export type EnvironmentRole = (typeof ENVIRONMENT_ROLES)[number];

export interface KernelRoute {
  /** `0.0.0.0/0` and `::/0` are the default routes. */
  readonly prefix: string;
  readonly via: string;
  readonly interface: string;
}

/**
 * The strong end-system model (RFC 1122, 3.3.4.2): a packet is taken only for the address of the link that it came
 * through. Whatever is not listed is dropped and counted; nothing is forwarded.
 */
export interface LinkFilter {
  readonly accept: readonly {
    readonly interface: string;
    readonly source: string;
    readonly destination: string;
  }[];
}

/**
 * What keeps the overlays apart that meet in a host's internal router. Whatever is not listed is dropped and counted,
 * except that a source of which nothing is said may come from anywhere.
 */
export interface BorderFilter {
  /** Sources of packets by the interface that they come through; the first one that fits decides. An empty prefix is all. */
  readonly sources: readonly {
    readonly interface: string;
    readonly prefix: string;
    readonly accept: boolean;
  }[];
  /** The router's own addresses, without prefix lengths, that are there for packets from an interface. */
  readonly local: readonly { readonly interface: string; readonly address: string }[];
  /** Interfaces that packets are forwarded between, in this direction. */
  readonly forward: readonly { readonly from: string; readonly to: string }[];
}

export type EnvironmentFilter = LinkFilter | BorderFilter;

export function isLinkFilter(filter: EnvironmentFilter): filter is LinkFilter {
  return 'accept' in filter;
}

export type LinkState = VethState | TunnelState | BridgeState;

interface CommonLinkState {
  /** Interface name in this environment: the far member's, or the segment's. */
  readonly name: string;
  /** The virtual link that this is an end of, such as `r1-r2`: metrics and the interface's alias bear it. */
  readonly link: string;
  readonly mtu: number;
  /** `10.0.0.1/31`, or `10.0.0.1 peer 10.0.0.2/32` where the far end's address is not of the same prefix. */
  readonly addresses: readonly string[];
  /** Bridge of this environment that the interface is a port of. */
  readonly master: string | null;
  /** False: an operator has cut the link; the interface is there and down. */
  readonly enabled: boolean;
  /** For what is sent through this interface; null leaves the kernel's own queueing. */
  readonly emulation: Emulation | null;
}

/** One end of a veth pair within a node; the other end stands in the other environment. */
export interface VethState extends CommonLinkState {
  readonly kind: 'veth';
  readonly peer: { readonly namespace: string; readonly name: string };
}

/** An end of a tunnel. */
export interface TunnelState extends CommonLinkState {
  readonly kind: 'tunnel';
  /** Namespace whose network carries the outer packets; null: the node's own network. */
  readonly transport: string | null;
  readonly tunnel: Tunnel;
  /** One for each remote, or none. */
  readonly protections: readonly Protection[];
}

export interface BridgeState extends CommonLinkState {
  readonly kind: 'bridge';
}
