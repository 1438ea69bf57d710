/** How a link is made worse than it is, for the packets that one end sends (tc-netem(8), tc-tbf(8)). */
export interface Emulation {
  readonly delayUs: number;
  readonly jitterUs: number;
  /** Millionths of all packets. */
  readonly lossPpm: number;
  /** Bits a second; 0 for no limit. */
  readonly rateBps: number;
}
