/**
 * What makes a tunnel the one that it is: how its packets are wrapped and how the kernel tells them from those of
 * other tunnels. A device read from the kernel is described by the same words, so both can be compared field by
 * field. Addresses are those of the outer header, in canonical text; ports are UDP ports.
 */
export type Tunnel = VxlanTunnel | GeneveTunnel | GreTunnel | GueTunnel | IpipTunnel | WireguardTunnel;
export type TunnelKind = Tunnel['kind'];

/** RFC 7348. Carries Ethernet. */
export interface VxlanTunnel {
  readonly kind: 'vxlan';
  readonly vni: number;
  readonly port: number;
  readonly local: string;
  /** One for a link between two routers; of a segment all nodes with members, each gets a copy of a broadcast. */
  readonly remotes: readonly string[];
  /** Whether the tunnel learns which remote a MAC address is behind; only segments need it. */
  readonly learning: boolean;
}

/** RFC 8926. Carries Ethernet. Linux binds no local address: packets leave by the address that their route says. */
export interface GeneveTunnel {
  readonly kind: 'geneve';
  readonly vni: number;
  readonly port: number;
  readonly remote: string;
}

/** RFC 2784 with the key of RFC 2890, both ways the same. Carries IPv4 and IPv6. */
export interface GreTunnel {
  readonly kind: 'gre';
  readonly key: number;
  readonly local: string;
  readonly remote: string;
}

/** GRE as above in generic UDP encapsulation (draft-ietf-intarea-gue); the port is used at both ends. */
export interface GueTunnel {
  readonly kind: 'gue';
  readonly key: number;
  readonly port: number;
  readonly local: string;
  readonly remote: string;
}

/** RFC 2003, RFC 4213 and RFC 2473: nothing but an outer header, so two ends have one such tunnel at most. */
export interface IpipTunnel {
  readonly kind: 'ipip';
  readonly local: string;
  readonly remote: string;
  /** Families of the packets inside. */
  readonly carries: readonly (4 | 6)[];
}

/** One peer, to which everything is sent. Keys in base64, as wg(8) writes them. */
export interface WireguardTunnel {
  readonly kind: 'wireguard';
  readonly port: number;
  readonly remote: string;
  readonly remotePort: number;
  readonly privateKey: string;
  readonly peerPublicKey: string;
  readonly presharedKey: string;
}

/** By what a packet is known to be a tunnel's before it is taken out of its outer header. */
export interface TunnelMark {
  /** `vni`: by a UDP port and the VNI behind it; `key`: by the key of GRE; `port`: by a UDP port alone. */
  readonly by: 'vni' | 'key' | 'port';
  /** 0 where there is none. */
  readonly port: number;
  /** VNI or key; 0 where there is none. */
  readonly number: number;
}

/** From where packets of one tunnel come. */
export interface TunnelSource extends TunnelMark {
  /** Source address of the outer header. */
  readonly source: string;
}

/**
 * From where a tunnel's packets may come. Nothing for IP in IP, whose packets bear nothing that says whose they are,
 * and for WireGuard, which knows its peer by its key and follows it where it goes.
 */
export function sourcesOf(tunnel: Tunnel): TunnelSource[] {
  return marksOf(tunnel).flatMap((mark) => remotesOf(tunnel).map((source) => ({ ...mark, source })));
}

function marksOf(tunnel: Tunnel): TunnelMark[] {
  switch (tunnel.kind) {
    case 'vxlan':
    case 'geneve':
      return [{ by: 'vni', port: tunnel.port, number: tunnel.vni }];
    case 'gre':
      return [{ by: 'key', port: 0, number: tunnel.key }];
    case 'gue':
      // Its device takes GRE without UDP too.
      return [
        { by: 'port', port: tunnel.port, number: 0 },
        { by: 'key', port: 0, number: tunnel.key },
      ];
    case 'ipip':
    case 'wireguard':
      return [];
  }
}

/** The rtnetlink kind of the device that does it. */
export function deviceKindOf(tunnel: Tunnel): string {
  switch (tunnel.kind) {
    case 'vxlan':
    case 'geneve':
    case 'wireguard':
      return tunnel.kind;
    case 'gre':
    case 'gue':
      return isIpv6(tunnel.remote) ? 'ip6gre' : 'gre';
    case 'ipip':
      if (isIpv6(tunnel.remote)) return 'ip6tnl';
      return tunnel.carries.includes(6) ? 'sit' : 'ipip';
  }
}

/** The far ends of its outer headers. */
export function remotesOf(tunnel: Tunnel): readonly string[] {
  return tunnel.kind === 'vxlan' ? tunnel.remotes : [tunnel.remote];
}

/** Its own end's address; null where the kernel chooses it by the route. */
export function localOf(tunnel: Tunnel): string | null {
  return 'local' in tunnel ? tunnel.local : null;
}

export function isIpv6(address: string): boolean {
  return address.includes(':');
}
