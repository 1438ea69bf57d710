import { quote } from '../../model/document-path.ts';
import type { Checked, Problem } from '../../model/problem.ts';
import { findComponents } from './components.ts';
import { countNote } from './count-note.ts';
import { type ForeignGraph, type ForeignNode, labelOf } from './foreign-graph.ts';
import { checkGraph } from './graph-check.ts';
import { type JoinedLink, joinEdges } from './joined-links.ts';

/** What of a graph becomes an overlay: all of it hangs together. */
export interface GraphPart {
  readonly nodes: readonly ForeignNode[];
  readonly links: readonly JoinedLink[];
  readonly notes: readonly string[];
}

/**
 * A graph without what no overlay can have: links from a router to itself, frames around nodes. Of a graph that falls
 * apart the largest component is taken when that was asked for; else it is a problem.
 */
export function selectPart(graph: ForeignGraph, largestOnly: boolean): Checked<GraphPart> {
  const faults = checkGraph(graph);
  if (faults.length > 0) return { ok: false, problems: faults };
  const joined = joinEdges(graph.edges);
  const linked = new Set(joined.links.flatMap(({ members }) => members));
  const routers = graph.nodes.filter(({ id, isGroup }) => !isGroup || linked.has(id));
  const components = findComponents(
    routers.map(({ id }) => id),
    joined.links,
  );
  if (components.length > 1 && !largestOnly) {
    return { ok: false, problems: [describeParts(components, routers)] };
  }
  const kept = new Set(components[0]);
  const nodes = routers.filter(({ id }) => kept.has(id));
  const notes = [
    ...countNote(
      joined.waysBack,
      'edge is the way back of another: both are one link',
      'edges are the way back of another: both are one link',
    ),
    ...countNote(
      joined.loops,
      'edge from a router to itself was left out',
      'edges from a router to itself were left out',
    ),
    ...countNote(
      graph.nodes.length - routers.length,
      'group without a link of its own was left out',
      'groups without links of their own were left out',
    ),
    ...countNote(
      routers.length - nodes.length,
      'router that no link joins to the others was left out',
      'routers outside the largest component were left out',
    ),
  ];
  return { ok: true, value: { nodes, links: joined.links.filter(isWithin(kept)), notes } };
}

function isWithin(kept: ReadonlySet<string>): (link: JoinedLink) => boolean {
  return ({ members: [first = ''] }) => kept.has(first);
}

function describeParts(components: readonly string[][], routers: readonly ForeignNode[]): Problem {
  const [stranger = ''] = components[1] ?? [];
  const router = routers.find(({ id }) => id === stranger);
  const called = quote((router === undefined ? '' : labelOf(router)) || stranger);
  const sizes = components.map((component) => component.length);
  const shown = sizes.length > 6 ? `${sizes.slice(0, 5).join(', ')}, …` : sizes.join(', ');
  const message =
    `the graph falls apart into ${sizes.length} components of ${shown} routers, which never learn each other's routes: ` +
    `no chain of links joins node ${called} to the largest`;
  const hint = 'add the missing edges, or import the largest alone with --largest-component';
  return { code: 'not-connected', path: '', message, hint, ...router?.position };
}
