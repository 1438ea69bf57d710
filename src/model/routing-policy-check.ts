import { quote } from './document-path.ts';
import { addressBits, networkOf, parseIpAddress, parseIpPrefix } from './ip-prefix.ts';
import type { Problem } from './problem.ts';
import { commonFamilies, type RoutingOptions } from './routing-options.ts';
import type { Complain } from './routing-part-check.ts';
import { PROTOCOL_FEATURES } from './routing-protocols.ts';

/** Prefix lists, route maps, and what refers to them: redistribution and BGP's neighbours; routes by hand. */
export function checkPolicies(options: RoutingOptions, problem: Complain): Problem[] {
  return [
    ...checkPrefixLists(options, problem),
    ...checkReferences(options, problem),
    ...checkRedistribution(options, problem),
    ...checkRoutes(options, problem),
    ...checkGroups(options, problem),
  ];
}

function checkPrefixLists({ prefixLists = {} }: RoutingOptions, problem: Complain): Problem[] {
  return Object.entries(prefixLists).flatMap(([name, entries]) =>
    entries.flatMap(({ prefix, ge, le }, index) => {
      const field = `prefixLists.${name}[${index}]`;
      const range = parseIpPrefix(prefix);
      if (range === null)
        return [problem(`${field}.prefix`, 'invalid-prefix', `${quote(prefix)} is no prefix`)];
      const longest = addressBits(range.family);
      const lengths = [range.length, ge ?? range.length, le ?? longest, longest];
      const isFine = lengths.every((length, at) => length >= (lengths[at - 1] ?? 0));
      if (isFine && (ge === undefined || ge > range.length)) return [];
      const message = `ge ${ge ?? '–'} and le ${le ?? '–'} do not fit ${prefix}`;
      return [problem(field, 'wrong-value', message, `${range.length} < ge <= le <= ${longest}`)];
    }),
  );
}

/** Names of route maps and prefix lists that nobody has defined. */
function checkReferences(options: RoutingOptions, problem: Complain): Problem[] {
  const { routeMaps = {}, prefixLists = {}, redistribute = [], bgp = {} } = options;
  const maps = [
    ...redistribute.map(({ routeMap }, index) => ({
      field: `redistribute[${index}].routeMap`,
      name: routeMap,
    })),
    { field: 'bgp.in', name: bgp.in },
    { field: 'bgp.out', name: bgp.out },
    ...Object.entries(bgp.neighbors ?? {}).flatMap(([router, policy]) => [
      { field: `bgp.neighbors.${router}.in`, name: policy.in },
      { field: `bgp.neighbors.${router}.out`, name: policy.out },
    ]),
  ];
  const lists = Object.entries(routeMaps).flatMap(([name, entries]) =>
    entries.map(({ match }, index) => ({
      field: `routeMaps.${name}[${index}].match.prefixList`,
      name: match?.prefixList,
    })),
  );
  const missing = (
    what: string,
    known: object,
    references: readonly { field: string; name: string | undefined }[],
  ) =>
    references
      .filter(({ name }) => name !== undefined && !Object.hasOwn(known, name))
      .map(({ field, name }) =>
        problem(
          field,
          'unknown-name',
          `no ${what} is called ${name}`,
          `known here: ${Object.keys(known).join(', ') || 'none'}`,
        ),
      );
  return [...missing('route map', routeMaps, maps), ...missing('prefix list', prefixLists, lists)];
}

function checkRedistribution({ redistribute = [] }: RoutingOptions, problem: Complain): Problem[] {
  return redistribute.flatMap(({ from, into, routeMap }, index) => {
    const field = `redistribute[${index}]`;
    if (from === into) return [problem(field, 'wrong-value', `${from} already has its own routes`)];
    if (commonFamilies(from, into).length === 0) {
      return [problem(field, 'wrong-value', `${from} and ${into} have no address family in common`)];
    }
    if (routeMap !== undefined && !PROTOCOL_FEATURES[into].routeMaps) {
      return [
        problem(`${field}.routeMap`, 'unused-field', `FRR has no route map for what goes into ${into}`),
      ];
    }
    return [];
  });
}

function checkRoutes({ routes = [] }: RoutingOptions, problem: Complain): Problem[] {
  return routes.flatMap(({ prefix, via, interface: device, blackhole = false }, index) => {
    const field = `routes[${index}]`;
    const range = parseIpPrefix(prefix);
    if (range === null || networkOf(range).value !== range.value) {
      return [problem(`${field}.prefix`, 'invalid-prefix', `${quote(prefix)} is no prefix of a network`)];
    }
    const hop = via === undefined ? null : parseIpAddress(via);
    if (via !== undefined && hop?.family !== range.family) {
      return [problem(`${field}.via`, 'wrong-value', `${quote(via)} is no IPv${range.family} address`)];
    }
    if (blackhole === (via === undefined && device === undefined)) return [];
    const message = 'needs a next hop (via or interface), or blackhole: true, not both';
    return [problem(field, 'wrong-field', message)];
  });
}

function checkGroups({ pim }: RoutingOptions, problem: Complain): Problem[] {
  if (pim?.groups === undefined) return [];
  const range = parseIpPrefix(pim.groups);
  const isMulticast = range?.family === 4 && range.length >= 4 && range.value >> 28n === 0xen;
  if (isMulticast && networkOf(range).value === range.value) return [];
  return [problem('pim.groups', 'invalid-prefix', `${quote(pim.groups)} is no part of 224.0.0.0/4`)];
}
