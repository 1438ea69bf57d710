import { attachedTo, hostBehind } from './internal-router.ts';
import { PROTOCOL_FEATURES } from './routing-protocols.ts';
import type { Protocol, RouterRoutingSpec, RoutingSpec } from './routing-schema.ts';
import type { Spec } from './topology.ts';

/** What a router's routing is told, by the overlay as a whole and by the router's own part of it. */
export type RoutingOptions = RouterRoutingSpec & Pick<RoutingSpec, 'pim'>;

/**
 * The overlay's routing with a router's own before it. Blocks of a protocol, prefix lists and route maps are
 * joined by their fields and names; lists replace one another.
 */
export function routingOptions(
  spec: Pick<Spec, 'routing' | 'routers' | 'hosts'>,
  router: string,
): RoutingOptions {
  const isInternal = hostBehind(spec.hosts, router) !== undefined;
  const own = spec.routers?.[router]?.routing ?? adjacentOptions(spec, router);
  const { instance: _instance, isolation: _isolation, drift: _drift, ...said } = spec.routing ?? {};
  const common = isInternal ? withoutOrigination(said) : said;
  if (own === undefined) return common;
  const joined: RoutingOptions = { ...common, ...own };
  for (const block of BLOCKS) {
    const [one, other] = [common[block], own[block]];
    if (one !== undefined && other !== undefined) Object.assign(joined, { [block]: { ...one, ...other } });
  }
  return joined;
}

/** What an internal router took over from elsewhere would be of another overlay. */
function withoutOrigination({
  redistribute: _redistribute,
  defaultOriginate: _defaultOriginate,
  ...rest
}: RoutingOptions): RoutingOptions {
  return rest;
}

/** An internal router of which nothing is said speaks with the first router that it is attached to as that one does. */
function adjacentOptions(
  { routers, hosts }: Pick<Spec, 'routers' | 'hosts'>,
  router: string,
): RouterRoutingSpec | undefined {
  const host = hostBehind(hosts, router);
  const said = host === undefined ? undefined : routers?.[attachedTo(host)[0] ?? '']?.routing;
  if (said === undefined) return undefined;
  const { protocol, timers, bfd, authentication, ospf, ospf6, isis } = said;
  return Object.fromEntries(
    Object.entries({ protocol, timers, bfd, authentication, ospf, ospf6, isis }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

/**
 * The protocols of a router. Where none is said they follow from the families: OSPFv2 for IPv4, OSPFv3 for IPv6.
 * Empty for `none`.
 */
export function protocolsOf(
  { protocol }: Pick<RoutingOptions, 'protocol'>,
  families: readonly (4 | 6)[],
): readonly Protocol[] {
  if (protocol === undefined) return families.map((family) => (family === 4 ? 'ospf' : 'ospf6'));
  const said = typeof protocol === 'string' ? [protocol] : protocol;
  return said.filter((one) => one !== 'none');
}

/** The dotted quad of an OSPF area that may be written as a number (RFC 2328, C.2). */
export function areaId(area: string | number | undefined): string {
  if (typeof area === 'string' && area.includes('.')) return area.split('.').map(Number).join('.');
  const number = Number(area ?? 0);
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}

export const BACKBONE_AREA = '0.0.0.0';

/** Families that both protocols carry: what can be redistributed from one into the other. */
export function commonFamilies(one: Protocol | 'connected' | 'kernel', other: Protocol): readonly (4 | 6)[] {
  const { families } = PROTOCOL_FEATURES[other];
  if (one === 'connected' || one === 'kernel') return families;
  return families.filter((family) => PROTOCOL_FEATURES[one].families.includes(family));
}

const MILLISECONDS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** Milliseconds of a duration such as `50ms`, which the schema has accepted. */
export function durationMs(text: string): number {
  const [, value, unit = 'ms'] = /^([0-9.]+)([a-z]+)$/.exec(text) ?? [];
  return Number(value) * (MILLISECONDS[unit] ?? 1);
}

const BLOCKS = ['prefixLists', 'routeMaps', 'ospf', 'ospf6', 'isis', 'bgp'] as const;
