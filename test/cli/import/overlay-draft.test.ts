import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readGraphFile } from '../../../src/cli/import/graph-file.ts';
import { type DraftOptions, draftOverlay } from '../../../src/cli/import/overlay-draft.ts';
import { parseOverlayDocuments } from '../../../src/model/overlay-document.ts';
import { type Checked, formatProblem } from '../../../src/model/problem.ts';
import { expandTopology } from '../../../src/model/topology.ts';
import { unwrap } from '../../planner/overlay-builder.ts';

const OPTIONS: DraftOptions = {
  file: 'zoo.gml',
  name: null,
  nodes: ['n1', 'n2', 'n3'],
  instance: null,
  costFrom: null,
  largestComponent: false,
};

function importText(source: string | Uint8Array, options: Partial<DraftOptions> = {}) {
  const graph = readGraphFile(typeof source === 'string' ? Buffer.from(source) : source);
  return graph.ok ? draftOverlay(graph.value, { ...OPTIONS, ...options }) : graph;
}

/** Routers, and links by their names and costs, as the overlay's own reader understands the text. */
function topologyOf(text: string) {
  const [{ routers = [], links = [], segments = [] } = {}] = unwrap(parseOverlayDocuments(text)).map(
    ({ overlay }) => expandTopology(overlay.spec),
  );
  return {
    routers,
    links: links.map(({ name, cost }) => (cost === null ? name : `${name}=${cost}`)),
    segments: segments.map(({ members }) => members),
  };
}

function faultsOf(checked: Checked<unknown>): string[] {
  return checked.ok ? [] : checked.problems.map(formatProblem);
}

/** A GML graph of nodes `id` or `id=label` and edges `from-to`, each at a line of its own from the second on. */
function gml(nodes: string, edges: string, head = ''): string {
  const node = (word: string) => {
    const [id, label] = word.split('=');
    return `node [ id ${id}${label === undefined ? '' : ` label "${label.replaceAll('_', ' ')}"`} ]`;
  };
  const edge = (word: string) => {
    const [from, to, rest = ''] = word.split('-');
    return `edge [ source ${from} target ${to} ${rest.replaceAll('_', ' ')} ]`;
  };
  const words = (text: string) => text.split(' ').filter((word) => word !== '');
  return [`graph [ ${head}`, ...words(nodes).map(node), ...words(edges).map(edge), ']'].join('\n');
}

