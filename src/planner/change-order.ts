import type { Change } from '../model/change.ts';

/**
 * The order of changes and its reasons:
 * what goes away makes room for names, addresses and VNIs of what comes; a namespace must be there before its
 * links, and links before the daemons, which would otherwise configure themselves twice; links come up last,
 * since daemons that start while their neighbours already talk compute every intermediate topology. A tunnel's
 * keys are there before it is, so that it never sends in clear; an association is replaced only after the packets
 * have left it. A link that is in nobody's way goes when all is ready for those that come. A VRF comes before what
 * is said about it; it goes early, for it holds its namespace and all devices in it. Hosts files name all members, so
 * a new one changes every other's: nothing waits for that.
 */
const ORDER: readonly Change['kind'][] = [
  'stop-daemon',
  'remove-vrf',
  'delete-namespace',
  'restore-namespace-name',
  'set-link-down',
  'remove-route',
  'delete-link',
  'remove-remote',
  'remove-address',
  'create-namespace',
  'set-forwarding',
  'set-filter',
  'add-gue-port',
  'add-association',
  'set-policy',
  'set-protected-packets',
  'set-tunnel-sources',
  'create-link',
  'set-link-alias',
  'set-link-mtu',
  'set-link-master',
  'set-emulation',
  'set-wireguard-keys',
  'add-remote',
  'add-address',
  'set-vrf',
  'start-daemon',
  'configure-daemon',
  'set-link-up',
  'add-route',
  'remove-policy',
  'remove-association',
  'remove-gue-port',
  'set-hosts',
];

/** Of what makes no room for anything: routers compute their paths once when links come as others go. */
const LATE_DELETION = ORDER.indexOf('configure-daemon') - 0.5;

const RANK = new Map(ORDER.map((kind, index) => [kind, index]));

/**
 * Changes of one kind keep the order in which they were found, but for bridges: they come before their ports, and for
 * VRFs: they come after their namespaces.
 */
export function orderChanges(changes: readonly Change[]): Change[] {
  return changes.toSorted((a, b) => rankOf(a) - rankOf(b));
}

function rankOf(change: Change): number {
  if (change.kind === 'delete-link' && !change.makesRoom) return LATE_DELETION;
  const isBridge = change.kind === 'create-link' && change.link.kind === 'bridge';
  const isVrf = change.kind === 'create-namespace' && change.vrf !== null;
  return (RANK.get(change.kind) ?? 0) - (isBridge ? 0.5 : 0) + (isVrf ? 0.5 : 0);
}
