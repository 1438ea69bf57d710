import { quote } from '../../model/document-path.ts';
import type { Problem } from '../../model/problem.ts';
import type { ForeignGraph } from './foreign-graph.ts';

/** In what a graph contradicts itself: ids that are there twice, edges that end nowhere. The first hundred. */
export function checkGraph({ nodes, edges }: ForeignGraph): Problem[] {
  if (nodes.length === 0) return [{ code: 'empty', path: '', message: 'the graph has no nodes' }];
  const problems: Problem[] = [];
  const lines = new Map<string, number>();
  for (const { id, position } of nodes) {
    const before = lines.get(id);
    if (before === undefined) lines.set(id, position.line);
    else {
      const message = `the node of line ${before} has the id ${quote(id)} already`;
      problems.push({ code: 'duplicate-id', path: '', message, ...position });
    }
  }
  for (const { ends, position } of edges) {
    for (const end of ends) {
      if (lines.has(end)) continue;
      const message = `no node has the id ${quote(end)} that this edge names`;
      problems.push({ code: 'unknown-node', path: '', message, ...position });
    }
  }
  return problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)).slice(0, MAX_PROBLEMS);
}

const MAX_PROBLEMS = 100;
