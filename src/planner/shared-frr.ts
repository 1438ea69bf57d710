import { SHARED_FRR, sharedFrrNamespaceOf, vrfNamespaceOf } from '../model/names.ts';
import type { EnvironmentState, OverlayState } from '../model/node-state.ts';

/**
 * `routing: { instance: shared }`: one set of FRR daemons serves the routers that an overlay has on a node, each
 * as a VRF by the router's name. The daemons' own namespace has no device, so their default VRF holds nothing and
 * is nobody's network. With `isolation: vrf` it holds the routers, and forwards as they do.
 * @param routers the overlay's on the node
 */
export function sharedFrrEnvironment(
  overlay: string,
  node: string,
  routers: readonly EnvironmentState[],
): EnvironmentState {
  const inside = routers.filter(({ vrf }) => vrf !== null);
  return {
    name: SHARED_FRR,
    role: 'frr',
    namespace: inside.length > 0 ? vrfNamespaceOf(overlay, node) : sharedFrrNamespaceOf(overlay, node),
    vrf: null,
    ipv4: inside.some(({ ipv4 }) => ipv4),
    ipv6: inside.some(({ ipv6 }) => ipv6),
    loopback: [],
    links: [],
    routes: [],
    filter: null,
    otherNames: [],
    routing: null,
  };
}

/** Where the daemons of the overlay's routers run; null where each router has daemons of its own. */
export function sharedFrrOf({ environments }: OverlayState): EnvironmentState | null {
  return environments.find(({ role }) => role === 'frr') ?? null;
}

/** Whether the overlay's routers are VRFs of the namespace that their daemons run in. */
export function holdsVrfs({ environments }: OverlayState): boolean {
  return environments.some(({ vrf }) => vrf !== null);
}

/** The routers that have daemons, whosesoever these are. */
export function servedRouters({ environments }: OverlayState): EnvironmentState[] {
  return environments.filter(({ routing }) => routing !== null);
}

/** Tells the namespace and pathspace of the daemons that serve an environment of the overlay. */
export function daemonHomes(overlay: OverlayState): (environment: EnvironmentState) => string {
  const shared = sharedFrrOf(overlay)?.namespace;
  return ({ namespace, routing }) => (routing === null ? namespace : (shared ?? namespace));
}
