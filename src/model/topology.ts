import { addInternalRouters, attachHosts } from './host-links.ts';
import { hostSideNames } from './internal-router.ts';
import { numberNames, pairKey, segmentNames } from './link-names.ts';
import type { EncapsulationName, LinkEmulationSpec, Overlay } from './overlay.ts';

/** A topology as routers, hosts, links and segments; all names are final. */
export interface Topology {
  readonly routers: readonly string[];
  /** Its own; their internal routers are among the routers, behind all others. */
  readonly hosts: readonly string[];
  /** Hosts of other overlays that are members too: what they are attached by ends at their internal routers. */
  readonly guests: readonly string[];
  /** Those between routers in declared order, then those that hosts are attached by. */
  readonly links: readonly TopologyLink[];
  readonly segments: readonly TopologySegment[];
}

/** A link between two routers, or between a host and its router. */
export interface TopologyLink extends LinkSettings {
  /** `r1-r2` in declared order unless it was given a name; `r1-r2.2` is the second one that reads so. */
  readonly name: string;
  readonly ends: readonly [string, string];
  /** The interface at each end, in the order of `ends`: it bears the far member's name. */
  readonly interfaces: readonly [string, string];
  /** A host is attached by it: the first of its ends. */
  readonly isAccess: boolean;
}

/** A link that several routers share. Each has an interface to it that bears the segment's name. */
export interface TopologySegment extends LinkSettings {
  readonly name: string;
  readonly members: readonly string[];
}

/** What the file says of a link, or of all. */
export interface LinkSettings {
  /** Null where nothing was said. */
  readonly cost: number | null;
  readonly encapsulation: EncapsulationName;
  readonly emulate: LinkEmulationSpec | undefined;
  readonly isDown: boolean;
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
export type HostSpec = NonNullable<Spec['hosts']>[number];

/** What a topology is made of whose shape `checkTopologyShape` finds nothing wrong with. */
export function expandTopology(spec: Pick<Spec, 'topology' | 'links' | 'hosts'>): Topology {
  const { topology, links: { cost = null, encapsulation = 'vxlan', emulate } = {}, hosts = [] } = spec;
  const common: LinkSettings = { cost, encapsulation, emulate, isDown: false };
  const routed =
    topology.kind === 'custom' ? expandCustom(topology, common, hosts) : expandGenerated(topology, common);
  const adjusted = settingsByPair(topology.links ?? []);
  const joined = addInternalRouters(hosts, routed, adjusted, common);
  const access = attachHosts(hosts, joined, adjusted, common);
  return {
    ...joined,
    hosts: hosts.filter(({ home }) => home === undefined).map(({ name }) => name),
    guests: hosts.filter(({ home }) => home !== undefined).map(({ name }) => name),
    links: [...joined.links, ...access],
  };
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

const DEFAULT_BRANCHING = 2;

/** The part of a topology that its routers make up. */
export type RoutedTopology = Omit<Topology, 'hosts' | 'guests'>;

function expandGenerated(topology: TopologySpec, common: LinkSettings): RoutedTopology {
  const count = countRouters(topology) ?? 0;
  const routers = Array.from({ length: count }, (_, index) => `r${index + 1}`);
  if (topology.kind === 'bus') {
    return { routers, links: [], segments: [{ ...common, name: BUS_SEGMENT, members: routers }] };
  }
  const adjusted = settingsByPair(topology.links ?? []);
  const links = connect(topology, count).map(([from, to]): TopologyLink => {
    const ends = [`r${from + 1}`, `r${to + 1}`] as const;
    const settings = { ...common, ...adjusted.get(pairKey(...ends)) };
    const interfaces = [ends[1], ends[0]] as const;
    return { name: `${ends[0]}-${ends[1]}`, ends, interfaces, isAccess: false, ...settings };
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

/** What a file says of single links, by `pairKey` of their ends. */
function settingsByPair(links: readonly LinkSpec[]): Map<string, Partial<LinkSettings>> {
  return new Map(
    links.flatMap((link) => {
      const [one, other] = linkMembers(link);
      return one === undefined || other === undefined ? [] : [[pairKey(one, other), settingsOf(link)]];
    }),
  );
}

/** Only what is said, so that it can be laid over what holds for all links. */
function settingsOf(link: LinkSpec): Partial<LinkSettings> {
  if (Array.isArray(link)) return {};
  const { cost, encapsulation, emulate, down } = link;
  return {
    ...(cost === undefined ? {} : { cost }),
    ...(encapsulation === undefined ? {} : { encapsulation }),
    ...(emulate === undefined ? {} : { emulate }),
    ...(down === undefined ? {} : { isDown: down }),
  };
}

function expandCustom(
  topology: TopologySpec,
  common: LinkSettings,
  hosts: readonly HostSpec[],
): RoutedTopology {
  const routers = Array.isArray(topology.routers) ? topology.routers : [];
  const hostNames = hostSideNames(hosts);
  const declared = (topology.links ?? []).filter((link) => !isOfHost(link, hostNames));
  const given = declared.flatMap((link) => (Array.isArray(link) ? [] : (link.name ?? [])));
  const nameLink = numberNames(given);
  const nameSegment = segmentNames([...routers, ...given, ...hostNames]);

  const links: TopologyLink[] = [];
  const segments: TopologySegment[] = [];
  const parallel = new Map<string, number>();
  for (const link of declared) {
    const members = linkMembers(link);
    const name = Array.isArray(link) ? undefined : link.name;
    const settings = { ...common, ...settingsOf(link) };
    const [one, other] = members;
    if (members.length > 2) {
      segments.push({ ...settings, name: name ?? nameSegment(), members });
    } else if (one !== undefined && other !== undefined) {
      const key = pairKey(one, other);
      const ordinal = (parallel.get(key) ?? 0) + 1;
      parallel.set(key, ordinal);
      const suffix = ordinal === 1 ? '' : `.${ordinal}`;
      links.push({
        ...settings,
        name: name ?? nameLink(`${one}-${other}`),
        ends: [one, other],
        interfaces: [other + suffix, one + suffix],
        isAccess: false,
      });
    }
  }
  return { routers, links, segments };
}

/** Of hosts the file only says what their links are like: which there are, `hosts` says. */
export function isOfHost(link: LinkSpec, hosts: ReadonlySet<string>): boolean {
  return linkMembers(link).some((member) => hosts.has(member));
}

/** The one segment of a bus. */
export const BUS_SEGMENT = 'lan1';
