import type { LinkView } from '../model/api.ts';
import { VinetError } from '../model/vinet-error.ts';
import { edgesOf, type GraphEdge, type GraphMember } from './graph-edges.ts';
import { layOut, type Point } from './graph-layout.ts';
import { spaceOut } from './graph-spacing.ts';
import { printable } from './terminal.ts';

/**
 * A drawing in SVG 1.1, in colours that can be read on white and on black alike. Routers of one node have one colour,
 * tunnels between nodes are dashed, costs are shown where they differ. The same overlay always gives the same drawing.
 * Fails with `too-large` where it would be a blot.
 */
export function renderSvg(
  overlay: string,
  routers: readonly GraphMember[],
  links: readonly LinkView[],
): string {
  if (routers.length > MAX_ROUTERS) {
    const message = `overlay ${overlay} has ${routers.length} routers, and a drawing of more than ${MAX_ROUTERS} shows nothing`;
    throw new VinetError('too-large', `${message}; give what -o dot writes to sfdp`);
  }
  const colors = colorNodes(routers);
  const edges = edgesOf(links);
  const places = placeLabels(
    [...routers.map(({ name }) => name), ...links.filter(isSegment).map(({ name }) => name)],
    edges,
  );
  const [drawingWidth, drawingHeight] = sizeOf(places);
  const usualCost = mostFrequentCost(edges);
  const legend = renderLegend(overlay, routers, colors, describeLines(edges, usualCost), drawingWidth);
  const width = Math.max(drawingWidth, legend.width) + 2 * MARGIN;
  const height = legend.height + drawingHeight + 3 * MARGIN;
  const [left, top] = [(width - drawingWidth) / 2, legend.height + 2 * MARGIN];
  const size = `width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" font-family="${FONTS}" font-size="${FONT_SIZE}">`,
    `<title>${escapeXml(overlay)}: ${routers.length} routers, ${links.length} links</title>`,
    `<g transform="translate(${MARGIN} ${MARGIN})">`,
    ...legend.lines,
    '</g>',
    `<g transform="translate(${round(left)} ${round(top)})">`,
    `<g fill="none" stroke="${GREY}" stroke-width="1.5">`,
    ...renderEdges(edges, places, usualCost),
    '</g>',
    ...routers.map(({ name, node }) =>
      renderLabel(name, places.get(name) ?? ORIGIN, colors.get(node) ?? GREY, `${name} on ${node}`),
    ),
    ...links
      .filter(isSegment)
      .map(({ name }) => renderLabel(name, places.get(name) ?? ORIGIN, GREY, `segment ${name}`)),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** All pairs of them are compared with one another some dozens of times. */
const MAX_ROUTERS = 2000;

const FONTS = "ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif";
/** All lengths are in pixels. */
const FONT_SIZE = 12;
/** Letters of a sans serif are rarely wider, so that no name leaves its label whatever font there is. */
const LETTER_WIDTH = 8;
const LABEL_HEIGHT = 20;
const LABEL_GAP = 10;
const MIN_EDGE = 70;
const MIN_WIDTH = 400;
const MARGIN = 20;
const PARALLEL_GAP = 12;
const ORIGIN: Point = [0, 0];

/** 4.5:1 on white as well as on black (WCAG 2.2, success criterion 1.4.3); so have white letters on it. */
const GREY = '#767676';
/** White letters have 4.5:1 on each, and each has 3:1 on white and on black (1.4.11). */
const COLORS = ['#1f6fb5', '#b3541e', '#237a3b', '#8a4fb0', '#a8324e', '#0f7a80', '#7a6a12', '#5b63c4'];

/** By name of router or segment the middle of its label, where all labels together begin at 0, 0. */
type Places = ReadonlyMap<string, Point>;

function placeLabels(names: readonly string[], edges: readonly GraphEdge[]): Places {
  const indexes = new Map(names.map((name, index) => [name, index]));
  const pairs = edges.flatMap(({ from, to }): [number, number][] => {
    const [one, other] = [indexes.get(from), indexes.get(to)];
    return one === undefined || other === undefined ? [] : [[one, other]];
  });
  const boxes = names.map((name) => ({ width: labelWidth(name), height: LABEL_HEIGHT }));
  const scale = boxes.reduce((most, { width }) => Math.max(most, width + 3 * LABEL_GAP), MIN_EDGE);
  const points = layOut(names.length, pairs).map(([x, y]): Point => [x * scale, y * scale]);
  const centers = spaceOut(points, boxes, LABEL_GAP);
  let [left, top] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const [index, [x, y]] of centers.entries()) {
    left = Math.min(left, x - (boxes[index]?.width ?? 0) / 2);
    top = Math.min(top, y - LABEL_HEIGHT / 2);
  }
  return new Map(names.map((name, index) => [name, shift(centers[index] ?? ORIGIN, -left, -top)]));
}

function sizeOf(places: Places): [number, number] {
  let [width, height] = [0, 0];
  for (const [name, [x, y]] of places) {
    width = Math.max(width, x + labelWidth(name) / 2);
    height = Math.max(height, y + LABEL_HEIGHT / 2);
  }
  return [width, height];
}

