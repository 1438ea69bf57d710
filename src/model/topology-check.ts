import { attachedTo, hasInternalRouter, hostSideNames, internalRouterOf } from './internal-router.ts';
import { pairKey } from './link-names.ts';
import { MAX_INTERFACE_NAME_BYTES, RESERVED_MEMBER_NAMES } from './names.ts';
import type { Damage } from './partial-document.ts';
import type { Problem } from './problem.ts';
import {
  BUS_SEGMENT,
  type HostSpec,
  isOfHost,
  type LinkSpec,
  linkMembers,
  type Topology,
  type TopologyLink,
  type TopologyParts,
  type TopologySpec,
} from './topology.ts';

/**
 * Names, ends of links, and, where no part of the topology is missing, what its links make of it. Expects a shape
 * without problems.
 */
export function checkTopologyNames(spec: TopologyParts, topology: Topology, isDamaged: Damage): Problem[] {
  const knowsHosts = !isDamaged(['spec', 'hosts']);
  const isWhole = knowsHosts && !isDamaged(['spec', 'topology']);
  const known = listRouters(topology.routers);
  const members = { ...known, names: new Set([...topology.routers, ...hostSideNames(spec.hosts)]) };
  const strangers = Object.keys(spec.routers ?? {})
    .filter((name) => !known.names.has(name))
    .map((name) => unknownRouter(`spec.routers.${name}`, name, known));
  const ends = (spec.topology.links ?? []).map((link, index) => checkEnds(link, index, members));
  return [
    ...checkNames(spec, topology),
    ...(knowsHosts ? ends.flat() : []),
    ...(isWhole ? checkLinks(spec, topology, ends) : []),
    ...strangers,
    ...checkHosts(spec.hosts ?? [], listRouters(declaredRouters(spec, topology))),
    ...checkInternalRouters(spec.hosts ?? []),
  ];
}

const ROUTERS = 'spec.topology.routers';
const LINKS = 'spec.topology.links';

/** Routers, hosts, and links that were given a name share one space of names: namespaces and interfaces bear them. */
function checkNames(spec: TopologyParts, topology: Topology): Problem[] {
  const listed = Array.isArray(spec.topology.routers) ? spec.topology.routers : [];
  const seen = new Set(Array.isArray(spec.topology.routers) ? [] : declaredRouters(spec, topology));
  if (spec.topology.kind === 'bus') seen.add(BUS_SEGMENT);
  const named = [
    ...listed.map((name, index) => ({ name, path: `${ROUTERS}[${index}]` })),
    ...(spec.topology.links ?? []).flatMap((link, index) =>
      Array.isArray(link) || link.name === undefined
        ? []
        : [{ name: link.name, path: `${LINKS}[${index}].name` }],
    ),
    ...(spec.hosts ?? []).flatMap((host, index) =>
      [host.name, ...(hasInternalRouter(host) ? [internalRouterOf(host.name)] : [])].map((name) => ({
        name,
        path: `spec.hosts[${index}].name`,
      })),
    ),
  ];
  const problems: Problem[] = [];
  for (const { name, path } of named) {
    if (RESERVED_MEMBER_NAMES.has(name)) {
      problems.push(problem('reserved-name', path, `no interface can be called ${name}`));
    }
    if (seen.has(name)) problems.push(problem('duplicate-name', path, `the name ${name} is taken already`));
    seen.add(name);
  }
  return problems;
}

/** Those that are not hosts' internal routers. */
function declaredRouters({ hosts }: TopologyParts, { routers }: Topology): string[] {
  const internal = new Set((hosts ?? []).filter(hasInternalRouter).map(({ name }) => internalRouterOf(name)));
  return routers.filter((router) => !internal.has(router));
}

/** `ends` holds what is wrong with the ends of each link: little can be said of such a link. */
function checkLinks(
  { topology: spec, hosts }: TopologyParts,
  topology: Topology,
  ends: readonly Problem[][],
): Problem[] {
  const hostSide = hostSideNames(hosts);
  const adjusted = checkAdjustedLinks(spec, topology, hostSide, ends);
  if (spec.kind !== 'custom' || ends.some((problems) => problems.length > 0)) return adjusted;
  return [...adjusted, ...checkInterfaceNames(spec, topology, hostSide), ...checkConnected(topology)];
}

