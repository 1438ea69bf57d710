import { attachedTo, hasInternalRouter, internalRouterOf } from './internal-router.ts';
import { numberNames, pairKey } from './link-names.ts';
import type { HostSpec, LinkSettings, RoutedTopology, TopologyLink } from './topology.ts';

/** Larger than what a way through an overlay costs: an internal router is no short cut between its neighbours. */
const INTERNAL_ROUTER_COST = 10_000;

/** Each host that may be in several overlays has one, linked to all routers that the host is attached to. */
export function addInternalRouters(
  hosts: readonly HostSpec[],
  routed: RoutedTopology,
  adjusted: ReadonlyMap<string, Partial<LinkSettings>>,
  common: LinkSettings,
): RoutedTopology {
  const routers: string[] = [];
  const links: TopologyLink[] = [];
  const nameLink = numberNames(routed.links.map(({ name }) => name));
  for (const host of hosts.filter(hasInternalRouter)) {
    const internal = internalRouterOf(host.name);
    routers.push(internal);
    for (const router of attachedTo(host))
      links.push({
        ...common,
        cost: INTERNAL_ROUTER_COST,
        ...adjusted.get(pairKey(internal, router)),
        name: nameLink(`${internal}-${router}`),
        ends: [internal, router],
        interfaces: [router, internal],
        isAccess: false,
      });
  }
  if (routers.length === 0) return routed;
  return { ...routed, routers: [...routed.routers, ...routers], links: [...routed.links, ...links] };
}

/** The links that hosts are attached by: a host with an internal router to that one alone. */
export function attachHosts(
  hosts: readonly HostSpec[],
  routed: RoutedTopology,
  adjusted: ReadonlyMap<string, Partial<LinkSettings>>,
  common: LinkSettings,
): TopologyLink[] {
  const nameLink = numberNames(hosts.length === 0 ? [] : routed.links.map(({ name }) => name));
  return hosts.flatMap((host) => {
    const isInternal = hasInternalRouter(host);
    const routers = isInternal ? [internalRouterOf(host.name)] : attachedTo(host);
    // What holds for all links is not meant for the one inside a host.
    const like = isInternal ? { ...common, cost: null, emulate: undefined } : common;
    return routers.map((router): TopologyLink => {
      const settings = { ...like, ...adjusted.get(pairKey(host.name, router)) };
      const name = nameLink(`${host.name}-${router}`);
      return {
        name,
        ends: [host.name, router],
        interfaces: [router, host.name],
        isAccess: true,
        ...settings,
      };
    });
  });
}
