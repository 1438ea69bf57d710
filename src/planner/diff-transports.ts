import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../model/change.ts';
import type { EnvironmentState, TunnelState } from '../model/node-state.ts';
import type { GuePort, ObservedTransport } from '../model/observation.ts';
import type { SecurityAssociation, SecurityPolicy } from '../model/security.ts';
import { isIpv6, type TunnelSource } from '../model/tunnel.ts';
import { securityOf } from './security.ts';

/**
 * What tunnels need in the networks that carry them: GUE's receive ports, IPsec's associations and policies. What no
 * tunnel needs is removed when `prune` says so, from networks that stay.
 */
export function diffTransports(
  wanted: Iterable<EnvironmentState>,
  observed: readonly ObservedTransport[],
  prune: boolean,
): Change[] {
  const present = new Map(observed.map((transport) => [transport.namespace, transport]));
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
  const untouched = { guePorts: [], associations: [], policies: [] };
  // A network that is yet to come can do what the node's own can.
  const sources = present.get(null)?.sources == null ? null : [];
  return [...new Set([...needed.keys(), ...present.keys()])].flatMap((transport) =>
    diffTransport(
      needed.get(transport) ?? [],
      present.get(transport) ?? { namespace: transport, sources, ...untouched },
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
  const sources =
    tunnel.kind === 'vxlan'
      ? tunnel.remotes.map((source) => ({ port: tunnel.port, vni: tunnel.vni, source }))
      : [];
  return { namespace, guePort, sources, ...securityOf(link) };
}

function diffTransport(needs: readonly Need[], found: ObservedTransport, prune: boolean): Change[] {
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
      if (other !== undefined)
        changes.push({ kind: 'remove-association', namespace, transport, association: other });
      changes.push({ kind: 'add-association', namespace, transport, association });
    }
    for (const policy of need.policies)
      if (!isDeepStrictEqual(take(policies, keyOfPolicy(policy)), policy))
        changes.push({ kind: 'set-policy', namespace, transport, policy });
  }
  const sources = needs.flatMap((need) => need.sources);
  changes.push(...diffSources(transport, sources, found.sources, prune));
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

/** Nothing to be done where the node cannot tell tunnels' packets apart: null. */
function diffSources(
  transport: string | null,
  wanted: readonly TunnelSource[],
  found: readonly TunnelSource[] | null,
  prune: boolean,
): Change[] {
  if (found === null) return [];
  const before = new Set(found.map(keyOfSource));
  const after = new Map([...wanted, ...(prune ? [] : found)].map((source) => [keyOfSource(source), source]));
  if (before.size === after.size && [...after.keys()].every((key) => before.has(key))) return [];
  const sources = [...after.values()];
  return [{ kind: 'set-tunnel-sources', namespace: transport ?? '', transport, sources }];
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

function keyOfSource({ port, vni, source }: TunnelSource): string {
  return `${port} ${vni} ${source}`;
}

/** RFC 4301, 4.1: the receiver finds an association by destination and SPI. */
function keyOfAssociation({ destination, spi }: SecurityAssociation): string {
  return `${destination} ${spi}`;
}

function keyOfPolicy(policy: SecurityPolicy): string {
  const { direction, source, destination, protocol, destinationPort, greKey } = policy;
  return [direction, source, destination, protocol, destinationPort, greKey].join(' ');
}
