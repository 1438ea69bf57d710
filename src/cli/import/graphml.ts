import type { XmlElement } from '@rgrove/parse-xml';
import type { Checked, Problem } from '../../model/problem.ts';
import {
  type Attributes,
  type ForeignEdge,
  type ForeignGraph,
  type ForeignNode,
  type Position,
  USED_ATTRIBUTES,
} from './foreign-graph.ts';
import { createPositions } from './text-position.ts';
import { childElements, descendantText, localName, ownText, readXml } from './xml.ts';

/**
 * The first graph of a GraphML file (graphml.graphdrawing.org, schema 1.1), or what is wrong with it. Nodes and
 * edges of graphs within nodes are read as if they stood outside; ports are not looked at. Never throws.
 */
export function readGraphml(text: string): Checked<ForeignGraph> {
  const root = readXml(text);
  if (!root.ok) return root;
  const positionOf = createPositions(text);
  const graphs = childElements(root.value, 'graph');
  const [graph] = graphs;
  if (localName(root.value) !== 'graphml' || graph === undefined) {
    const found = `this is XML, but no GraphML: <${root.value.name}> holds no graph`;
    const message = localName(root.value) === 'graphml' ? 'there is no <graph> in this file' : found;
    return {
      ok: false,
      problems: [{ code: 'no-graph', path: '', message, ...positionOf(root.value.start) }],
    };
  }
  const reading: Reading = { keys: readKeys(root.value), positionOf, nodes: [], edges: [], problems: [] };
  const open = [graph];
  for (let next = open.shift(); next !== undefined; next = open.shift())
    open.push(...readGraph(next, reading));

  const { nodes, edges, problems } = reading;
  if (problems.length > 0) return { ok: false, problems };
  const notes = graphs.length === 1 ? [] : [`only the first of the file's ${graphs.length} graphs was read`];
  return { ok: true, value: { attributes: attributesOf(graph, 'graph', reading.keys), nodes, edges, notes } };
}

interface Reading {
  readonly keys: Keys;
  readonly positionOf: (offset: number) => Position;
  readonly nodes: ForeignNode[];
  readonly edges: ForeignEdge[];
  readonly problems: Problem[];
}

/** What `<data key="…">` means, and what counts for those who say nothing. Only attributes that are used. */
interface Keys {
  readonly byId: ReadonlyMap<string, Key>;
  readonly fallbacks: ReadonlyMap<Domain, Attributes>;
}

interface Key {
  readonly name: string;
  /** As yEd keeps labels: within a drawing of the node. */
  readonly isDrawing: boolean;
}

const DOMAINS = ['graph', 'node', 'edge', 'hyperedge'] as const;
type Domain = (typeof DOMAINS)[number];

/** Adds what stands in a graph to the reading, and gives the graphs within its nodes. */
function readGraph(graph: XmlElement, { keys, positionOf, nodes, edges, problems }: Reading): XmlElement[] {
  const demand = (element: XmlElement, name: string): string => {
    const value = element.attributes[name];
    if (value === undefined) {
      const message = `this <${element.name}> has no ${name}`;
      problems.push({ code: 'missing-field', path: '', message, ...positionOf(element.start) });
    }
    return value ?? '';
  };
  const areDirected = graph.attributes.edgedefault !== 'undirected';
  const inner: XmlElement[] = [];
  for (const element of childElements(graph, 'node')) {
    const within = childElements(element, 'graph');
    inner.push(...within);
    nodes.push({
      id: demand(element, 'id'),
      isGroup: within.length > 0,
      attributes: attributesOf(element, 'node', keys),
      position: positionOf(element.start),
    });
  }
  for (const element of childElements(graph, 'edge')) {
    const { directed } = element.attributes;
    edges.push({
      ends: [demand(element, 'source'), demand(element, 'target')],
      isDirected: directed === undefined ? areDirected : directed === 'true' || directed === '1',
      attributes: attributesOf(element, 'edge', keys),
      position: positionOf(element.start),
    });
  }
  for (const element of childElements(graph, 'hyperedge')) {
    edges.push({
      ends: childElements(element, 'endpoint').map((endpoint) => demand(endpoint, 'node')),
      isDirected: false,
      attributes: attributesOf(element, 'hyperedge', keys),
      position: positionOf(element.start),
    });
  }
  return inner;
}

function readKeys(root: XmlElement): Keys {
  const byId = new Map<string, Key>();
  const fallbacks = new Map(DOMAINS.map((domain) => [domain, new Map<string, string>()]));
  for (const element of childElements(root, 'key')) {
    const {
      id = '',
      for: wanted = 'all',
      'attr.name': written = id,
      'yfiles.type': drawing,
    } = element.attributes;
    const isDrawing = drawing === 'nodegraphics';
    const name = isDrawing ? 'label' : written.toLowerCase();
    if (!USED_ATTRIBUTES.has(name)) continue;
    byId.set(id, { name, isDrawing });
    const [fallback] = childElements(element, 'default');
    if (fallback === undefined) continue;
    for (const [domain, values] of fallbacks) {
      if ((wanted === domain || wanted === 'all') && !values.has(name)) values.set(name, ownText(fallback));
    }
  }
  return { byId, fallbacks };
}

function attributesOf(element: XmlElement, domain: Domain, { byId, fallbacks }: Keys): Attributes {
  const attributes = new Map<string, string>();
  for (const data of childElements(element, 'data')) {
    const key = byId.get(data.attributes.key ?? '');
    if (key === undefined || attributes.has(key.name)) continue;
    attributes.set(key.name, key.isDrawing ? descendantText(data, 'NodeLabel') : ownText(data));
  }
  for (const [name, value] of fallbacks.get(domain) ?? []) {
    if (!attributes.has(name)) attributes.set(name, value);
  }
  return attributes;
}