/** Hosts have names that nobody else has, and routers that there are. */
function checkHosts(hosts: readonly HostSpec[], known: KnownRouters): Problem[] {
  return hosts.flatMap((host, index) => {
    const routers = attachedTo(host);
    return routers.flatMap((router, position) => {
      const path = `spec.hosts[${index}].attach${Array.isArray(host.attach) ? `[${position}]` : ''}`;
      if (!known.names.has(router)) return [unknownRouter(path, router, known)];
      if (routers.indexOf(router) === position) return [];
      return [problem('duplicate-link', path, `${host.name} is attached to ${router} already`)];
    });
  });
}

/** In each overlay a host has one entry: at home it says where else the host may be, elsewhere where its home is. */
function checkInternalRouters(hosts: readonly HostSpec[]): Problem[] {
  return hosts.flatMap((host, index): Problem[] => {
    const { name, home, overlays } = host;
    if (overlays === undefined) return [];
    if (home !== undefined) {
      const message = `${name} is a host of ${home}, so that one's file says which overlays it may be in`;
      return [problem('wrong-field', `spec.hosts[${index}].overlays`, message)];
    }
    const internal = internalRouterOf(name);
    const twice = overlays.findIndex((overlay, position) => overlays.indexOf(overlay) !== position);
    return [
      ...(internal.length > MAX_INTERFACE_NAME_BYTES
        ? [
            problem(
              'name-too-long',
              `spec.hosts[${index}].name`,
              `its internal router ${internal} would have more than ${MAX_INTERFACE_NAME_BYTES} letters`,
              'give the host a shorter name',
            ),
          ]
        : []),
      ...(twice < 0
        ? []
        : [
            problem(
              'duplicate-overlay',
              `spec.hosts[${index}].overlays[${twice}]`,
              `${overlays[twice]} is in the list twice`,
            ),
          ]),
    ];
  });
}

function checkEnds(link: LinkSpec, index: number, known: KnownRouters): Problem[] {
  const path = Array.isArray(link) ? `${LINKS}[${index}]` : `${LINKS}[${index}].between`;
  const members = linkMembers(link);
  const seen = new Set<string>();
  const senders = Object.keys((Array.isArray(link) ? undefined : link.emulate?.from) ?? {});
  const strangers = senders
    .filter((name) => !members.includes(name))
    .map((name) => {
      const at = `${LINKS}[${index}].emulate.from.${name}`;
      return problem('unknown-member', at, `${name} is no end of this link`);
    });
  const wrong = members.flatMap((name, end) => {
    const repeated = seen.has(name);
    seen.add(name);
    if (!known.names.has(name)) {
      return [unknownRouter(`${path}[${end}]`, name, known)];
    }
    if (!repeated) return [];
    const message = members.length === 2 ? `a link from ${name} to itself` : `${name} is in this link twice`;
    return [problem('link-to-itself', `${path}[${end}]`, message)];
  });
  return [...wrong, ...strangers];
}

interface KnownRouters {
  readonly names: ReadonlySet<string>;
  /** The names, or some of them, as they can stand in a hint. */
  readonly summary: string;
}

function listRouters(routers: readonly string[]): KnownRouters {
  const names = new Set(routers);
  const all = [...names];
  const shown = all.length > 10 ? [...all.slice(0, 5), '…', ...all.slice(-1)] : all;
  return { names, summary: `routers are ${shown.join(', ')}` };
}

function unknownRouter(path: string, name: string, known: KnownRouters): Problem {
  return problem('unknown-router', path, `no router is called ${name}`, known.summary);
}

