import { attachedTo, hasInternalRouter, hostBehind, internalRouterOf } from '../model/internal-router.ts';
import type { Spec, Topology } from '../model/topology.ts';

/** Which node, or which site, each member stands on, by its name. */
export type Placement = Readonly<Record<string, string>>;

/** Where members may stand. */
export interface Sites {
  /** Sites by turns. */
  readonly listed: readonly string[];
  /** The site that a name of the file means. */
  of(name: string): string;
}

/**
 * Routers go over the sites in turn. A router that is pinned stands where it is pinned; any other stays at the site
 * that it had for as long as that one is still in the list. Hosts stand where their first router does, and their
 * internal routers beside them.
 * @param guestSites those of hosts of other overlays
 */
export function placeMembers(
  { routers, hosts }: Topology,
  spec: Spec,
  sites: Sites,
  previous: Placement,
  guestSites: Placement,
): Placement {
  const { listed } = sites;
  const known = new Set(listed);
  const pins = new Map(Object.entries(spec.routers ?? {}).map(([router, { node }]) => [router, node]));
  const before = new Map(Object.entries(previous));
  const placed = new Map<string, string>(Object.entries(guestSites));
  for (const [index, router] of routers.entries()) {
    if (hostBehind(spec.hosts, router) !== undefined) continue;
    const pin = pins.get(router);
    const kept = before.get(router);
    const stays = kept !== undefined && known.has(kept) ? kept : undefined;
    const site = pin === undefined ? stays : sites.of(pin);
    placed.set(router, site ?? listed[index % listed.length] ?? '');
  }
  const declared = new Map((spec.hosts ?? []).map((host) => [host.name, host]));
  for (const name of hosts) {
    const host = declared.get(name);
    if (host === undefined) continue;
    const [router = ''] = attachedTo(host);
    const internal = internalRouterOf(name);
    const pin = host.node ?? (hasInternalRouter(host) ? pins.get(internal) : undefined);
    const site = pin === undefined ? (placed.get(router) ?? '') : sites.of(pin);
    placed.set(name, site);
    if (hasInternalRouter(host)) placed.set(internal, site);
  }
  return Object.fromEntries(placed);
}
