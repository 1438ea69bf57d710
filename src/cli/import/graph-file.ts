import type { Checked } from '../../model/problem.ts';
import { decodeFileText } from './file-text.ts';
import type { ForeignGraph } from './foreign-graph.ts';
import { readGmlGraph } from './gml-graph.ts';
import { readGraphml } from './graphml.ts';

/** Reads GML or GraphML, whichever the bytes look like: only XML begins with "<". Never throws. */
export function readGraphFile(bytes: Uint8Array): Checked<ForeignGraph> {
  const decoded = decodeFileText(bytes);
  if (!decoded.ok) return decoded;
  const { text, note } = decoded.value;
  const graph = /^\s*</.test(text) ? readGraphml(text) : readGmlGraph(text);
  if (!graph.ok || note === null) return graph;
  return { ok: true, value: { ...graph.value, notes: [note, ...graph.value.notes] } };
}
