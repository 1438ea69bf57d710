import type { Checked, Problem } from '../../model/problem.ts';
import type { Attributes, ForeignEdge, ForeignGraph, ForeignNode } from './foreign-graph.ts';
import { type GmlEntry, readGml } from './gml.ts';
import { createPositions } from './text-position.ts';

/** The first graph of a GML file, or what is wrong with it. Never throws. */
export function readGmlGraph(text: string): Checked<ForeignGraph> {
  const entries = readGml(text);
  if (!entries.ok) return entries;
  const graphs = listsOf(entries.value, 'graph');
  const [graph] = graphs;
  if (graph === undefined) {
    return {
      ok: false,
      problems: [{ code: 'no-graph', path: '', message: 'there is no graph [ … ] in this file' }],
    };
  }
  const positionOf = createPositions(text);
  const problems: Problem[] = [];
  const demand = (attributes: Attributes, key: string, owner: GmlEntry): string => {
    const value = attributes.get(key);
    if (value === undefined) {
      const message = `this ${owner.key} has no ${key}`;
      problems.push({ code: 'missing-field', path: '', message, ...positionOf(owner.offset) });
    }
    return value ?? '';
  };

  const attributes = attributesOf(graph.value);
  const isDirected = attributes.get('directed') === '1';
  const nodes = listsOf(graph.value, 'node').map((entry): ForeignNode => {
    const attributes = attributesOf(entry.value);
    const isGroup = attributes.get('isgroup') === '1';
    return { id: demand(attributes, 'id', entry), isGroup, attributes, position: positionOf(entry.offset) };
  });
  const edges = listsOf(graph.value, 'edge').map((entry): ForeignEdge => {
    const attributes = attributesOf(entry.value);
    const ends = [demand(attributes, 'source', entry), demand(attributes, 'target', entry)];
    return { ends, isDirected, attributes, position: positionOf(entry.offset) };
  });
  if (problems.length > 0) return { ok: false, problems };
  const notes = graphs.length === 1 ? [] : [`only the first of the file's ${graphs.length} graphs was read`];
  return { ok: true, value: { attributes, nodes, edges, notes } };
}

type GmlList = GmlEntry & { readonly value: readonly GmlEntry[] };

function listsOf(entries: readonly GmlEntry[], key: string): GmlList[] {
  return entries.filter((entry): entry is GmlList => entry.key === key && typeof entry.value !== 'string');
}

function attributesOf(entries: readonly GmlEntry[]): Attributes {
  const attributes = new Map<string, string>();
  for (const { key, value } of entries) {
    const name = key.toLowerCase();
    if (typeof value === 'string' && !attributes.has(name)) attributes.set(name, value);
  }
  return attributes;
}
