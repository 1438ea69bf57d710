/** One answer on the way through an overlay; `address` is empty where none came. */
export interface Hop {
  readonly ttl: number;
  readonly address: string;
  readonly rttMs: number;
}
