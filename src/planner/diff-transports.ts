import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../model/change.ts';
import type { EnvironmentState, TunnelState } from '../model/node-state.ts';
import type { GuePort, Observation, ObservedTransport } from '../model/observation.ts';
import type { ProtectedPackets, SecurityAssociation, SecurityPolicy } from '../model/security.ts';
import { isIpv6, sourcesOf, type TunnelSource } from '../model/tunnel.ts';
import { securityOf } from './security.ts';
import { usedKeyName } from './used-keys.ts';

/**
 * What tunnels need in the networks that carry them: GUE's receive ports, IPsec's associations and policies. What no
 * tunnel needs is removed when `prune` says so, from networks that stay. An association that is gone and whose key was
 * used stays away: nothing is sent, and nothing in clear, until the controller has made other keys.
 */
export function diffTransports(
  wanted: Iterable<EnvironmentState>,
  { transports, usedKeys }: Pick<Observation, 'transports' | 'usedKeys'>,
  prune: boolean,
): Change[] {
  const present = new Map(transports.map((transport) => [transport.namespace, transport]));
  const needed = new Map<string | null, Need[]>();
  const staying = new Set<string | null>([null]);
  for (const { namespace, links } of wanted) {
    staying.add(namespace);
    for (const link of links)
      if (link.kind === 'tunnel') {
        const needs = needed.get(link.transport) ?? [];
        needed.set(link.transport, needs);
        needs.push(needOf(namespace, link));
      }
  }
  // A network that is yet to come can do what the node's own can.
  const own = present.get(null);
  const untouched = {
    ...{ guePorts: [], associations: [], policies: [] },
    sources: own?.sources == null ? null : [],
    protectedPackets: own?.protectedPackets == null ? null : [],
  };
  return [...new Set([...needed.keys(), ...present.keys()])].flatMap((transport) =>
    diffTransport(
      needed.get(transport) ?? [],
      present.get(transport) ?? { namespace: transport, ...untouched },
      usedKeys,
      prune && staying.has(transport),
    ),
  );
}

/** What one tunnel needs; `namespace` is where its device stands. */
interface Need {
  readonly namespace: string;
  readonly guePort: GuePort | null;
  readonly associations: readonly SecurityAssociation[];
  readonly policies: readonly SecurityPolicy[];
  readonly sources: readonly TunnelSource[];
}

function needOf(namespace: string, link: TunnelState): Need {
  const { tunnel } = link;
  const guePort: GuePort | null =
    tunnel.kind === 'gue' ? { family: isIpv6(tunnel.remote) ? 6 : 4, port: tunnel.port } : null;
  return { namespace, guePort, sources: sourcesOf(tunnel), ...securityOf(link) };
}

function diffTransport(
  needs: readonly Need[],
  found: ObservedTransport,
  usedKeys: ReadonlySet<string>,
  prune: boolean,
): Change[] {
  const { namespace: transport } = found;
  const ports = indexBy(found.guePorts, keyOfPort);
  const associations = indexBy(found.associations, keyOfAssociation);
  const policies = indexBy(found.policies, keyOfPolicy);
  const changes: Change[] = [];
  for (const { namespace, ...need } of needs) {
    if (need.guePort !== null && take(ports, keyOfPort(need.guePort)) === undefined)
      changes.push({ kind: 'add-gue-port', namespace, transport, guePort: need.guePort });
    for (const association of need.associations) {
      const other = take(associations, keyOfAssociation(association));
      if (isDeepStrictEqual(other, association)) continue;
      // The one that is wanted comes when the other has gone: both have the same SPI.
      if (other !== undefined)
        changes.push({ kind: 'remove-association', namespace, transport, association: other });
      else if (!usedKeys.has(usedKeyName(transport, association)))
        changes.push({ kind: 'add-association', namespace, transport, association });
    }
    for (const policy of need.policies)
      if (!isDeepStrictEqual(take(policies, keyOfPolicy(policy)), policy))
        changes.push({ kind: 'set-policy', namespace, transport, policy });
  }
  const [namespace, kept] = [transport ?? '', prune ? 'wanted' : 'all'] as const;
  const sources = replaceSet(
    needs.flatMap((need) => need.sources),
    found.sources,
    keyOfSource,
    kept,
  );
  if (sources !== null) changes.push({ kind: 'set-tunnel-sources', namespace, transport, sources });
  const protectedOnes = needs.flatMap((need) => need.policies.flatMap(protectedPacketsOf));
  const packets = replaceSet(protectedOnes, found.protectedPackets, keyOfPackets, kept);
  if (packets !== null) changes.push({ kind: 'set-protected-packets', namespace, transport, packets });
  if (!prune) return changes;
  const orphan = { namespace: transport ?? '', transport };
  return [
    ...changes,
    ...left(policies).map((policy): Change => ({ kind: 'remove-policy', ...orphan, policy })),
    ...left(associations).map(
      (association): Change => ({
        kind: 'remove-association',
        ...orphan,
        association,
      }),
    ),
    ...left(ports).map((guePort): Change => ({ kind: 'remove-gue-port', ...orphan, guePort })),
  ];
}

/** What has to stand in place of what was found; null where that is right, or the node has no means for it. */
function replaceSet<T>(
  wanted: readonly T[],
  found: readonly T[] | null,
  keyOf: (thing: T) => string,
  kept: 'wanted' | 'all',
): readonly T[] | null {
  if (found === null) return null;
  const before = new Set(found.map(keyOf));
  const after = new Map([...wanted, ...(kept === 'all' ? found : [])].map((thing) => [keyOf(thing), thing]));
  if (before.size === after.size && [...after.keys()].every((key) => before.has(key))) return null;
  return [...after.values()];
}

function protectedPacketsOf({ direction, reqid, spi, ...packets }: SecurityPolicy): ProtectedPackets[] {
  return direction === 'in' ? [packets] : [];
}

/** Things by what makes two of them the same, each with whether it is needed. */
type Index<T> = Map<string, { readonly thing: T; needed: boolean }>;

function indexBy<T>(things: readonly T[], keyOf: (thing: T) => string): Index<T> {
  return new Map(things.map((thing) => [keyOf(thing), { thing, needed: false }]));
}

function take<T>(index: Index<T>, key: string): T | undefined {
  const entry = index.get(key);
  if (entry !== undefined) entry.needed = true;
  return entry?.thing;
}

function left<T>(index: Index<T>): T[] {
  return [...index.values()].filter(({ needed }) => !needed).map(({ thing }) => thing);
}

function keyOfPort({ family, port }: GuePort): string {
  return `${family} ${port}`;
}

function keyOfSource({ by, port, number, source }: TunnelSource): string {
  return `${by} ${port} ${number} ${source}`;
}

/** RFC 4301, 4.1: the receiver finds an association by destination and SPI. */
function keyOfAssociation({ destination, spi }: SecurityAssociation): string {
  return `${destination} ${spi}`;
}

function keyOfPolicy(policy: SecurityPolicy): string {
  return `${policy.direction} ${keyOfPackets(policy)}`;
}

function keyOfPackets({ source, destination, protocol, destinationPort, greKey }: ProtectedPackets): string {
  return [source, destination, protocol, destinationPort, greKey].join(' ');
}
