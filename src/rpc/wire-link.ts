/** Links of proto/vinet/v1/fleet.proto as proto-loader decodes them; see wire.ts. */
export interface WireLinkState {
  readonly name: string;
  readonly link: string;
  readonly mtu: number;
  readonly addresses: readonly string[];
  readonly master: string;
  readonly enabled: boolean;
  readonly emulation: WireEmulation | null;
  readonly kind?: 'veth' | 'tunnel' | 'bridge';
  readonly veth?: { readonly peerNamespace: string; readonly peerName: string } | null;
  readonly tunnel?: WireTunnel | null;
  readonly bridge?: Record<string, never> | null;
}

export interface WireEmulation {
  readonly delayUs: number;
  readonly jitterUs: number;
  readonly lossPpm: number;
  readonly rateBps: number;
}

export interface WireTunnel {
  readonly transport: string;
  readonly protections: readonly WireProtection[];
  readonly kind?: 'vxlan' | 'geneve' | 'gre' | 'gue' | 'ipip' | 'wireguard';
  readonly vxlan?: {
    readonly vni: number;
    readonly port: number;
    readonly local: string;
    readonly remotes: readonly string[];
    readonly learning: boolean;
  } | null;
  readonly geneve?: { readonly vni: number; readonly port: number; readonly remote: string } | null;
  readonly gre?: { readonly key: number; readonly local: string; readonly remote: string } | null;
  readonly gue?: {
    readonly key: number;
    readonly port: number;
    readonly local: string;
    readonly remote: string;
  } | null;
  readonly ipip?: {
    readonly local: string;
    readonly remote: string;
    readonly carries: readonly number[];
  } | null;
  readonly wireguard?: {
    readonly port: number;
    readonly remote: string;
    readonly remotePort: number;
    readonly privateKey: Uint8Array;
    readonly peerPublicKey: Uint8Array;
    readonly presharedKey: Uint8Array;
  } | null;
}

export interface WireProtection {
  readonly local: string;
  readonly remote: string;
  readonly reqid: number;
  readonly cipher: string;
  readonly inbound: readonly WireSecurityKey[];
  readonly outbound: readonly WireSecurityKey[];
  readonly sending: number;
}

export interface WireSecurityKey {
  readonly spi: number;
  readonly key: Uint8Array;
}
