import type { Overlay } from './overlay.ts';

/** A topology as routers, links and segments; all names are final. */
export interface Topology {
  readonly routers: readonly string[];
  readonly links: readonly TopologyLink[];
  readonly segments: readonly TopologySegment[];
}

/** A link between two routers. */
export interface TopologyLink {
  /** `r1-r2` in declared order unless it was given a name; `r1-r2.2` is the second one that reads so. */
  readonly name: string;
  readonly ends: readonly [string, string];
  /** The interface at each end, in the order of `ends`: it bears the far router's name. */
  readonly interfaces: readonly [string, string];
  /** Null where nothing was said. */
  readonly cost: number | null;
}

/** A link that several routers share. Each has an interface to it that bears the segment's name. */
export interface TopologySegment {
  readonly name: string;
  readonly members: readonly string[];
  readonly cost: number | null;
}

export type Spec = Overlay['spec'];
/** What of an overlay fits the schema, when not all of it does. */
export interface OverlayParts {
  readonly spec: Partial<Spec>;
}
/** A specification that may lack anything but its topology. */
export type TopologyParts = Partial<Spec> & Pick<Spec, 'topology'>;
export type TopologySpec = Spec['topology'];
export type LinkSpec = NonNullable<TopologySpec['links']>[number];

/** The routers, links and segments of a topology whose shape `checkTopologyShape` finds nothing wrong with. */
export function expandTopology(spec: Pick<Spec, 'topology' | 'links'>): Topology {
  const defaultCost = spec.links?.cost ?? null;
  return spec.topology.kind === 'custom'
    ? expandCustom(spec.topology, defaultCost)
    : expandGenerated(spec.topology, defaultCost);
}

/** How many routers a generated topology has; null where that is not said. */
export function countRouters(topology: TopologySpec): number | null {
  if (Array.isArray(topology.routers)) return topology.routers.length;
  if (typeof topology.routers === 'number') return topology.routers;
  if (topology.rows === undefined || topology.columns === undefined) return null;
  return topology.rows * topology.columns;
}

/** How many links a generated topology has, without making them: a full mesh grows with the square. */
export function countLinks(topology: TopologySpec, routers: number): number {
  switch (topology.kind) {
    case 'mesh':
      return (routers * (routers - 1)) / 2;
    case 'grid': {
      const columns = gridColumns(topology, routers);
      return routers - Math.ceil(routers / columns) + Math.max(0, routers - columns);
    }
    case 'ring':
      return routers;
    case 'bus':
      return 0;
    default:
      return routers - 1;
  }
}

/** Columns of a grid: as said, or as follows from the rows, or so that it is nearly square. */
export function gridColumns(topology: TopologySpec, routers: number): number {
  if (topology.columns !== undefined) return topology.columns;
  return Math.ceil(topology.rows === undefined ? Math.sqrt(routers) : routers / topology.rows);
}

export function linkMembers(link: LinkSpec): readonly string[] {
  return Array.isArray(link) ? link : link.between;
}

/** A key that two routers share whichever is named first. Names hold no space. */
export function pairKey(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

const DEFAULT_BRANCHING = 2;

function expandGenerated(topology: TopologySpec, defaultCost: number | null): Topology {
  const count = countRouters(topology) ?? 0;
  const routers = Array.from({ length: count }, (_, index) => `r${index + 1}`);
  if (topology.kind === 'bus') {
    return { routers, links: [], segments: [{ name: 'lan1', members: routers, cost: defaultCost }] };
  }
  const costs = adjustedCosts(topology.links ?? []);
  const links = connect(topology, count).map(([from, to]): TopologyLink => {
    const ends = [`r${from + 1}`, `r${to + 1}`] as const;
    const cost = costs.get(pairKey(...ends)) ?? defaultCost;
    return { name: `${ends[0]}-${ends[1]}`, ends, interfaces: [ends[1], ends[0]], cost };
  });
  return { routers, links, segments: [] };
}

/** Which routers of a generated topology are linked, as pairs of numbers from 0. */
function connect(topology: TopologySpec, count: number): [number, number][] {
  const all = Array.from({ length: count }, (_, index) => index);
  const chain = all.slice(1).map((index): [number, number] => [index - 1, index]);
  switch (topology.kind) {
    case 'line':
      return chain;
    case 'ring':
      return [...chain, [count - 1, 0]];
    case 'star':
      return all.slice(1).map((index) => [0, index]);
    case 'tree': {
      const branching = topology.branching ?? DEFAULT_BRANCHING;
      return all.slice(1).map((index) => [Math.floor((index - 1) / branching), index]);
    }
    case 'mesh':
      return all.flatMap((from) => all.slice(from + 1).map((to): [number, number] => [from, to]));
    case 'grid':
      return connectGrid(count, gridColumns(topology, count));
    default:
      return [];
  }
}

function connectGrid(count: number, columns: number): [number, number][] {
  const pairs: [number, number][] = [];
  for (let index = 0; index < count; index++) {
    if ((index + 1) % columns !== 0 && index + 1 < count) pairs.push([index, index + 1]);
    if (index + columns < count) pairs.push([index, index + columns]);
  }
  return pairs;
}

function adjustedCosts(links: readonly LinkSpec[]): Map<string, number> {
  const costs = new Map<string, number>();
  for (const link of links) {
    const [one, other] = linkMembers(link);
    if (Array.isArray(link) || link.cost === undefined || one === undefined || other === undefined) continue;
    costs.set(pairKey(one, other), link.cost);
  }
  return costs;
}

function expandCustom(topology: TopologySpec, defaultCost: number | null): Topology {
  const routers = Array.isArray(topology.routers) ? topology.routers : [];
  const declared = topology.links ?? [];
  const given = declared.flatMap((link) => (Array.isArray(link) ? [] : (link.name ?? [])));
  const nameLink = numberNames(given);
  const nameSegment = segmentNames([...routers, ...given]);

  const links: TopologyLink[] = [];
  const segments: TopologySegment[] = [];
  const parallel = new Map<string, number>();
  for (const link of declared) {
    const members = linkMembers(link);
    const { name, cost = defaultCost } = Array.isArray(link) ? {} : link;
    const [one, other] = members;
    if (members.length > 2) {
      segments.push({ name: name ?? nameSegment(), members, cost });
    } else if (one !== undefined && other !== undefined) {
      const key = pairKey(one, other);
      const ordinal = (parallel.get(key) ?? 0) + 1;
      parallel.set(key, ordinal);
      const suffix = ordinal === 1 ? '' : `.${ordinal}`;
      links.push({
        name: name ?? nameLink(`${one}-${other}`),
        ends: [one, other],
        interfaces: [other + suffix, one + suffix],
        cost,
      });
    }
  }
  return { routers, links, segments };
}

/** Numbers a name that is there already: `a` to `b-c` and `a-b` to `c` read the same. Given names hold no dot. */
function numberNames(given: readonly string[]): (wanted: string) => string {
  const counts = new Map(given.map((name) => [name, 1]));
  return (wanted) => {
    const ordinal = (counts.get(wanted) ?? 0) + 1;
    counts.set(wanted, ordinal);
    return ordinal === 1 ? wanted : `${wanted}.${ordinal}`;
  };
}

/** `lan1`, `lan2`, … without those that something else is called. */
function segmentNames(taken: readonly string[]): () => string {
  const names = new Set(taken);
  let ordinal = 0;
  return () => {
    do ordinal++;
    while (names.has(`lan${ordinal}`));
    return `lan${ordinal}`;
  };
}
