/** How a link is made worse than it is, for the packets that one end sends (tc-netem(8), tc-tbf(8)). */
export interface Emulation {
  readonly delayUs: number;
  readonly jitterUs: number;
  /** Millionths of all packets. */
  readonly lossPpm: number;
  /** Bits a second; 0 for no limit. */
  readonly rateBps: number;
}

/** A rate as the kernel takes it; of what is no limit 0, of a limit at least 1. */
export function bytesPerSecond(rateBps: number): number {
  return rateBps === 0 ? 0 : Math.max(1, Math.round(rateBps / 8));
}
