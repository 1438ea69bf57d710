import type { Tunnel } from '../../../model/tunnel.ts';
import type { LinkStep } from '../kernel.ts';
import type { AttributeTable } from '../netlink-message.ts';

/**
 * How one kind of tunnel is said to the kernel and read back. To add a kind is to add a file of this shape and
 * its row in `encapsulations.ts`.
 */
export interface Encapsulation<T extends Tunnel = Tunnel> {
  /** rtnetlink kinds of the devices that do it; one kind may do several encapsulations. */
  readonly devices: readonly string[];
  /**
   * Whether such a device sends its packets through the namespace in which it is registered, so that it has to be
   * made there and then moved. Others send through the namespace of the socket that asked for them.
   */
  readonly isMoved: boolean;
  /** Attributes of IFLA_INFO_DATA. */
  encode(tunnel: T): Buffer[];
  /**
   * @param data attributes of IFLA_INFO_DATA of a device of one of `devices`
   * @returns null when the device is not as `encode` makes it
   */
  decode(data: AttributeTable, device: string): T | null;
  /** What the device still needs once it stands where it belongs. */
  finish(tunnel: T, index: number): LinkStep[];
}

/**
 * Of every outer header: as far as packets of the real network go, also when a packet inside is near its end.
 * The DSCP inside is not copied: the kernel would look up the route of each packet instead of keeping it.
 */
export const OUTER_TTL = 64;

export const HIGHEST_ATTRIBUTE = 31;

export function finishNothing(): LinkStep[] {
  return [];
}
