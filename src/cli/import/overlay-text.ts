import { escapeControls } from '../../model/document-path.ts';

export interface OverlayContent {
  /** Behind a "#" in the first line. */
  readonly heading: string;
  readonly name: string;
  /** A remark stands behind the router's name; empty for none. */
  readonly routers: readonly { readonly name: string; readonly remark: string }[];
  readonly links: readonly { readonly members: readonly string[]; readonly cost: number | null }[];
  readonly nodes: readonly string[];
  readonly instance: string | null;
}

/** An overlay as a person would write it: a line for each router and each link. */
export function renderOverlay({ heading, name, routers, links, nodes, instance }: OverlayContent): string {
  return [
    `#${comment(heading)}`,
    'apiVersion: vinet/v1',
    'kind: Overlay',
    `metadata: { name: ${scalar(name)} }`,
    'spec:',
    '  topology:',
    '    kind: custom',
    '    routers:',
    ...routers.map((router) => {
      const remark = comment(router.remark);
      return `      - ${scalar(router.name)}${remark === '' ? '' : ` #${remark}`}`;
    }),
    ...(links.length === 0 ? [] : ['    links:']),
    ...links.map(({ members, cost }) => {
      const between = list(members);
      return `      - ${cost === null ? between : `{ between: ${between}, cost: ${cost} }`}`;
    }),
    `  placement: { nodes: ${list(nodes)} }`,
    ...(instance === null ? [] : [`  routing: { instance: ${scalar(instance)} }`]),
    '',
  ].join('\n');
}

function list(names: readonly string[]): string {
  return `[${names.map(scalar).join(', ')}]`;
}

/** Plain where every reader of YAML, also of 1.1, takes it for a string. */
function scalar(text: string): string {
  return /^[a-z][a-z0-9-]*$/.test(text) && !NO_STRINGS.has(text) ? text : JSON.stringify(text);
}

const NO_STRINGS: ReadonlySet<string> = new Set([
  'null',
  'true',
  'false',
  'yes',
  'no',
  'on',
  'off',
  'y',
  'n',
]);

/** On one line, whatever the text holds. */
function comment(text: string): string {
  const cut = [...text.slice(0, 2 * MAX_COMMENT)].slice(0, MAX_COMMENT).join('');
  const line = escapeControls(cut.replace(/\s+/g, ' ').trim());
  return line === '' ? '' : ` ${line}`;
}

const MAX_COMMENT = 80;
