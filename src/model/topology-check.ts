import { MAX_INTERFACE_NAME_BYTES, RESERVED_MEMBER_NAMES } from './names.ts';
import type { Problem } from './problem.ts';
import {
  countLinks,
  countRouters,
  gridColumns,
  type LinkSpec,
  linkMembers,
  pairKey,
  type Spec,
  type Topology,
  type TopologySpec,
} from './topology.ts';

const MAX_ROUTERS = 65_536;
const MAX_LINKS = 100_000;
/** As many as `between` of a custom link may name. */
const MAX_SEGMENT_MEMBERS = 4096;

const ROUTERS = 'spec.topology.routers';
const LINKS = 'spec.topology.links';

/** Whether the fields fit the kind, and the whole is of a size that can be expanded. */
export function checkTopologyShape(topology: TopologySpec): Problem[] {
  const { kind } = topology;
  const problems: Problem[] = [];
  for (const [field, owner] of FIELDS_OF_ONE_KIND) {
    if (topology[field] === undefined || kind === owner) continue;
    problems.push(
      problem('wrong-field', `spec.topology.${field}`, `belongs to kind ${owner}, and this is a ${kind}`),
    );
  }
  problems.push(...(kind === 'custom' ? checkCustomShape(topology) : checkGeneratedShape(topology)));
  return problems.length > 0 ? problems : checkSize(topology);
}

/** Names, ends of links, and whether every router can be reached. Expects a shape without problems. */
export function checkTopologyNames(spec: Spec, topology: Topology): Problem[] {
  const known = new Set(topology.routers);
  const strangers = Object.keys(spec.routers ?? {})
    .filter((name) => !known.has(name))
    .map((name) => problem('unknown-router', `spec.routers.${name}`, `no router is called ${name}`));
  const links =
    spec.topology.kind === 'custom'
      ? checkCustomLinks(spec, topology, known)
      : checkAdjustedLinks(spec.topology, topology, known);
  return [...checkNames(spec, topology), ...links, ...strangers];
}

const FIELDS_OF_ONE_KIND = [
  ['branching', 'tree'],
  ['rows', 'grid'],
  ['columns', 'grid'],
] as const;

function checkCustomShape({ routers, links }: TopologySpec): Problem[] {
  if (!Array.isArray(routers)) {
    const code = routers === undefined ? 'missing-field' : 'wrong-type';
    return [problem(code, ROUTERS, 'a custom topology names its routers', 'such as [a, b, c]')];
  }
  if (routers.length > 1 && (links ?? []).length === 0) {
    return [problem('missing-field', LINKS, 'a custom topology says its links', 'such as [[a, b], [b, c]]')];
  }
  return [];
}

function checkGeneratedShape(topology: TopologySpec): Problem[] {
  const { kind, routers } = topology;
  if (Array.isArray(routers)) {
    return [
      problem(
        'wrong-type',
        ROUTERS,
        `routers of a ${kind} are called r1, r2, …: say how many, or use kind custom`,
      ),
    ];
  }
  if (kind === 'grid') return checkGridShape(topology);
  if (routers === undefined)
    return [problem('missing-field', ROUTERS, `a ${kind} needs the number of its routers`)];
  if (kind === 'ring' && routers < 3) {
    const hint = routers === 2 ? 'two routers are a line' : 'one router is a line';
    return [problem('too-few', ROUTERS, `a ring has at least 3 routers, not ${routers}`, hint)];
  }
  return [];
}

function checkGridShape(topology: TopologySpec): Problem[] {
  const { rows, columns } = topology;
  const count = countRouters(topology);
  if (count === null) {
    return [
      problem('missing-field', ROUTERS, 'a grid needs its rows and columns, or the number of its routers'),
    ];
  }
  const actualColumns = gridColumns(topology, count);
  const actualRows = Math.ceil(count / actualColumns);
  if (rows === undefined || rows === actualRows) return [];
  const message = `${count} routers in ${actualColumns} columns are ${actualRows} rows, not ${rows}`;
  return [problem('contradiction', 'spec.topology.rows', message, 'leave one of the three away')];
}

function checkSize({ kind, ...topology }: TopologySpec): Problem[] {
  const routers = countRouters({ kind, ...topology }) ?? 0;
  if (routers > MAX_ROUTERS) {
    return [
      problem(
        'too-large',
        'spec.topology',
        `has ${routers} routers, and at most ${MAX_ROUTERS} are possible`,
      ),
    ];
  }
  if (kind === 'bus' && routers > MAX_SEGMENT_MEMBERS) {
    const message = `a bus of ${routers} routers is too long: at most ${MAX_SEGMENT_MEMBERS} are possible`;
    return [problem('too-large', ROUTERS, message)];
  }
  const links = kind === 'custom' ? 0 : countLinks(kind, routers);
  if (links <= MAX_LINKS) return [];
  const message = `a ${kind} of ${routers} routers has ${links} links, and at most ${MAX_LINKS} are possible`;
  return [problem('too-large', ROUTERS, message)];
}

/** Routers, hosts, and links that were given a name share one space of names: namespaces and interfaces bear them. */
function checkNames(spec: Spec, topology: Topology): Problem[] {
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
      problems.push(problem('reserved-name', path, `${name} has a meaning of its own for an interface`));
    }
    if (seen.has(name)) problems.push(problem('duplicate-name', path, `the name ${name} is taken already`));
    seen.add(name);
  }
  return problems;
}

function checkCustomLinks(spec: Spec, topology: Topology, known: ReadonlySet<string>): Problem[] {
  const problems = (spec.topology.links ?? []).flatMap((link, index) => checkEnds(link, index, known));
  if (problems.length > 0) return problems;
  return [...checkInterfaceNames(spec, topology), ...checkConnected(topology)];
}

function checkEnds(link: LinkSpec, index: number, known: ReadonlySet<string>): Problem[] {
  const path = Array.isArray(link) ? `${LINKS}[${index}]` : `${LINKS}[${index}].between`;
  const members = linkMembers(link);
  const seen = new Set<string>();
  return members.flatMap((name, end) => {
    const repeated = seen.has(name);
    seen.add(name);
    if (!known.has(name)) {
      return [
        problem('unknown-router', `${path}[${end}]`, `no router is called ${name}`, `add it to ${ROUTERS}`),
      ];
    }
    if (!repeated) return [];
    const message = members.length === 2 ? `a link from ${name} to itself` : `${name} is in this link twice`;
    return [problem('link-to-itself', `${path}[${end}]`, message)];
  });
}

/** A second link between two routers needs a longer interface name, and Linux has room for 15 bytes. */
function checkInterfaceNames(spec: Spec, topology: Topology): Problem[] {
  const positions = (spec.topology.links ?? []).flatMap((link, index) =>
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
function checkAdjustedLinks(spec: TopologySpec, topology: Topology, known: ReadonlySet<string>): Problem[] {
  const existing = new Set(topology.links.map(({ ends }) => pairKey(...ends)));
  const adjusted = new Set<string>();
  return (spec.links ?? []).flatMap((link, index) => {
    const path = `${LINKS}[${index}]`;
    const ends = checkEnds(link, index, known);
    if (ends.length > 0) return ends;
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
