import { type IpPrefix, parseIpPrefix } from '../model/ip-prefix.ts';

/** What an overlay knows of a host of another one that is a member of both. */
export interface GuestPlan {
  /** The overlay that the host and its internal router are of. */
  readonly home: string;
  readonly node: string;
  /** The host's own, with prefix lengths; it has the same everywhere. */
  readonly addresses: readonly string[];
  /** The autonomous system of its internal router. */
  readonly as: number;
}

/** By the host's name. */
export type Guests = Readonly<Record<string, GuestPlan>>;

export function guestAddresses({ addresses }: GuestPlan): IpPrefix[] {
  return addresses.map(parseIpPrefix).filter((address) => address !== null);
}
