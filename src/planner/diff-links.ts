import type { Change } from '../model/change.ts';
import type { EnvironmentState, LinkState, VethState, VxlanState } from '../model/node-state.ts';
import type { ObservedEnvironment, ObservedLink } from '../model/observation.ts';
import { diffAddresses } from './diff-addresses.ts';

/** Every interface that the product makes has an alias that begins so; others are never touched. */
export const LINK_MARK = 'vinet ';

/**
 * Links of one environment. A link whose identity differs (kind, VNI, far end) is made anew; all else is
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
      changes.push({ kind: 'delete-link', namespace, name: link.name, reason: 'no longer wanted' });

  for (const link of wanted.links) {
    const found = present.get(link.name);
    const difference = found === undefined ? 'missing' : differsInKind(link, found, namespace, allSeen);
    if (found !== undefined && difference === '') {
      changes.push(...diffPresentLink(namespace, link, found));
      continue;
    }
    if (found !== undefined)
      changes.push({ kind: 'delete-link', namespace, name: link.name, reason: difference });
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
  if (found.kind !== wanted.kind) return `is ${found.kind || 'of no kind'}, not ${wanted.kind}`;
  if (wanted.kind === 'vxlan') return differsInTunnel(wanted, found);
  if (wanted.kind === 'veth') return differsInPair(wanted, found, namespace, allSeen);
  return '';
}

function differsInTunnel(wanted: VxlanState, found: ObservedLink): string {
  const vxlan = found.vxlan;
  if (vxlan === null) return 'has no VXLAN parameters';
  if (vxlan.vni !== wanted.vni) return `VNI ${vxlan.vni} becomes ${wanted.vni}`;
  if (vxlan.port !== wanted.port) return `UDP port ${vxlan.port} becomes ${wanted.port}`;
  if (vxlan.local !== wanted.local) return `local ${vxlan.local} becomes ${wanted.local}`;
  if (vxlan.learning !== wanted.learning) return wanted.learning ? 'starts learning' : 'stops learning';
  if (!wanted.learning && vxlan.remotes.join() !== wanted.remotes.join())
    return `remote ${vxlan.remotes.join() || 'none'} becomes ${wanted.remotes.join()}`;
  return '';
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
  const alias = `${LINK_MARK}${wanted.link}`;
  if (found.alias !== alias) changes.push({ kind: 'set-link-alias', namespace, name, alias });
  if (found.mtu !== wanted.mtu) changes.push({ kind: 'set-link-mtu', namespace, name, mtu: wanted.mtu });
  if (found.master !== wanted.master)
    changes.push({ kind: 'set-link-master', namespace, name, master: wanted.master });
  if (wanted.kind === 'vxlan' && wanted.learning && found.vxlan !== null)
    changes.push(...diffRemotes(namespace, wanted, found.vxlan.remotes));
  changes.push(...diffAddresses(namespace, name, wanted.addresses, found.addresses));
  if (!found.up) changes.push({ kind: 'set-link-up', namespace, name });
  return changes;
}

function diffRemotes(namespace: string, wanted: VxlanState, present: readonly string[]): Change[] {
  const { name } = wanted;
  return [
    ...present
      .filter((remote) => !wanted.remotes.includes(remote))
      .map((remote): Change => ({ kind: 'remove-remote', namespace, name, remote })),
    ...wanted.remotes
      .filter((remote) => !present.includes(remote))
      .map((remote): Change => ({ kind: 'add-remote', namespace, name, remote })),
  ];
}
