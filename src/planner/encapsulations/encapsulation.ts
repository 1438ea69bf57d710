import type { Tunnel } from '../../model/tunnel.ts';

/** One way to wrap packets: what the planner has to know of it. Each has a file of its own beside this one. */
export interface Encapsulation {
  /** Bytes between the outer IP header and the packet inside. */
  readonly headerBytes: number;
  /** Whether Ethernet frames are inside; else bare IP packets. */
  readonly carriesEthernet: boolean;
  /**
   * UDP destination port: one that all its tunnels share (but one of its own where IPsec has to tell a tunnel apart),
   * `own` where each tunnel has one, null where there is no UDP.
   */
  readonly port: number | 'own' | null;
  /** Whether its packets bear the address that the tunnel ends at, whatever way they take out of their network. */
  readonly bindsAddress: boolean;
  /** Whether a router on the way may translate addresses: both ways have the same two UDP ports. */
  readonly crossesNat: boolean;
  /** Whether several tunnels may have the same two ends. */
  readonly hasNumber: boolean;
  tunnel(end: TunnelEnd): Tunnel;
}

/** One end of a tunnel between two. */
export interface TunnelEnd {
  readonly local: string;
  readonly remote: string;
  /** VNI or key. */
  readonly number: number;
  /** Both ends have the same. */
  readonly port: number;
  /** Families of the packets inside. */
  readonly carries: readonly (4 | 6)[];
  readonly keys: WireguardKeys | null;
}

export interface WireguardKeys {
  readonly privateKey: string;
  readonly peerPublicKey: string;
  readonly presharedKey: string;
}