/** A second link between two routers needs a longer interface name, and Linux has room for 15 bytes. */
function checkInterfaceNames(spec: TopologySpec, topology: Topology, hosts: ReadonlySet<string>): Problem[] {
  const positions = (spec.links ?? []).flatMap((link, index) =>
    linkMembers(link).length === 2 && !isOfHost(link, hosts) ? [index] : [],
  );
  return routedLinks(topology).flatMap(({ interfaces }, ordinal) =>
    interfaces
      .filter((name) => name.length > MAX_INTERFACE_NAME_BYTES)
      .map((name) => {
        const message = `its interface ${name} would have more than ${MAX_INTERFACE_NAME_BYTES} letters`;
        return problem(
          'name-too-long',
          `${LINKS}[${positions[ordinal]}]`,
          message,
          'give the router a shorter name',
        );
      }),
  );
}

function routedLinks({ links }: Topology): TopologyLink[] {
  return links.filter(({ isAccess }) => !isAccess);
}

function checkConnected(topology: Topology): Problem[] {
  const { routers, segments } = topology;
  const neighbors = new Map<string, (readonly string[])[]>(routers.map((router) => [router, []]));
  const links = routedLinks(topology);
  for (const members of [...links.map(({ ends }) => ends), ...segments.map((segment) => segment.members)]) {
    for (const member of members) neighbors.get(member)?.push(members);
  }
  const [first] = routers;
  const reached = new Set<string>();
  const crossed = new Set<readonly string[]>();
  const open = first === undefined ? [] : [first];
  for (let router = open.pop(); router !== undefined; router = open.pop()) {
    if (reached.has(router)) continue;
    reached.add(router);
    for (const members of neighbors.get(router) ?? []) {
      if (crossed.has(members)) continue;
      crossed.add(members);
      open.push(...members.filter((member) => !reached.has(member)));
    }
  }
  const lost = routers.findIndex((router) => !reached.has(router));
  if (lost < 0) return [];
  const message = `router ${routers[lost]} cannot be reached from ${first}: no chain of links joins them`;
  return [problem('not-connected', `${ROUTERS}[${lost}]`, message)];
}

/**
 * Links of a generated topology and of hosts are there already; the file can say what some of them are like.
 */
function checkAdjustedLinks(
  spec: TopologySpec,
  topology: Topology,
  hosts: ReadonlySet<string>,
  ends: readonly Problem[][],
): Problem[] {
  const existing = new Set(topology.links.map(({ ends }) => pairKey(...ends)));
  const adjusted = new Set<string>();
  return (spec.links ?? []).flatMap((link, index) => {
    if (ends[index]?.length !== 0) return [];
    const ofHost = isOfHost(link, hosts);
    if (spec.kind === 'custom' && !ofHost) return [];
    const owner = ofHost ? 'host' : spec.kind;
    const path = `${LINKS}[${index}]`;
    const [one, other, third] = linkMembers(link);
    if (one === undefined || other === undefined) return [];
    const key = pairKey(one, other);
    if (third !== undefined || !existing.has(key)) {
      const message = `a ${owner} has no link between ${linkMembers(link).slice(0, 3).join(' and ')}`;
      const hint = ofHost
        ? 'say in `hosts` what a host is attached to'
        : 'links of your own need kind custom';
      return [problem('unknown-link', path, message, hint)];
    }
    if (adjusted.has(key))
      return [problem('duplicate-link', path, `${one} and ${other} have been named before`)];
    adjusted.add(key);
    if (!saysSomething(link)) {
      const message = `the link of a ${owner} is there already: say its cost, encapsulation, emulate or down`;
      return [problem('missing-field', `${path}.cost`, message)];
    }
    if (Array.isArray(link) || link.name === undefined) return [];
    return [problem('wrong-field', `${path}.name`, `links of a ${owner} have names already`)];
  });
}

function saysSomething(link: LinkSpec): boolean {
  if (Array.isArray(link)) return false;
  const { cost, encapsulation, emulate, down } = link;
  return [cost, encapsulation, emulate, down].some((value) => value !== undefined);
}

function problem(code: string, path: string, message: string, hint?: string): Problem {
  return { code, path, message, ...(hint === undefined ? {} : { hint }) };
}
