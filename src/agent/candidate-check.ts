import { existsSync } from 'node:fs';
import type { Node } from '../model/node.ts';
import type { EnvironmentState, NodeState, OverlayState } from '../model/node-state.ts';
import type { ObservedLink } from '../model/observation.ts';
import type { DaemonName } from '../model/routing-state.ts';
import { localOf } from '../model/tunnel.ts';
import { errorText } from '../model/vinet-error.ts';
import { LINK_MARK } from '../planner/link-alias.ts';
import { needsOf } from '../planner/needs.ts';
import { sharedFrrOf } from '../planner/shared-frr.ts';
import { devicesOf } from './configurations.ts';
import type { Frr } from './frr/frr.ts';
import { joinConfigs } from './frr/vrf-config.ts';
import type { Kernel } from './kernel/kernel.ts';
import { forEachAtOnce } from './reconciler/worker-pool.ts';
import type { StateFolder } from './state-folder.ts';

/** Each is a process that reads its YANG models first, some 50 ms of a processor's time. */
const CHECKS_AT_ONCE = 4;

export interface CandidateCheckOptions {
  readonly node: Node;
  readonly kernel: Kernel;
  readonly frr: Frr;
  readonly folder: StateFolder;
}

/**
 * Everything that stands in the way of this node becoming `candidate`, a sentence each; empty when nothing
 * does. Changes nothing.
 */
export async function checkCandidate(
  candidate: NodeState,
  options: CandidateCheckOptions,
): Promise<string[]> {
  const environments = candidate.overlays.flatMap((overlay) => overlay.environments);
  const fresh = environments.filter(({ namespace }) => !options.folder.isMarked(namespace));
  const refusals = [
    ...checkMembers(environments, options.node),
    ...checkCapabilities(environments, options.node),
    ...checkUnderlay(environments, options.node),
    ...checkNames(fresh, options.kernel),
    ...checkVnis(fresh, await options.kernel.underlay.readLinks()),
  ];
  return refusals.length > 0 ? refusals : checkConfigurations(candidate.overlays, options.frr);
}

function checkMembers(environments: readonly EnvironmentState[], node: Node): string[] {
  const members = environments.filter(({ role }) => role === 'router' || role === 'host').length;
  const { members: limit } = node.limits;
  return members > limit ? [`it would carry ${members} routers and hosts and its limit is ${limit}`] : [];
}

function checkCapabilities(environments: readonly EnvironmentState[], node: Node): string[] {
  const { linkKinds, features, daemons, kernel } = node.capabilities;
  const needs = needsOf(environments);
  return [
    ...[...needs.linkKinds]
      .filter((kind) => !linkKinds.includes(kind))
      .map((kind) => `its kernel ${kernel} has no ${kind} devices`),
    ...[...needs.features]
      .filter((feature) => !features.includes(feature))
      .map((feature) => `its kernel ${kernel} has no ${feature}`),
    ...[...needs.daemons]
      .filter((daemon) => !daemons.includes(daemon))
      .map((daemon) => `FRR's ${daemon} is not installed`),
  ];
}

function checkUnderlay(environments: readonly EnvironmentState[], node: Node): string[] {
  const locals = new Set<string>();
  for (const { links } of environments)
    for (const link of links) {
      const local = link.kind === 'tunnel' && link.transport === null ? localOf(link.tunnel) : null;
      if (local !== null) locals.add(local);
    }
  return [...locals]
    .filter((local) => !node.underlay.includes(local))
    .map((local) => `tunnels would end at ${local}, which is not an address of the node`);
}

function checkNames(fresh: readonly EnvironmentState[], kernel: Kernel): string[] {
  const taken = new Set(kernel.listNamespaces().flatMap(({ name, mounted }) => (mounted ? [name] : [])));
  const refusals: string[] = [];
  for (const { namespace } of fresh) {
    if (taken.has(namespace)) refusals.push(`a namespace ${namespace} is there already and is not vinet's`);
    if (existsSync(`/etc/frr/${namespace}`))
      refusals.push(`/etc/frr/${namespace} is there already and is not vinet's`);
  }
  return refusals;
}

/** A VXLAN device of somebody else in the node's own network owns its VNI and port. */
function checkVnis(fresh: readonly EnvironmentState[], links: readonly ObservedLink[]): string[] {
  const foreign = new Map<string, string>();
  for (const { name, tunnel, alias } of links)
    if (tunnel?.kind === 'vxlan' && !alias.startsWith(LINK_MARK))
      foreign.set(`${tunnel.vni} ${tunnel.port}`, name);
  return fresh.flatMap(({ links: wanted }) =>
    wanted.flatMap((link) => {
      if (link.kind !== 'tunnel' || link.transport !== null || link.tunnel.kind !== 'vxlan') return [];
      const { vni, port } = link.tunnel;
      const owner = foreign.get(`${vni} ${port}`);
      return owner === undefined
        ? []
        : [`VNI ${vni} on UDP port ${port} is taken by the node's device ${owner}`];
    }),
  );
}

interface ConfigurationSample {
  readonly namespace: string;
  readonly daemon: DaemonName;
  readonly config: string;
}

/**
 * FRR itself reads one router's configuration of each kind: templates are the same for all, and an operator
 * may have changed them. Lines that an operator wrote for one router are read for each daemon that they are for.
 */
async function checkConfigurations(overlays: readonly OverlayState[], frr: Frr): Promise<string[]> {
  const samples = new Map<string, ConfigurationSample>();
  const refusals: string[] = [];
  for (const { overlay, name, namespace, routing, devices } of overlays.flatMap(routersOf)) {
    const isShared = sharedFrrOf(overlay) !== null;
    const keyOf = (daemon: DaemonName) => (isShared ? `${daemon} for VRFs` : daemon);
    if (routing.raw.length === 0 && routing.daemons.every((daemon) => samples.has(keyOf(daemon)))) continue;
    try {
      for (const [daemon, alone] of frr.render(routing)) {
        const isOwn = routing.raw.some((raw) => raw.daemon === daemon);
        const config = isShared ? joinConfigs(name, [{ vrf: name, config: alone, devices }]) : alone;
        samples.set(isOwn ? `${daemon} ${namespace}` : keyOf(daemon), { namespace, daemon, config });
      }
    } catch (error) {
      refusals.push(`the configuration of ${namespace} cannot be rendered: ${errorText(error)}`);
      break;
    }
  }
  await forEachAtOnce([...samples.values()], CHECKS_AT_ONCE, async ({ namespace, daemon, config }) => {
    const complaint = await frr.check(daemon, config);
    if (complaint !== null)
      refusals.push(`${daemon} refuses the configuration of ${namespace}: ${complaint}`);
  });
  return refusals;
}

function routersOf(overlay: OverlayState) {
  return overlay.environments.flatMap((environment) => {
    const { name, namespace, routing } = environment;
    return routing === null ? [] : [{ overlay, name, namespace, routing, devices: devicesOf(environment) }];
  });
}
