import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../model/change.ts';
import type { EnvironmentState, KernelRoute, NodeState } from '../model/node-state.ts';
import type { Observation, ObservedEnvironment } from '../model/observation.ts';
import type { DaemonName } from '../model/routing-state.ts';
import { orderChanges } from './change-order.ts';
import { diffAddresses } from './diff-addresses.ts';
import { diffDaemons } from './diff-daemons.ts';
import { isSameFilter } from './diff-filter.ts';
import { diffLinks } from './diff-links.ts';
import { diffTransports } from './diff-transports.ts';
import { diffVrfs } from './diff-vrfs.ts';
import { hostsFileOf, otherHostsOf, wantsHosts } from './hosts-file.ts';
import { daemonHomes } from './shared-frr.ts';

/** Rendered configuration of each daemon by namespace, in the order in which daemons are started, zebra first. */
export type Configurations = ReadonlyMap<string, ReadonlyMap<DaemonName, string>>;

/**
 * What has to happen for `observed` to become `desired`, in the order in which it has to happen.
 *
 * @param prune whether environments that are not desired are removed. An agent that has not yet heard from
 *   its controller only mends: it cannot know that its remembered state is still the wanted one.
 */
export function diffNode(
  desired: NodeState,
  observed: Observation,
  configurations: Configurations,
  prune: boolean,
): Change[] {
  const wanted = new Map<string, EnvironmentState>();
  const hosts = new Map<string, string>();
  const keeping = new Set<string>();
  const renewing = new Set<string>();
  for (const overlay of desired.overlays) {
    const text = hostsFileOf(overlay);
    const homeOf = daemonHomes(overlay);
    for (const environment of overlay.environments) {
      wanted.set(environment.namespace, environment);
      if (overlay.keepsDrift) keeping.add(environment.namespace);
      if (environment.routing?.renewsDaemons === true) renewing.add(homeOf(environment));
      hosts.set(environment.namespace, wantsHosts(environment) ? text + otherHostsOf(environment) : '');
    }
  }
  const present = new Map(observed.environments.map((environment) => [environment.namespace, environment]));

  const changes: Change[] = [];
  for (const environment of observed.environments)
    if (prune && !wanted.has(environment.namespace))
      changes.push({ kind: 'delete-namespace', namespace: environment.namespace });
  for (const environment of wanted.values()) {
    const found = present.get(environment.namespace);
    const isOther = found !== undefined && found.vrfOf !== (environment.vrf?.of ?? null);
    // What is isolated otherwise is made anew.
    if (isOther) changes.push({ kind: 'delete-namespace', namespace: environment.namespace });
    const seen = found === undefined || isOther ? absent(environment) : found;
    changes.push(...diffNamespace(environment, seen));
    changes.push(...diffLoopback(environment, seen));
    changes.push(...diffLinks(environment, seen, wanted, present));
    changes.push(...diffRoutes(environment, seen));
    const { namespace, filter } = environment;
    if (!isSameFilter(filter, seen.filter)) changes.push({ kind: 'set-filter', namespace, filter });
    const text = hosts.get(namespace) ?? '';
    if (seen.hosts !== text) changes.push({ kind: 'set-hosts', namespace, text });
    const configs = configurations.get(namespace) ?? new Map();
    const policy = { keepsDrift: keeping.has(namespace), renews: renewing.has(namespace) };
    changes.push(...diffDaemons(environment, seen, configs, policy));
  }
  for (const overlay of desired.overlays) changes.push(...diffVrfs(overlay, present));
  changes.push(...diffTransports(wanted.values(), observed, prune));
  return orderChanges(changes);
}

function absent(environment: EnvironmentState): ObservedEnvironment {
  return {
    namespace: environment.namespace,
    overlay: '',
    name: environment.name,
    exists: false,
    vrfOf: environment.vrf?.of ?? null,
    named: false,
    ipv4Forwarding: false,
    ipv6Forwarding: false,
    links: [],
    routes: [],
    filter: null,
    hosts: '',
    daemons: [],
    vrfs: [],
  };
}

function diffNamespace(wanted: EnvironmentState, seen: ObservedEnvironment): Change[] {
  const { namespace, vrf, ipv4, ipv6 } = wanted;
  if (!seen.exists) return [{ kind: 'create-namespace', namespace, vrf, ipv4, ipv6 }];
  const changes: Change[] = [];
  if (!seen.named) changes.push({ kind: 'restore-namespace-name', namespace });
  if (seen.ipv4Forwarding !== ipv4 || seen.ipv6Forwarding !== ipv6)
    changes.push({ kind: 'set-forwarding', namespace, ipv4, ipv6 });
  const loopback = seen.links.find((link) => link.name === 'lo');
  if (loopback !== undefined && !loopback.up) changes.push({ kind: 'set-link-up', namespace, name: 'lo' });
  return changes;
}

function diffLoopback(wanted: EnvironmentState, seen: ObservedEnvironment): Change[] {
  const present = seen.links.find((link) => link.name === 'lo')?.addresses ?? [];
  return diffAddresses(wanted.namespace, 'lo', wanted.loopback, present);
}

/** A link that an operator has cut carries no routes: the kernel takes them away with it, and takes none. */
function diffRoutes({ namespace, routes, links }: EnvironmentState, seen: ObservedEnvironment): Change[] {
  const cut = new Set(links.flatMap((link) => (link.enabled ? [] : [link.name])));
  const isIn = (list: readonly KernelRoute[], route: KernelRoute) =>
    list.some((other) => isDeepStrictEqual(other, route));
  return [
    ...seen.routes
      .filter((route) => !isIn(routes, route))
      .map((route): Change => ({ kind: 'remove-route', namespace, route })),
    ...routes
      .filter((route) => !cut.has(route.interface) && !isIn(seen.routes, route))
      .map((route): Change => ({ kind: 'add-route', namespace, route })),
  ];
}
