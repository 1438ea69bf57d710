import type { Change } from '../model/change.ts';
import type { EnvironmentState, LinkState, TunnelState, VethState } from '../model/node-state.ts';
import type { ObservedEnvironment, ObservedLink } from '../model/observation.ts';
import { deviceKindOf, type Tunnel } from '../model/tunnel.ts';
import { diffAddresses } from './diff-addresses.ts';
import { isSameEmulation } from './diff-emulation.ts';
import { differenceOfTunnels, diffRemotes, haveSameKeys } from './diff-tunnel.ts';
import { aliasOf, LINK_MARK, transportOf } from './link-alias.ts';

/**
 * Links of one environment. A link whose identity differs (kind, tunnel, far end) is made anew; all else is
 * changed in place. Of a veth pair, the end whose namespace and name sort first brings both.
 */
export function diffLinks(
  wanted: EnvironmentState,
  seen: ObservedEnvironment,
  allWanted: ReadonlyMap<string, EnvironmentState>,
  allSeen: ReadonlyMap<string, ObservedEnvironment>,
): Change[] {
  const { namespace } = wanted;
  const present = new Map(seen.links.map((link) => [link.name, link]));
  const changes: Change[] = [];
  for (const link of seen.links)
    if (link.alias.startsWith(LINK_MARK) && !wanted.links.some((other) => other.name === link.name))
      changes.push({
        kind: 'delete-link',
        namespace,
        name: link.name,
        reason: 'no longer wanted',
        makesRoom: link.kind !== 'veth',
      });

  for (const link of wanted.links) {
    const found = present.get(link.name);
    const difference = found === undefined ? 'missing' : differsInKind(link, found, namespace, allSeen);
    if (found !== undefined && difference === '') {
      changes.push(...diffPresentLink(namespace, link, found));
      continue;
    }
    if (found !== undefined)
      changes.push({ kind: 'delete-link', namespace, name: link.name, reason: difference, makesRoom: true });
    const peer = link.kind === 'veth' ? findPeer(link, allWanted) : null;
    if (link.kind !== 'veth' || bringsPair(namespace, link))
      changes.push({ kind: 'create-link', namespace, link, peer });
  }
  return changes;
}

/** Empty when the interface can be changed into what is wanted without being made anew. */
function differsInKind(
  wanted: LinkState,
  found: ObservedLink,
  namespace: string,
  allSeen: ReadonlyMap<string, ObservedEnvironment>,
): string {
  const kind = wanted.kind === 'tunnel' ? deviceKindOf(wanted.tunnel) : wanted.kind;
  if (found.kind !== kind) return `is ${found.kind || 'of no kind'}, not ${kind}`;
  if (wanted.kind === 'tunnel') return differsInTunnel(wanted, found);
  if (wanted.kind === 'veth') return differsInPair(wanted, found, namespace, allSeen);
  return '';
}

/** Which network carries a tunnel is not to be read from the kernel by name: the alias remembers it. */
function differsInTunnel(wanted: TunnelState, found: ObservedLink): string {
  const transport = transportOf(found.alias);
  if (transport === undefined || transport === wanted.transport)
    return differenceOfTunnels(wanted.tunnel, found.tunnel);
  return `is carried by ${transport ?? "the node's network"}, not by ${wanted.transport ?? "the node's network"}`;
}

/** A veth end is right when each end's interface index is what the other end points to. */
function differsInPair(
  wanted: VethState,
  found: ObservedLink,
  namespace: string,
  allSeen: ReadonlyMap<string, ObservedEnvironment>,
): string {
  const peer = allSeen
    .get(wanted.peer.namespace)
    ?.links.find((link) => link.name === wanted.peer.name && link.kind === 'veth');
  const whole = peer !== undefined && peer.index === found.peerIndex && peer.peerIndex === found.index;
  return whole
    ? ''
    : `its other end is not ${wanted.peer.name} of ${wanted.peer.namespace} (seen from ${namespace})`;
}

function bringsPair(namespace: string, link: VethState): boolean {
  return `${namespace} ${link.name}` < `${link.peer.namespace} ${link.peer.name}`;
}

function findPeer(
  link: VethState,
  allWanted: ReadonlyMap<string, EnvironmentState>,
): { namespace: string; link: LinkState } | null {
  const peer = allWanted.get(link.peer.namespace)?.links.find((other) => other.name === link.peer.name);
  return peer === undefined ? null : { namespace: link.peer.namespace, link: peer };
}

function diffPresentLink(namespace: string, wanted: LinkState, found: ObservedLink): Change[] {
  const { name } = wanted;
  const changes: Change[] = [];
  const alias = aliasOf(wanted);
  if (found.alias !== alias) changes.push({ kind: 'set-link-alias', namespace, name, alias });
  if (found.mtu !== wanted.mtu) changes.push({ kind: 'set-link-mtu', namespace, name, mtu: wanted.mtu });
  if (found.master !== wanted.master)
    changes.push({ kind: 'set-link-master', namespace, name, master: wanted.master });
  if (wanted.kind === 'tunnel')
    changes.push(...diffPresentTunnel(namespace, name, wanted.tunnel, found.tunnel));
  if (!isSameEmulation(wanted.emulation, found.emulation))
    changes.push({ kind: 'set-emulation', namespace, name, emulation: wanted.emulation });
  changes.push(...diffAddresses(namespace, name, wanted.addresses, found.addresses));
  if (found.up !== wanted.enabled)
    changes.push({ kind: wanted.enabled ? 'set-link-up' : 'set-link-down', namespace, name });
  return changes;
}

function diffPresentTunnel(namespace: string, name: string, wanted: Tunnel, found: Tunnel | null): Change[] {
  if (wanted.kind === 'wireguard' && !haveSameKeys(wanted, found))
    return [{ kind: 'set-wireguard-keys', namespace, name, tunnel: wanted }];
  if (wanted.kind !== 'vxlan' || !wanted.learning || found?.kind !== 'vxlan') return [];
  const { gained, lost } = diffRemotes(wanted, found.remotes);
  return [
    ...lost.map((remote): Change => ({ kind: 'remove-remote', namespace, name, remote })),
    ...gained.map((remote): Change => ({ kind: 'add-remote', namespace, name, remote })),
  ];
}
