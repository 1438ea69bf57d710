import { formatIpAddress, formatIpPrefix } from '../../model/ip-prefix.ts';
import type { StaticRoute } from '../../model/routing-state.ts';
import { createNumberHeap } from '../number-heap.ts';
import type { Attachment, Wiring } from '../wiring.ts';

/**
 * For each router the routes to all others' addresses and to all links and segments that it is not on itself,
 * along the cheapest path (Dijkstra). Of several equally cheap paths the one declared first is taken.
 */
export function computeStaticRoutes(wiring: Wiring): Map<string, StaticRoute[]> {
  const graph = buildGraph(wiring);
  const targets = listTargets(wiring, graph);
  return new Map(
    wiring.topology.routers.map((router, source) => [router, routesFrom(graph, targets, source)]),
  );
}

/** Routers come first, then segments: a segment is left at no cost, so that a crossing is paid for once. */
interface Graph {
  readonly edges: readonly (readonly Edge[])[];
  readonly indexOf: ReadonlyMap<string, number>;
}

interface Edge {
  readonly to: number;
  readonly cost: number;
  /** The next hop for a packet that leaves by this edge; null on the way into a segment. */
  readonly hop: Hop | null;
}

interface Hop {
  readonly interface: string;
  /** One a family, in the order of the targets' prefixes. */
  readonly addresses: readonly string[];
}

interface Target {
  readonly prefixes: readonly string[];
  /** Vertices that have it connected. */
  readonly at: readonly number[];
}

interface Reach {
  readonly distance: number;
  readonly hop: Hop | null;
}

function buildGraph(wiring: Wiring): Graph {
  const { routers, segments } = wiring.topology;
  const indexOf = new Map(
    [...routers, ...segments.map((segment) => segment.name)].map((name, index) => [name, index]),
  );
  const at = (name: string) => indexOf.get(name) ?? -1;
  const edges = [
    ...routers.map((router) =>
      wiring
        .attachmentsOf(router)
        .filter(leadsOn)
        .map((attachment) => edgeOf(wiring, attachment, at)),
    ),
    ...segments.map(({ name, members }) =>
      members.map((member) => ({
        to: at(member),
        cost: 0,
        hop: { interface: name, addresses: wiring.book.segmentAddresses(name, member).map(formatIpAddress) },
      })),
    ),
  ];
  return { edges, indexOf };
}

/** Whether a packet gets further that way: behind a host there is nothing. */
function leadsOn({ to, isDown }: Attachment): boolean {
  return !isDown && !(to.kind === 'link' && to.link.isAccess);
}

function edgeOf(wiring: Wiring, attachment: Attachment, at: (name: string) => number): Edge {
  const { to, cost } = attachment;
  if (to.kind === 'segment') return { to: at(to.segment.name), cost, hop: null };
  const far = to.side === 0 ? 1 : 0;
  const addresses = wiring.book.linkAddresses(to.link.name, far).map(formatIpAddress);
  return { to: at(to.link.ends[far]), cost, hop: { interface: attachment.interface, addresses } };
}

function listTargets(wiring: Wiring, { indexOf }: Graph): Target[] {
  const { routers, links, segments } = wiring.topology;
  const at = (names: readonly string[]) => names.map((name) => indexOf.get(name) ?? -1);
  return [
    ...routers.map((router) => ({
      prefixes: wiring.book.loopbacks(router).map(formatIpPrefix),
      at: at([router]),
    })),
    ...links.map(({ name, ends }) => ({
      prefixes: wiring.book.linkPrefixes(name).map(formatIpPrefix),
      at: at(ends),
    })),
    ...segments.map(({ name, members }) => ({
      prefixes: wiring.book.segmentPrefixes(name).map(formatIpPrefix),
      at: at(members),
    })),
  ];
}

function routesFrom(graph: Graph, targets: readonly Target[], source: number): StaticRoute[] {
  const reach = reachFrom(graph, source);
  return targets.flatMap(({ prefixes, at }) => {
    if (at.includes(source)) return [];
    const hop = nearestOf(at, reach)?.hop;
    if (hop === undefined || hop === null) return [];
    return prefixes.flatMap((prefix, family) => {
      const via = hop.addresses[family];
      return via === undefined ? [] : [{ prefix, via, interface: hop.interface, distance: 0 }];
    });
  });
}

/** The first of the nearest. */
function nearestOf(vertices: readonly number[], reach: readonly (Reach | undefined)[]): Reach | undefined {
  let nearest: Reach | undefined;
  for (const vertex of vertices) {
    const candidate = reach[vertex];
    if (candidate !== undefined && candidate.distance < (nearest?.distance ?? Infinity)) nearest = candidate;
  }
  return nearest;
}

/** Distance and first hop to each vertex; of vertices at the same distance the one declared first goes first. */
function reachFrom({ edges }: Graph, source: number): (Reach | undefined)[] {
  const reach: (Reach | undefined)[] = edges.map(() => undefined);
  const settled = edges.map(() => false);
  const open = createNumberHeap();
  reach[source] = { distance: 0, hop: null };
  open.push(source);
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const vertex = entry % VERTICES;
    const here = reach[vertex];
    if (here === undefined || settled[vertex] === true) continue;
    settled[vertex] = true;
    for (const edge of edges[vertex] ?? []) {
      const distance = here.distance + edge.cost;
      if (distance >= (reach[edge.to]?.distance ?? Infinity)) continue;
      reach[edge.to] = { distance, hop: here.hop ?? edge.hop };
      open.push(distance * VERTICES + edge.to);
    }
  }
  return reach;
}

/** More than an overlay has: distance and vertex share one number, and distances stay below 2^33. */
const VERTICES = 2 ** 18;
