/**
 * Queueing disciplines, receive ports of GUE over each family, IPsec's ciphers, and nftables: each found by trying.
 */
export const KERNEL_FEATURES = [
  ...['netem', 'tbf', 'gue', 'gue6', 'nftables'],
  ...['esp-aes-gcm', 'esp-chacha20-poly1305'],
] as const;

/** What a node can do, as its agent found by trying; a specification that needs more is refused by these names. */
export interface Capabilities {
  /** Kernel release, `uname -r`. */
  readonly kernel: string;
  /** rtnetlink kinds that the kernel creates: `veth`, `vxlan`, `bridge`, `vrf`, … */
  readonly linkKinds: readonly string[];
  /** What it can besides: names of `KERNEL_FEATURES`, and `frr-grpc` where FRR serves its northbound. */
  readonly features: readonly string[];
  /** FRR's release, such as `8.4.4`; empty where it is not installed. */
  readonly frr: string;
  /** What is to be known of that release: too old, too new, or not tried; empty where there is nothing. */
  readonly frrRemark: string;
  /** FRR daemons that are installed: `zebra`, `ospfd`, … */
  readonly daemons: readonly string[];
}

export interface NodeLimits {
  /** Virtual routers and hosts, over all overlays. */
  readonly members: number;
}

/** A node as the controller knows it: from its agent's last registration. */
export interface Node {
  readonly name: string;
  /** Addresses of the real network that tunnels to this node end at; the first of a family is used. */
  readonly underlay: readonly string[];
  /**
   * Addresses at which other nodes see this one, where a router on the way translates its own (NAT, RFC 3022); one of
   * a family is in place of the underlay's of that family.
   */
  readonly outside?: readonly string[];
  /** Bytes: the smallest MTU on the way to the other nodes, as the node's own interface says it. */
  readonly mtu: number;
  readonly capabilities: Capabilities;
  readonly limits: NodeLimits;
  /** `host:port` where the agent serves Prometheus; empty where it serves none. */
  readonly metrics: string;
  readonly version: string;
}
