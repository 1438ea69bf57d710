import { existsSync } from 'node:fs';
import type { Node } from '../model/node.ts';
import type { DaemonName, EnvironmentState, NodeState } from '../model/node-state.ts';
import type { ObservedLink } from '../model/observation.ts';
import { errorText } from '../model/vinet-error.ts';
import { LINK_MARK } from '../planner/diff-links.ts';
import type { Frr } from './frr/frr.ts';
import type { Kernel } from './kernel/kernel.ts';
import type { StateFolder } from './state-folder.ts';

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
  return refusals.length > 0 ? refusals : checkConfigurations(fresh, options.frr);
}

function checkMembers(environments: readonly EnvironmentState[], node: Node): string[] {
  const members = environments.filter(({ role }) => role === 'router').length;
  const { members: limit } = node.limits;
  return members > limit ? [`it would carry ${members} routers and its limit is ${limit}`] : [];
}

function checkCapabilities(environments: readonly EnvironmentState[], node: Node): string[] {
  const { linkKinds, daemons, kernel } = node.capabilities;
  const kinds = new Set(environments.flatMap(({ links }) => links.map((link) => link.kind)));
  const wanted = new Set(environments.flatMap(({ routing }) => routing?.daemons ?? []));
  return [
    ...[...kinds]
      .filter((kind) => !linkKinds.includes(kind))
      .map((kind) => `its kernel ${kernel} has no ${kind} devices`),
    ...[...wanted]
      .filter((daemon) => !daemons.includes(daemon))
      .map((daemon) => `FRR's ${daemon} is not installed`),
  ];
}

function checkUnderlay(environments: readonly EnvironmentState[], node: Node): string[] {
  const locals = new Set<string>();
  for (const { links } of environments)
    for (const link of links) if (link.kind === 'vxlan') locals.add(link.local);
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
  for (const { name, vxlan, alias } of links)
    if (vxlan !== null && !alias.startsWith(LINK_MARK)) foreign.set(`${vxlan.vni} ${vxlan.port}`, name);
  return fresh.flatMap(({ links: wanted }) =>
    wanted.flatMap((link) => {
      const owner = link.kind === 'vxlan' ? foreign.get(`${link.vni} ${link.port}`) : undefined;
      return owner === undefined || link.kind !== 'vxlan'
        ? []
        : [`VNI ${link.vni} on UDP port ${link.port} is taken by the node's device ${owner}`];
    }),
  );
}

/**
 * FRR itself reads one router's configuration of each kind: templates are the same for all, and an operator
 * may have changed them.
 */
async function checkConfigurations(fresh: readonly EnvironmentState[], frr: Frr): Promise<string[]> {
  const samples = new Map<string, { namespace: string; daemon: DaemonName; config: string }>();
  const refusals: string[] = [];
  for (const { namespace, routing } of fresh) {
    if (routing === null) continue;
    if (routing.daemons.every((daemon) => samples.has(daemon))) continue;
    try {
      for (const [daemon, config] of frr.render(routing)) samples.set(daemon, { namespace, daemon, config });
    } catch (error) {
      refusals.push(`the configuration of ${namespace} cannot be rendered: ${errorText(error)}`);
      break;
    }
  }
  for (const { namespace, daemon, config } of samples.values()) {
    const complaint = await frr.check(daemon, config);
    if (complaint !== null)
      refusals.push(`${daemon} refuses the configuration of ${namespace}: ${complaint}`);
  }
  return refusals;
}
