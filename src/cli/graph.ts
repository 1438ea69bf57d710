import type { LinkView } from '../model/api.ts';
import { type ApiClient, apiPath } from './api-client.ts';
import { edgesOf, type GraphMember } from './graph-edges.ts';
import { renderSvg } from './graph-svg.ts';

export const GRAPH_FORMATS = ['dot', 'mermaid', 'svg'] as const;
export type GraphFormat = (typeof GRAPH_FORMATS)[number];

/** An overlay as a drawing, or as the source of one: routers are told apart by node, and segments are points. */
export async function runGraph(client: ApiClient, overlay: string, format: GraphFormat): Promise<string> {
  const { routers } = await client.send<{ routers: GraphMember[] }>({
    path: apiPath(['overlays', overlay, 'routers']),
  });
  const { hosts } = await client.send<{ hosts: GraphMember[] }>({
    path: apiPath(['overlays', overlay, 'hosts']),
  });
  const { links } = await client.send<{ links: LinkView[] }>({
    path: apiPath(['overlays', overlay, 'links']),
  });
  return RENDERERS[format](overlay, [...routers, ...hosts], links);
}

const RENDERERS: Record<
  GraphFormat,
  (overlay: string, routers: readonly GraphMember[], links: readonly LinkView[]) => string
> = {
  dot: renderDot,
  mermaid: (_, routers, links) => renderMermaid(routers, links),
  svg: renderSvg,
};

/** Graphviz: `vinet graph ring -o dot | dot -Tsvg`. */
export function renderDot(
  overlay: string,
  routers: readonly GraphMember[],
  links: readonly LinkView[],
): string {
  const boxes = [...byNode(routers)].flatMap(([node, names]) => [
    `  subgraph ${quote(`cluster_${node}`)} {`,
    `    label=${quote(node)};`,
    ...names.map((name) => `    ${quote(name)};`),
    '  }',
  ]);
  const edges = edgesOf(links).map(({ from, to, cost }) => {
    const label = cost === null ? '' : ` [label=${quote(String(cost))}]`;
    return `  ${quote(from)} -- ${quote(to)}${label};`;
  });
  const segments = links
    .filter((link) => link.kind === 'segment')
    .map((link) => `  ${quote(link.name)} [shape=point, xlabel=${quote(link.name)}];`);
  return [`graph ${quote(overlay)} {`, '  node [shape=box];', ...boxes, ...segments, ...edges, '}', ''].join(
    '\n',
  );
}

/** Mermaid, which forges draw where it stands in a page's text. */
export function renderMermaid(routers: readonly GraphMember[], links: readonly LinkView[]): string {
  const boxes = [...byNode(routers)].flatMap(([node, names]) => [
    `  subgraph node_${identifier(node)} ["${plain(node)}"]`,
    ...names.map((name) => `    ${identifier(name)}["${plain(name)}"]`),
    '  end',
  ]);
  const segments = links
    .filter((link) => link.kind === 'segment')
    .map((link) => `  ${identifier(link.name)}(("${plain(link.name)}"))`);
  const edges = edgesOf(links).map(
    ({ from, to, cost }) => `  ${identifier(from)} ---${cost === null ? '' : `|${cost}|`} ${identifier(to)}`,
  );
  return ['graph LR', ...boxes, ...segments, ...edges, ''].join('\n');
}

function byNode(routers: readonly GraphMember[]): Map<string, string[]> {
  const nodes = new Map<string, string[]>();
  for (const router of routers) nodes.set(router.node, [...(nodes.get(router.node) ?? []), router.name]);
  return nodes;
}

function quote(text: string): string {
  return `"${plain(text)}"`;
}

/** Names are letters, digits and "-"; whatever else an answer holds must not become part of a drawing's syntax. */
function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, '?');
}

/** Mermaid reads "-" inside a name as a line, and "end" as the end of a box. */
function identifier(text: string): string {
  return `x_${plain(text).replace(/[^A-Za-z0-9]/g, '_')}`;
}
