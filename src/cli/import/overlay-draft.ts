import { MAX_INTERFACE_NAME_BYTES } from '../../model/names.ts';
import { parseOverlayDocuments } from '../../model/overlay-document.ts';
import type { Checked, Problem } from '../../model/problem.ts';
import { MAX_LINKS, MAX_ROUTERS } from '../../model/topology-shape-check.ts';
import { countNote } from './count-note.ts';
import { type ForeignGraph, type ForeignNode, isMeetingPoint, labelOf, titleOf } from './foreign-graph.ts';
import { type GraphPart, selectPart } from './graph-part.ts';
import { renderOverlay } from './overlay-text.ts';
import { findParallels } from './parallel-links.ts';
import { nameRouters, plainName } from './router-names.ts';
import { speedCosts } from './speed-costs.ts';

export interface DraftOptions {
  /** Of the file that is imported, without folders: it gives the overlay a name where the graph has none. */
  readonly file: string;
  /** Null for what the graph or the file is called. */
  readonly name: string | null;
  readonly nodes: readonly string[];
  readonly instance: 'dedicated' | 'shared' | null;
  readonly costFrom: 'speed' | null;
  readonly largestComponent: boolean;
}

export interface OverlayDraft {
  readonly name: string;
  /** YAML with the routers' own labels as comments. */
  readonly text: string;
  readonly routers: number;
  readonly links: number;
  /** What a person should know of what became of the graph, as sentences. */
  readonly notes: readonly string[];
}

/**
 * An overlay file of a graph: every node a router with a name made from its label, every edge a link. What comes out
 * has passed the checks that `vinet plan` begins with. Never throws.
 */
export function draftOverlay(graph: ForeignGraph, options: DraftOptions): Checked<OverlayDraft> {
  const selected = selectPart(graph, options.largestComponent);
  if (!selected.ok) return selected;
  const part = selected.value;
  const tooLarge = checkSize(part);
  if (tooLarge.length > 0) return { ok: false, problems: tooLarge };

  const parallels = findParallels(part.links);
  const names = nameRouters(
    part.nodes.map((node) => ({
      label: labelOf(node),
      id: node.id,
      room: MAX_INTERFACE_NAME_BYTES - (parallels.suffixLengths.get(node.id) ?? 0),
    })),
  );
  const { costs, notes: costNotes } = options.costFrom === null ? NO_COSTS : speedCosts(part.links);
  const name = options.name ?? overlayName(titleOf(graph), options.file);
  const text = renderPart(part, names, { ...options, name, costs });
  const checked = parseOverlayDocuments(text);
  if (!checked.ok) return { ok: false, problems: checked.problems.map(withoutPosition) };

  const notes = [
    ...graph.notes,
    ...part.notes,
    ...countNote(
      parallels.count,
      'link is parallel to another between the same routers',
      'links are parallel to others between the same routers',
    ),
    ...noteNames(part.nodes, names),
    ...costNotes,
  ];
  return { ok: true, value: { name, text, routers: part.nodes.length, links: part.links.length, notes } };
}

const NO_COSTS = { costs: [], notes: [] };

const MAX_OVERLAY_NAME = 24;

function overlayName(title: string, file: string): string {
  const stem = file.replace(/\.[^.]*$/, '');
  return plainName(title, MAX_OVERLAY_NAME) || plainName(stem, MAX_OVERLAY_NAME) || 'imported';
}

function renderPart(
  { nodes, links }: GraphPart,
  names: readonly string[],
  options: Omit<DraftOptions, 'name'> & { readonly name: string; readonly costs: readonly (number | null)[] },
): string {
  const nameOf = new Map(nodes.map(({ id }, index) => [id, names[index] ?? '']));
  return renderOverlay({
    heading: `${options.file}: ${nodes.length} routers, ${links.length} links. Behind "#" stands what the file calls them.`,
    name: options.name,
    routers: nodes.map((node, index) => ({
      name: names[index] ?? '',
      remark: labelOf(node) === names[index] ? '' : labelOf(node) || `id ${node.id}`,
    })),
    links: links.map(({ members }, index) => ({
      members: members.map((id) => nameOf.get(id) ?? ''),
      cost: options.costs[index] ?? null,
    })),
    nodes: options.nodes,
    instance: options.instance,
  });
}

function noteNames(nodes: readonly ForeignNode[], names: readonly string[]): string[] {
  const labels = nodes.map(labelOf);
  const unlabelled = labels.filter((label) => label === '').length;
  const repeated = labels.length - unlabelled - new Set(labels.filter((label) => label !== '')).size;
  const renamed = labels.filter((label, index) => label !== '' && label !== names[index]).length;
  return [
    ...countNote(
      renamed,
      'router has another name than its label, which stands behind it as a comment',
      'routers have other names than their labels, which stand behind them as comments',
    ),
    ...countNote(
      repeated,
      'router has the label of another: a number tells them apart',
      'routers have the label of another: a number tells them apart',
    ),
    ...countNote(
      unlabelled,
      'router has no label and is called after its id',
      'routers have no label and are called after their id',
    ),
    ...countNote(
      nodes.filter(isMeetingPoint).length,
      'router is marked as hyperedge, a point where links meet',
      'routers are marked as hyperedges, points where links meet',
    ),
  ];
}

function checkSize({ nodes, links }: GraphPart): Problem[] {
  return [
    ...(nodes.length > MAX_ROUTERS ? [tooMany('routers', nodes.length, MAX_ROUTERS)] : []),
    ...(links.length > MAX_LINKS ? [tooMany('links', links.length, MAX_LINKS)] : []),
  ];
}

function tooMany(what: string, count: number, most: number): Problem {
  const message = `the graph has ${count} ${what}, and an overlay has at most ${most}`;
  return { code: 'too-large', path: '', message };
}

/** Lines of a text that nobody has seen would lead astray. */
function withoutPosition({ line: _line, column: _column, ...problem }: Problem): Problem {
  return problem;
}
