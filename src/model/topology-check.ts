import { MAX_INTERFACE_NAME_BYTES, RESERVED_MEMBER_NAMES } from './names.ts';
import type { Problem } from './problem.ts';
import {
  type LinkSpec,
  linkMembers,
  pairKey,
  type Topology,
  type TopologyParts,
  type TopologySpec,
} from './topology.ts';

/**
 * Names, ends of links, and, where no part of the topology is missing, what its links make of it. Expects a shape
 * without problems.
 */
export function checkTopologyNames(spec: TopologyParts, topology: Topology, isWhole: boolean): Problem[] {
  const known = listRouters(topology.routers);
  const strangers = Object.keys(spec.routers ?? {})
    .filter((name) => !known.names.has(name))
    .map((name) => unknownRouter(`spec.routers.${name}`, name, known));
  const ends = (spec.topology.links ?? []).map((link, index) => checkEnds(link, index, known));
  return [
    ...checkNames(spec, topology),
    ...ends.flat(),
    ...(isWhole ? checkLinks(spec.topology, topology, ends) : []),
    ...strangers,
  ];
}

const ROUTERS = 'spec.topology.routers';
const LINKS = 'spec.topology.links';

/** Routers, hosts, and links that were given a name share one space of names: namespaces and interfaces bear them. */
function checkNames(spec: TopologyParts, topology: Topology): Problem[] {
  const listed = Array.isArray(spec.topology.routers) ? spec.topology.routers : [];
  const seen = new Set(Array.isArray(spec.topology.routers) ? [] : topology.routers);
  const named = [
    ...listed.map((name, index) => ({ name, path: `${ROUTERS}[${index}]` })),
    ...(spec.topology.links ?? []).flatMap((link, index) =>
      Array.isArray(link) || link.name === undefined
        ? []
        : [{ name: link.name, path: `${LINKS}[${index}].name` }],
    ),
    ...(spec.hosts ?? []).map(({ name }, index) => ({ name, path: `spec.hosts[${index}].name` })),
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

/** `ends` holds what is wrong with the ends of each link: little can be said of such a link. */
function checkLinks(spec: TopologySpec, topology: Topology, ends: readonly Problem[][]): Problem[] {
  if (spec.kind !== 'custom') return checkAdjustedLinks(spec, topology, ends);
  if (ends.some((problems) => problems.length > 0)) return [];
  return [...checkInterfaceNames(spec, topology), ...checkConnected(topology)];
}

function checkEnds(link: LinkSpec, index: number, known: KnownRouters): Problem[] {
  const path = Array.isArray(link) ? `${LINKS}[${index}]` : `${LINKS}[${index}].between`;
  const members = linkMembers(link);
  const seen = new Set<string>();
  return members.flatMap((name, end) => {
    const repeated = seen.has(name);
    seen.add(name);
    if (!known.names.has(name)) {
      return [unknownRouter(`${path}[${end}]`, name, known)];
    }
    if (!repeated) return [];
    const message = members.length === 2 ? `a link from ${name} to itself` : `${name} is in this link twice`;
    return [problem('link-to-itself', `${path}[${end}]`, message)];
  });
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
function checkInterfaceNames(spec: TopologySpec, topology: Topology): Problem[] {
  const positions = (spec.links ?? []).flatMap((link, index) =>
    linkMembers(link).length === 2 ? [index] : [],
  );
  return topology.links.flatMap(({ interfaces }, ordinal) =>
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

function checkConnected({ routers, links, segments }: Topology): Problem[] {
  const neighbors = new Map<string, (readonly string[])[]>(routers.map((router) => [router, []]));
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

/** Of a generated topology the links are there already; the file can give some of them another cost. */
function checkAdjustedLinks(spec: TopologySpec, topology: Topology, ends: readonly Problem[][]): Problem[] {
  const existing = new Set(topology.links.map(({ ends }) => pairKey(...ends)));
  const adjusted = new Set<string>();
  return (spec.links ?? []).flatMap((link, index) => {
    if (ends[index]?.length !== 0) return [];
    const path = `${LINKS}[${index}]`;
    const [one, other, third] = linkMembers(link);
    if (one === undefined || other === undefined) return [];
    const key = pairKey(one, other);
    if (third !== undefined || !existing.has(key)) {
      const message = `a ${spec.kind} has no link between ${linkMembers(link).slice(0, 3).join(' and ')}`;
      return [problem('unknown-link', path, message, 'links of your own need kind custom')];
    }
    if (adjusted.has(key))
      return [problem('duplicate-link', path, `${one} and ${other} have been named before`)];
    adjusted.add(key);
    if (Array.isArray(link) || (link.cost === undefined && link.emulate === undefined)) {
      return [
        problem('missing-field', `${path}.cost`, `the link of a ${spec.kind} is there already: say its cost`),
      ];
    }
    if (link.name === undefined) return [];
    return [problem('wrong-field', `${path}.name`, `links of a ${spec.kind} have names already`)];
  });
}

function problem(code: string, path: string, message: string, hint?: string): Problem {
  return { code, path, message, ...(hint === undefined ? {} : { hint }) };
}
