import { type ForeignEdge, speedOf } from './foreign-graph.ts';

/** Links as they stood in the file, each once. */
export interface JoinedLinks {
  readonly links: readonly JoinedLink[];
  /** Edges that are the way back of another one. */
  readonly waysBack: number;
  /** Edges that end where they begin, or nowhere. */
  readonly loops: number;
}

export interface JoinedLink {
  /** Ids of different nodes: two, or more for a segment that they share. */
  readonly members: readonly string[];
  /** Bits per second; null where the file does not say. */
  readonly speedBps: number | null;
}

/**
 * A directed graph describes a cable twice, once from each end: the first edge from b to a is the way back of the
 * first from a to b, the second of the second, so parallel cables stay parallel. What no way back was found for
 * is a link as well.
 */
export function joinEdges(edges: readonly ForeignEdge[]): JoinedLinks {
  const links: { members: readonly string[]; speedBps: number | null }[] = [];
  const pairs = new Map<string, DirectedPair>();
  let waysBack = 0;
  let loops = 0;
  for (const edge of edges) {
    const members = [...new Set(edge.ends)];
    const [from = '', to = ''] = members;
    const link = { members, speedBps: speedOf(edge) };
    if (members.length < 2) loops++;
    else if (members.length > 2 || !edge.isDirected) links.push(link);
    else {
      const key = JSON.stringify(from < to ? [from, to] : [to, from]);
      const pair = pairs.get(key) ?? { links: [], forward: 0, backward: 0 };
      pairs.set(key, pair);
      const known = pair.links[from < to ? pair.forward++ : pair.backward++];
      if (known === undefined) {
        pair.links.push(link);
        links.push(link);
      } else {
        waysBack++;
        known.speedBps ??= link.speedBps;
      }
    }
  }
  return { links, waysBack, loops };
}

interface DirectedPair {
  readonly links: { speedBps: number | null }[];
  forward: number;
  backward: number;
}
