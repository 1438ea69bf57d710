import type { Problem } from './problem.ts';
import { countLinks, countRouters, gridColumns, type TopologySpec } from './topology.ts';

export const MAX_ROUTERS = 65_536;
export const MAX_LINKS = 100_000;

/** Fields that belong to another kind. They change nothing, so the rest of the topology can still be checked. */
export function checkTopologyFields({ kind, ...topology }: TopologySpec): Problem[] {
  return FIELDS_OF_ONE_KIND.filter(([field, owner]) => topology[field] !== undefined && kind !== owner).map(
    ([field, owner]) => {
      const message = `belongs to kind ${owner}, and this topology is of kind ${kind}`;
      return problem('wrong-field', `spec.topology.${field}`, message);
    },
  );
}

/** Whether the topology is complete, and of a size that can be expanded. */
export function checkTopologyShape(topology: TopologySpec): Problem[] {
  const problems = topology.kind === 'custom' ? checkCustomShape(topology) : checkGeneratedShape(topology);
  return problems.length > 0 ? problems : checkSize(topology);
}

const ROUTERS = 'spec.topology.routers';
const LINKS = 'spec.topology.links';

/** As many as `between` of a custom link may name. */
const MAX_SEGMENT_MEMBERS = 4096;

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
    const message = `routers of a ${kind} are called r1, r2, …: say how many, or use kind custom`;
    return [problem('wrong-type', ROUTERS, message)];
  }
  if (kind === 'grid') return checkGridShape(topology);
  if (routers === undefined) {
    return [problem('missing-field', ROUTERS, `a ${kind} needs the number of its routers`)];
  }
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
    const message = 'a grid needs its rows and columns, or the number of its routers';
    return [problem('missing-field', ROUTERS, message)];
  }
  const actualColumns = gridColumns(topology, count);
  const actualRows = Math.ceil(count / actualColumns);
  if (rows === undefined || rows === actualRows) return [];
  const message = `${count} routers in ${actualColumns} columns are ${actualRows} rows, not ${rows}`;
  const hint =
    columns === undefined
      ? `say rows: ${actualRows}, or columns in place of rows`
      : 'leave rows, columns or routers away';
  return [problem('contradiction', 'spec.topology.rows', message, hint)];
}

function checkSize(topology: TopologySpec): Problem[] {
  const { kind } = topology;
  const routers = countRouters(topology) ?? 0;
  if (routers > MAX_ROUTERS) {
    const message = `has ${routers} routers, and at most ${MAX_ROUTERS} are possible`;
    return [problem('too-large', 'spec.topology', message)];
  }
  if (kind === 'bus' && routers > MAX_SEGMENT_MEMBERS) {
    const message = `a bus of ${routers} routers is too long: at most ${MAX_SEGMENT_MEMBERS} are possible`;
    return [problem('too-large', ROUTERS, message)];
  }
  const links = kind === 'custom' ? 0 : countLinks(topology, routers);
  if (links <= MAX_LINKS) return [];
  const message = `a ${kind} of ${routers} routers has ${links} links, and at most ${MAX_LINKS} are possible`;
  return [problem('too-large', ROUTERS, message)];
}

function problem(code: string, path: string, message: string, hint?: string): Problem {
  return { code, path, message, ...(hint === undefined ? {} : { hint }) };
}
