import { formatIpAddress } from '../model/ip-prefix.ts';
import type { OverlayState } from '../model/node-state.ts';
import type { Wiring } from './wiring.ts';

/** All members by name: routers, hosts, and hosts of other overlays. */
export function namesIn({ topology, addressesOf }: Wiring): OverlayState['names'] {
  return [...topology.routers, ...topology.hosts, ...topology.guests].flatMap((name) =>
    addressesOf(name).map((address) => ({ address: formatIpAddress(address), name })),
  );
}