function colorNodes(routers: readonly GraphMember[]): Map<string, string> {
  const nodes = [...new Set(routers.map(({ node }) => node))].sort((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  return new Map(nodes.map((node, index) => [node, COLORS[index % COLORS.length] ?? GREY]));
}

/** The overlay's name, and below it each node's colour, in as many rows as it takes. */
function renderLegend(
  overlay: string,
  routers: readonly GraphMember[],
  colors: ReadonlyMap<string, string>,
  remark: string,
  drawingWidth: number,
): { lines: string[]; width: number; height: number } {
  const title = `<text y="${FONT_SIZE + 2}" fill="${GREY}" font-size="16" font-weight="bold">${escapeXml(overlay)}</text>`;
  const lines = [title];
  const maxWidth = Math.max(drawingWidth, MIN_WIDTH);
  let [x, y, width] = [0, 2 * LABEL_HEIGHT, overlay.length * 12];
  for (const [node, color] of colors) {
    const text = `${node}: ${routers.filter((router) => router.node === node).length}`;
    if (x > 0 && x + labelWidth(text) > maxWidth) [x, y] = [0, y + LABEL_HEIGHT + LABEL_GAP];
    lines.push(renderLabel(text, [x + labelWidth(text) / 2, y], color, `node ${node}`));
    x += labelWidth(text) + LABEL_GAP;
    width = Math.max(width, x);
  }
  if (remark !== '') {
    y += 1.5 * LABEL_HEIGHT;
    lines.push(`<text y="${y}" fill="${GREY}">${remark}</text>`);
    width = Math.max(width, remark.length * LETTER_WIDTH);
  }
  return { lines, width, height: y + LABEL_HEIGHT / 2 };
}

/** What dashes mean and which costs are not written, where that is the question. */
function describeLines(edges: readonly GraphEdge[], usualCost: number | null): string {
  const remarks = [
    ...(edges.some(({ kind }) => kind === 'vxlan') ? ['dashed: between nodes'] : []),
    ...(edges.some(({ cost }) => cost !== usualCost) ? [`cost ${usualCost} unless written`] : []),
  ];
  return remarks.join(', ');
}

/** Of several the smallest; null where no edge has one. */
function mostFrequentCost(edges: readonly GraphEdge[]): number | null {
  const counts = new Map<number, number>();
  for (const { cost } of edges) if (cost !== null) counts.set(cost, (counts.get(cost) ?? 0) + 1);
  const [usual] = [...counts].sort(([one, ones], [other, others]) => others - ones || one - other);
  return usual?.[0] ?? null;
}

function renderEdges(edges: readonly GraphEdge[], places: Places, usualCost: number | null): string[] {
  const siblings = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    const key = JSON.stringify([edge.from, edge.to].sort());
    const known = siblings.get(key);
    if (known === undefined) siblings.set(key, [edge]);
    else known.push(edge);
  }
  return [...siblings.values()].flatMap((parallel) =>
    parallel.flatMap((edge, index) => {
      const aside = (index - (parallel.length - 1) / 2) * PARALLEL_GAP;
      return renderEdge(edge, places, aside, edge.cost === usualCost ? '' : `${edge.cost ?? ''}`);
    }),
  );
}

/** A line, or a bow that passes the straight line's middle at a distance, with a remark beside it. */
function renderEdge({ from, to, kind }: GraphEdge, places: Places, aside: number, remark: string): string[] {
  // The same direction for all between two routers, so that bows lie beside one another.
  const [first, second] = from < to ? [from, to] : [to, from];
  const [x1, y1] = places.get(first) ?? ORIGIN;
  const [x2, y2] = places.get(second) ?? ORIGIN;
  const length = Math.max(Math.hypot(x2 - x1, y2 - y1), 1);
  const [right, down] = [(y1 - y2) / length, (x2 - x1) / length];
  const middle: Point = [(x1 + x2) / 2, (y1 + y2) / 2];
  const bow = pointText(shift(middle, 2 * aside * right, 2 * aside * down));
  const way = aside === 0 ? `L${pointText([x2, y2])}` : `Q${bow} ${pointText([x2, y2])}`;
  const dashes = kind === 'vxlan' ? ' stroke-dasharray="6 4"' : '';
  const line = `<path d="M${pointText([x1, y1])} ${way}"${dashes}/>`;
  if (remark === '') return [line];
  const distance = aside + 3 + Math.abs(right) * remark.length * 3.5 + Math.abs(down) * 5;
  const [x, y] = shift(middle, distance * right, distance * down);
  return [line, `<text x="${round(x)}" y="${round(y + 4)}" ${COST_STYLE}>${remark}</text>`];
}

const COST_STYLE = `fill="${GREY}" stroke="none" font-size="10" text-anchor="middle"`;

function renderLabel(text: string, [x, y]: Point, color: string, title: string): string {
  const width = labelWidth(text);
  const box = `x="${round(x - width / 2)}" y="${round(y - LABEL_HEIGHT / 2)}" width="${round(width)}" height="${LABEL_HEIGHT}"`;
  return [
    `<g><title>${escapeXml(title)}</title>`,
    `<rect ${box} rx="${LABEL_HEIGHT / 2}" fill="${color}"/>`,
    `<text x="${round(x)}" y="${round(y + 4)}" fill="#fff" text-anchor="middle">${escapeXml(text)}</text></g>`,
  ].join('');
}

function labelWidth(text: string): number {
  return text.length * LETTER_WIDTH + LABEL_HEIGHT / 1.5;
}

function isSegment({ kind }: LinkView): boolean {
  return kind === 'segment';
}

function shift([x, y]: Point, right: number, down: number): Point {
  return [x + right, y + down];
}

function pointText([x, y]: Point): string {
  return `${round(x)} ${round(y)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Also without control characters, which no XML document may have. */
function escapeXml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
