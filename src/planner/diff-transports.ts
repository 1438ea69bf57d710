import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../model/change.ts';
import type { EnvironmentState, TunnelState } from '../model/node-state.ts';
import type { GuePort, ObservedTransport } from '../model/observation.ts';
import type { SecurityAssociation, SecurityPolicy } from '../model/security.ts';
import { isIpv6 } from '../model/tunnel.ts';
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
  for (const { namespace, links } of wanted)
    for (const link of links)
      if (link.kind === 'tunnel') {
        const needs = needed.get(link.transport) ?? [];
        needed.set(link.transport, needs);
        needs.push(needOf(namespace, link));
      }
  return [...new Set([...needed.keys(), ...present.keys()])].flatMap((transport) =>
    diffTransport(transport, needed.get(transport) ?? [], present.get(transport), prune),
  );
}

/** What one tunnel needs; `namespace` is where its device stands. */
interface Need {
  readonly namespace: string;
  readonly guePort: GuePort | null;
  readonly associations: readonly SecurityAssociation[];
  readonly policies: readonly SecurityPolicy[];
}

function needOf(namespace: string, link: TunnelState): Need {
  const { tunnel } = link;
  const guePort: GuePort | null =
    tunnel.kind === 'gue' ? { family: isIpv6(tunnel.remote) ? 6 : 4, port: tunnel.port } : null;
  return { namespace, guePort, ...securityOf(link) };
}

function diffTransport(
  transport: string | null,
  needs: readonly Need[],
  found: ObservedTransport | undefined,
  prune: boolean,
): Change[] {
  const ports = indexBy(found?.guePorts ?? [], keyOfPort);
  const associations = indexBy(found?.associations ?? [], keyOfAssociation);
  const policies = indexBy(found?.policies ?? [], keyOfPolicy);
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

/** RFC 4301, 4.1: the receiver finds an association by destination and SPI. */
function keyOfAssociation({ destination, spi }: SecurityAssociation): string {
  return `${destination} ${spi}`;
}

function keyOfPolicy(policy: SecurityPolicy): string {
  const { direction, source, destination, protocol, destinationPort, greKey } = policy;
  return [direction, source, destination, protocol, destinationPort, greKey].join(' ');
}
