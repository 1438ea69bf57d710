import { formatIpPrefix, networkOf } from '../model/ip-prefix.ts';
import type { Node } from '../model/node.ts';
import type { EnvironmentState, NodeState, OverlayState } from '../model/node-state.ts';
import type { Overlay } from '../model/overlay.ts';
import type { Checked, Problem } from '../model/problem.ts';
import type { Bases } from './base-sites.ts';
import { hostEnvironment, routerEnvironment, segmentEnvironment } from './environments.ts';
import { planFabric } from './fabric.ts';
import { planSharedHost } from './internal-routers.ts';
import { openKeyring } from './keyring.ts';
import { linkLayerEnvironments } from './link-layer.ts';
import { checkNodeFitness } from './node-fitness.ts';
import { namesIn } from './overlay-names.ts';
import type { OverlayPlan } from './overlay-plan.ts';
import { needsSecrets, type OverlaySecrets } from './overlay-secrets.ts';
import { planRouting } from './routing/routing.ts';
import { findSpeakers } from './routing/speakers.ts';
import { sharedFrrEnvironment } from './shared-frr.ts';
import { sharedHostsOf } from './shared-hosts.ts';
import type { Ground } from './sites.ts';
import { checkTunnelsApart } from './tunnel-clashes.ts';
import { sitesOf } from './tunnel-list.ts';
import type { KeyedFabric } from './tunnel-states.ts';
import { orderByUnderlay } from './underlay-order.ts';
import { nodesOf, type Wiring, wireOverlay } from './wiring.ts';

export interface PlannedOverlay {
  readonly overlay: Overlay;
  readonly plan: OverlayPlan;
  /** Null, or left away, where `needsSecrets` says that there are none. */
  readonly secrets?: OverlaySecrets | null;
}

/**
 * What every node should be, or everything that stands in the way: overlays that ride on one another in a loop, nodes
 * that are not known, have no common underlay, lack a capability or would hold more routers than they may, and
 * tunnels that a kernel could not tell apart. Nodes without any overlay are in it too.
 */
export function compileNodeStates(
  overlays: readonly PlannedOverlay[],
  nodes: ReadonlyMap<string, Node>,
  revision: number,
): Checked<Map<string, NodeState>> {
  const ordered = orderByUnderlay(overlays);
  if (!ordered.ok) return ordered;
  const bases = new Map(overlays.map((planned) => [planned.overlay.metadata.name, planned]));
  const perNode = new Map<string, OverlayState[]>([...nodes.keys()].map((name) => [name, []]));
  const problems: Problem[] = [];
  for (const planned of overlays.toSorted((a, b) => compareNames(a.overlay, b.overlay))) {
    const states = compileOverlayStates(planned, nodes, bases);
    if (!states.ok) problems.push(...states.problems);
    else for (const [node, state] of states.value) perNode.get(node)?.push(state);
  }
  const states = new Map([...perNode].map(([name, list]) => [name, { revision, overlays: list }]));
  for (const [name, state] of states) {
    const node = nodes.get(name);
    if (node !== undefined) problems.push(...checkNodeFitness(node, state), ...checkTunnelsApart(state));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: states };
}

/** One overlay's part of each node that it stands on. `bases`: at least those that it rides on, at any depth, and those that have hosts of it. */
export function compileOverlayStates(
  { overlay, plan, secrets = null }: PlannedOverlay,
  nodes: ReadonlyMap<string, Node>,
  bases: Bases,
): Checked<Map<string, OverlayState>> {
  const wiring = wireOverlay(overlay, plan);
  const { name } = overlay.metadata;
  if (secrets === null && needsSecrets(overlay)) {
    const message = `overlay ${name} has encrypted links, and no keys were made for it`;
    return { ok: false, problems: [{ code: 'missing-secrets', path: 'spec.links', message }] };
  }
  const fabric = planFabric(wiring, { nodes, bases });
  if (!fabric.ok) return fabric;
  const keyring = secrets === null ? null : openKeyring(name, secrets);
  const shared = planSharedHosts(wiring, { nodes, bases });
  if (!shared.ok) return shared;
  const environments = compileEnvironments({ ...fabric.value, keyring }, shared.value);
  const keepsDrift = overlay.spec.routing?.drift === 'report';
  const common = { name, destinations: destinationsOf(wiring), keepsDrift, names: namesIn(wiring) };
  return {
    ok: true,
    value: new Map([...environments].map(([node, list]) => [node, { ...common, environments: list }])),
  };
}

