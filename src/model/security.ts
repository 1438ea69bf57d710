/**
 * IPsec for a tunnel (RFC 4301, RFC 3884): transport-mode ESP over its outer header, in the network that carries its
 * packets. The words of ip-xfrm(8).
 */
export interface Protection {
  /** Own end of the outer header: not every device is bound to one. */
  readonly local: string;
  /** Far end of the outer header; a segment has a protection for each. */
  readonly remote: string;
  /** Marks associations and policies as ours and says which tunnel they are of. */
  readonly reqid: number;
  readonly cipher: Cipher;
  /** All are taken from the far end; the last is the newest. */
  readonly inbound: readonly SecurityKey[];
  /** All that packets may be sent with; `sending` says which one is. */
  readonly outbound: readonly SecurityKey[];
  /** SPI of one of `outbound`. */
  readonly sending: number;
}

/** RFC 4106 (128-bit ICV) and RFC 7634. */
export const CIPHERS = ['aes-gcm', 'chacha20-poly1305'] as const;
export type Cipher = (typeof CIPHERS)[number];

export interface SecurityKey {
  /** RFC 4301, 4.1: what the receiver finds the association by. */
  readonly spi: number;
  /** Key and salt as hexadecimal digits: 20 bytes for AES-GCM (128-bit key), 36 for ChaCha20-Poly1305. */
  readonly key: string;
}

/** One association as the kernel has it: transport-mode ESP with an anti-replay window. */
export interface SecurityAssociation extends SecurityKey {
  readonly source: string;
  readonly destination: string;
  readonly reqid: number;
  readonly cipher: Cipher;
}

/** Which packets must be in ESP: those of one tunnel, one way. */
export interface SecurityPolicy {
  readonly direction: 'in' | 'out';
  readonly source: string;
  readonly destination: string;
  readonly reqid: number;
  /** IP protocol of what follows the outer header: 4, 41, 47 or 17. */
  readonly protocol: number;
  /** UDP destination port; 0 for any. */
  readonly destinationPort: number;
  /** GRE key; 0 for any. */
  readonly greKey: number;
  /** The association that packets leave with; 0 for those that come in. */
  readonly spi: number;
}

/** Packets that may come in only through ESP. */
export type ProtectedPackets = Omit<SecurityPolicy, 'direction' | 'reqid' | 'spi'>;

/** Highest byte of every reqid of ours ("V"); the rest is the tunnel's number. */
export const REQID_BASE = 0x56000000;

export function isOurReqid(reqid: number): boolean {
  return reqid >>> 24 === REQID_BASE >>> 24;
}