describe('the overlay of a graph', () => {
  test('reads as a person would write it, with the labels of the file behind the names', () => {
    const source = gml('0=New_York 1=null 2=x', '0-1 1-2', 'label "My Net"');
    const { text, notes } = unwrap(importText(source, { costFrom: 'speed', instance: 'dedicated' }));
    expect(text).toBe(`# zoo.gml: 3 routers, 2 links. Behind "#" stands what the file calls them.
apiVersion: vinet/v1
kind: Overlay
metadata: { name: my-net }
spec:
  topology:
    kind: custom
    routers:
      - new-york # New York
      - "null"
      - x
    links:
      - [new-york, "null"]
      - ["null", x]
  placement: { nodes: [n1, n2, n3] }
  routing: { instance: dedicated }
`);
    expect(notes).toEqual([
      '1 router has another name than its label, which stands behind it as a comment',
      'no link says its speed: all have the cost of 10',
    ]);
  });

  test('is called as it was told, else like the graph, else like the file', () => {
    const nameOf = (head: string, options: Partial<DraftOptions>) =>
      unwrap(importText(gml('1', '', head), options)).name;
    expect(nameOf('label "L"', { name: 'given' })).toBe('given');
    expect(nameOf('Network "Kentucky Datalink, Lexington"', {})).toBe('kentucky-datalink-lexing');
    expect(nameOf('', { file: 'Geant 2012.gml' })).toBe('geant-2012');
    expect(nameOf('', { file: '….gml' })).toBe('imported');
  });

  test('has parallel links, and names that leave room for their numbers', () => {
    const source = gml('1=Abcdefghijklmnop 2=b', '1-2 2-1 1-2');
    const { text, notes } = unwrap(importText(source));
    expect(topologyOf(text).links).toEqual(['abcdefghijklm-b', 'b-abcdefghijklm', 'abcdefghijklm-b.2']);
    expect(notes).toContain('2 links are parallel to others between the same routers');
  });

  test('joins both directions of a directed graph, each way back with the way there in their order', () => {
    const { text, notes } = unwrap(
      importText(gml('1=a 2=b 3=c', '1-2 1-2 2-1 2-3 2-1 2-1 3-3', 'directed 1'), { costFrom: 'speed' }),
    );
    expect(topologyOf(text).links).toEqual(['a-b', 'a-b.2', 'b-c', 'b-a']);
    expect(notes).toContain('2 edges are the way back of another: both are one link');
    expect(notes).toContain('1 edge from a router to itself was left out');
  });

  test('has costs from the speeds of its links when asked for', () => {
    const edges =
      '1-2-LinkSpeedRaw_1e10 2-1-LinkSpeed_"2.5"_LinkSpeedUnits_"G" 1-3-LinkSpeedRaw_1 2-3-LinkSpeed_"?"';
    const source = gml('1=a 2=b 3=c', edges);
    const { text, notes } = unwrap(importText(source, { costFrom: 'speed' }));
    expect(topologyOf(text).links).toEqual(['a-b=10', 'b-a=40', 'a-c=65535', 'b-c']);
    expect(notes).toContain('1 link does not say its speed and has the cost of the fastest');
    expect(topologyOf(unwrap(importText(source)).text).links).toEqual(['a-b', 'b-a', 'a-c', 'b-c']);
  });

  test('has a segment for a hyperedge of several nodes, a link for one of two', () => {
    const ends = (...ids: string[]) => ids.map((id) => `<endpoint node="${id}"/>`).join('');
    const source = `<graphml><graph edgedefault="undirected">${['a', 'b', 'c'].map((id) => `<node id="${id}"/>`).join('')}
      <hyperedge>${ends('a', 'b', 'c', 'a')}</hyperedge><hyperedge>${ends('b', 'c', 'b')}</hyperedge>
      <hyperedge>${ends('a')}</hyperedge></graph></graphml>`;
    const { text } = unwrap(importText(source));
    expect(topologyOf(text)).toEqual({
      routers: ['a', 'b', 'c'],
      links: ['b-c'],
      segments: [['a', 'b', 'c']],
    });
  });

  test('leaves groups out that are only frames, and keeps those with links', () => {
    const source = `graph [ node [ id 1 ] node [ id 2 isGroup 1 ] node [ id 3 isGroup 1 ] edge [ source 1 target 3 ] ]`;
    const { text, notes } = unwrap(importText(source));
    expect(topologyOf(text).routers).toEqual(['r1', 'r3']);
    expect(notes).toContain('1 group without a link of its own was left out');
  });

  test('that falls apart is refused, or is its largest component', () => {
    const source = gml('1=a 2=b 3=c 4=d 5=e', '1-2 3-4 4-5 5-5');
    expect(faultsOf(importText(source))).toEqual([
      "line 2: the graph falls apart into 2 components of 3, 2 routers, which never learn each other's routes: " +
        'no chain of links joins node "a" to the largest (add the missing edges, or import the largest alone with ' +
        '--largest-component)',
    ]);
    const { text, notes } = unwrap(importText(source, { largestComponent: true }));
    expect(topologyOf(text)).toEqual({ routers: ['c', 'd', 'e'], links: ['c-d', 'd-e'], segments: [] });
    expect(notes).toContain('2 routers outside the largest component were left out');
  });

  test('with an instance or nodes that cannot be is refused in the words of the overlay file', () => {
    expect(faultsOf(importText(gml('1', ''), { nodes: ['n1', 'n1'] }))).toEqual([
      'spec.placement.nodes[1]: node n1 is in the list twice',
    ]);
  });

  test.each([
    [gml('', ''), 'the graph has no nodes'],
    ['Creator "x"', 'there is no graph [ … ] in this file'],
    ['', 'there is no graph [ … ] in this file'],
    ['graph [\nnode [ label "x" ] ]', 'line 2: this node has no id'],
    ['graph [ node [ id 1 ]\nedge [ source 1 ] ]', 'line 2: this edge has no target'],
    [gml('1 2 1', '1-2'), 'line 4: the node of line 2 has the id "1" already'],
    [gml('1 2', '1-2 2-9'), 'line 5: no node has the id "9" that this edge names'],
  ])('cannot be made of %j', (source, fault) => {
    expect(faultsOf(importText(source))).toEqual([fault]);
  });

  test('has at most as many routers and links as an overlay', () => {
    const many = (text: string, count: number) => `${text} `.repeat(count);
    const nodes = Array.from({ length: 65_537 }, (_, id) => `${id}`).join(' ');
    const links = Array.from({ length: 65_536 }, (_, id) => `${id}-${id + 1}`).join(' ');
    expect(faultsOf(importText(gml(nodes, links)))).toEqual([
      'the graph has 65537 routers, and an overlay has at most 65536',
    ]);
    expect(faultsOf(importText(gml('1 2', many('1-2', 100_001))))).toEqual([
      'the graph has 100001 links, and an overlay has at most 100000',
    ]);
  });

  test('comes from any encoding that real files have', () => {
    const note = 'the file is not valid UTF-8 and was read as Latin-1';
    const latin1 = unwrap(importText(Buffer.from(gml('1=Zürich', ''), 'latin1')));
    expect(topologyOf(latin1.text).routers).toEqual(['zurich']);
    expect(latin1.notes).toContain(note);
    const xml = (encoding: string) =>
      `<?xml version='1.0' encoding='${encoding}'?><graphml><graph><node id="Zürich"/></graph></graphml>`;
    for (const bytes of [
      Buffer.from(xml('ISO-8859-1'), 'latin1'),
      Buffer.from(xml('UTF-8')),
      Buffer.from(`\ufeff${xml('utf-8')}`),
      Buffer.from(`\ufeff${xml('UTF-16')}`, 'utf16le'),
    ]) {
      const { text, notes } = unwrap(importText(bytes));
      expect(topologyOf(text).routers).toEqual(['zurich']);
      expect(notes).not.toContain(note);
    }
    expect(faultsOf(importText(xml('EBCDIC')))).toEqual([
      'the file says that its encoding is "ebcdic" (one of utf-8, us-ascii, iso-8859-1, iso-8859-15, windows-1252, ' +
        'utf-16le, utf-16be can be read)',
    ]);
    expect(faultsOf(importText(Buffer.from(xml('utf-8'), 'latin1')))).toEqual([
      'the file is not valid utf-8 (convert it to UTF-8)',
    ]);
  });

  test('of any graph passes the checks of an overlay, with every label on its own line', () => {
    const label = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('a\n- b', '', 'A'),
    );
    const graph = fc.integer({ min: 1, max: 30 }).chain((size) =>
      fc.record({
        labels: fc.array(label, { minLength: size, maxLength: size }),
        edges: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 60 }),
        directed: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(graph, ({ labels, edges, directed }) => {
        const quoted = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
        const source = `graph [ directed ${Number(directed)} label "${quoted(labels[0] ?? '')}"
          ${labels.map((text, id) => `node [ id ${id} label "${quoted(text)}" ]`).join('\n')}
          ${edges.map(([from, to]) => `edge [ source ${from} target ${to} ]`).join('\n')} ]`;
        const { text, routers, links } = unwrap(importText(source, { largestComponent: true }));
        const read = topologyOf(text);
        expect([read.routers.length, read.links.length]).toEqual([routers, links]);
      }),
    );
  });

  test('of any bytes is an overlay or a problem', () => {
    const words = [
      'graph',
      '[',
      ']',
      'node',
      'edge',
      'id',
      'source',
      'target',
      'label',
      '"',
      '1',
      '2',
      '#',
      '\n',
      'directed',
    ];
    const tags = [
      '<graphml>',
      '</graphml>',
      '<graph>',
      '</graph>',
      '<node id="a">',
      '</node>',
      '<node id="b"/>',
    ].concat([
      '<edge source="a" target="b"/>',
      '<data key="k">',
      '</data>',
      '<key id="k"/>',
      '<![CDATA[',
      ']]>',
      '&',
      '<!--',
    ]);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((all) => Buffer.from(all.join(' '))),
      fc
        .array(fc.constantFrom(...tags), { maxLength: 40 })
        .map((all) => Buffer.from(`<graphml>${all.join('')}`)),
    );
    fc.assert(
      fc.property(bytes, (source) => {
        const draft = importText(source);
        if (draft.ok) expect(parseOverlayDocuments(draft.value.text).ok).toBe(true);
        else expect(draft.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });

  test('of 754 nodes with names twice, empty and odd, and links twice, is made in one go', () => {
    const labels = ['Lexington', '', 'St. Mary&apos;s', 'Köln', '東京', '1st Street'];
    const nodes = Array.from(
      { length: 754 },
      (_, id) => `node [ id ${id} label "${labels[id % labels.length]}" ]`,
    );
    const edges = Array.from({ length: 899 }, (_, id) => [id % 754, (id + 1) % 754]).flatMap(([from, to]) => [
      `edge [ source ${from} target ${to} ]`,
      `edge [ source ${to} target ${from} ]`,
    ]);
    const { text, notes } = unwrap(importText(['graph [ directed 1', ...nodes, ...edges, ']'].join('\n')));
    expect(topologyOf(text).routers).toHaveLength(754);
    expect(topologyOf(text).links).toHaveLength(899);
    expect(notes).toEqual([
      '899 edges are the way back of another: both are one link',
      '145 links are parallel to others between the same routers',
      '628 routers have other names than their labels, which stand behind them as comments',
      '623 routers have the label of another: a number tells them apart',
      '126 routers have no label and are called after their id',
    ]);
  });
});