/** Own addresses of every router that speaks a protocol, the prefixes that its hosts are in, and those of guests. */
function destinationsOf(wiring: Wiring): string[] {
  const { topology, book, addressesOf, attachmentsOf } = wiring;
  const speaking = new Set(
    findSpeakers(wiring)
      .all.filter(({ protocols }) => protocols.length > 0)
      .map(({ name }) => name),
  );
  return [
    ...topology.routers.filter((router) => speaking.has(router)).flatMap((router) => book.loopbacks(router)),
    ...topology.links
      .filter(({ isAccess, isDown, ends }) => isAccess && !isDown && ends.some((end) => speaking.has(end)))
      .flatMap(({ name }) => book.linkPrefixes(name)),
    ...topology.guests
      .filter((guest) => attachmentsOf(guest).some(({ isDown }) => !isDown))
      .flatMap((guest) => addressesOf(guest).map(networkOf)),
  ].map(formatIpPrefix);
}

/** What other overlays add to hosts and internal routers, by the member's name. */
interface SharedEnvironments {
  complete(environment: EnvironmentState): EnvironmentState;
}

function planSharedHosts(wiring: Wiring, ground: Ground): Checked<SharedEnvironments> {
  const problems: Problem[] = [];
  const additions = new Map<string, (environment: EnvironmentState) => EnvironmentState>();
  for (const host of sharedHostsOf(wiring.overlay.spec)) {
    const shared = planSharedHost(wiring, host, ground);
    if (!shared.ok) {
      problems.push(...shared.problems);
      continue;
    }
    const { internalRouter, otherNames, complete } = shared.value;
    additions.set(internalRouter, complete);
    additions.set(host.name, (environment) => ({ ...environment, otherNames }));
  }
  if (problems.length > 0) return { ok: false, problems };
  const complete = (environment: EnvironmentState) =>
    additions.get(environment.name)?.(environment) ?? environment;
  return { ok: true, value: { complete } };
}

function compileEnvironments(
  fabric: KeyedFabric,
  shared: SharedEnvironments,
): Map<string, EnvironmentState[]> {
  const { wiring, sites } = fabric;
  const { routers, hosts, guests, segments } = wiring.topology;
  const routing = planRouting(wiring);
  const perNode = new Map<string, EnvironmentState[]>(
    nodesOf(wiring, [...routers, ...hosts, ...guests]).map((node) => [node, []]),
  );
  const place = (site: string, environment: EnvironmentState) =>
    perNode.get(sites.get(site)?.node ?? '')?.push(environment);
  for (const router of routers)
    place(wiring.siteOf(router), shared.complete(routerEnvironment(fabric, router, routing(router))));
  for (const host of hosts) place(wiring.siteOf(host), shared.complete(hostEnvironment(fabric, host)));
  for (const segment of segments) {
    for (const site of sitesOf(segment.members, wiring.siteOf))
      place(site, segmentEnvironment(fabric, segment, site));
  }
  for (const [site, environment] of linkLayerEnvironments(fabric)) place(site, environment);
  const { metadata, spec } = wiring.overlay;
  if (spec.routing?.instance === 'shared')
    for (const [node, environments] of perNode)
      if (environments.some(({ routing, vrf }) => routing !== null || vrf !== null))
        environments.push(sharedFrrEnvironment(metadata.name, node, environments));
  return perNode;
}

function compareNames(one: Overlay, other: Overlay): number {
  return one.metadata.name < other.metadata.name ? -1 : 1;
}
