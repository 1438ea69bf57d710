import { describe, expect, test } from 'vitest';
import { labelOf, speedOf, titleOf } from '../../../src/cli/import/foreign-graph.ts';
import { readGraphml } from '../../../src/cli/import/graphml.ts';
import { formatProblem } from '../../../src/model/problem.ts';
import { unwrap } from '../../planner/overlay-builder.ts';

const KEYS = `
  <key id="d0" for="graph" attr.name="Network" attr.type="string"/>
  <key id="d1" for="node" attr.name="label" attr.type="string"><default>nobody</default></key>
  <key id="d2" for="edge" attr.name="LinkSpeedRaw" attr.type="double"/>
  <key id="d3" for="edge" attr.name="LinkSpeed" attr.type="string"/>
  <key id="d4" for="all" attr.name="LinkSpeedUnits" attr.type="string"><default>M</default></key>
  <key id="d5" for="node" yfiles.type="nodegraphics"/>`;

const document = (body: string, keys = KEYS) => `<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:y="http://www.yworks.com/xml/graphml">${keys}
${body}
</graphml>`;

const graph = (body: string, edges = 'undirected') =>
  unwrap(readGraphml(document(`<graph edgedefault="${edges}">${body}</graph>`)));

function faultsOf(text: string): string[] {
  const read = readGraphml(text);
  return read.ok ? [] : read.problems.map((problem) => `${formatProblem(problem)} @${problem.column}`);
}

describe('GraphML', () => {
  test('gives its data the names that its keys declare, and their defaults', () => {
    const read = graph(`<data key="d0">Zoo</data>
      <node id="a"><data key="d1"> A&#233;<![CDATA[ & ]]>B </data><data key="d9">?</data></node><node id="b"/>
      <edge source="a" target="b"><data key="d2">2.5E9</data></edge>
      <edge source="a" target="b"><data key="d3">100</data></edge>
      <edge source="a" target="b"/>`);
    expect(titleOf(read)).toBe('Zoo');
    expect(read.nodes.map(labelOf)).toEqual(['Aé & B', 'nobody']);
    expect(read.edges.map(speedOf)).toEqual([2.5e9, 1e8, null]);
    expect(read.edges.map(({ ends }) => ends)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  test('says of each edge whether it is directed, or of all', () => {
    const edges = `<edge source="a" target="b"/><edge source="a" target="b" directed="true"/>
      <edge source="a" target="b" directed="false"/>`;
    expect(graph(edges).edges.map(({ isDirected }) => isDirected)).toEqual([false, true, false]);
    expect(graph(edges, 'directed').edges.map(({ isDirected }) => isDirected)).toEqual([true, true, false]);
  });

  test('has hyperedges that join any number of nodes', () => {
    const { edges } = graph(
      '<hyperedge><endpoint node="a"/><endpoint node="b" port="p"/><endpoint node="c"/></hyperedge>',
    );
    expect(edges).toMatchObject([{ ends: ['a', 'b', 'c'], isDirected: false }]);
  });

  test('has graphs within nodes, whose nodes are nodes like others', () => {
    const { nodes } = graph(`<node id="frame"><graph edgedefault="undirected">
      <node id="frame::a"><graph edgedefault="undirected"><node id="deep"/></graph></node></graph></node><node id="b"/>`);
    expect(nodes.map(({ id, isGroup }) => [id, isGroup])).toEqual([
      ['frame', true],
      ['b', false],
      ['frame::a', true],
      ['deep', false],
    ]);
  });

  test('of yEd has labels in its drawings', () => {
    const drawing =
      '<y:ShapeNode><y:Fill color="#fff"/><y:NodeLabel>Wien<y:Model/></y:NodeLabel></y:ShapeNode>';
    expect(graph(`<node id="n0"><data key="d5">${drawing}</data></node>`).nodes.map(labelOf)).toEqual([
      'Wien',
    ]);
  });

  test('is read up to its first graph, which is said', () => {
    const { notes } = unwrap(readGraphml(document('<graph/><graph/>')));
    expect(notes).toEqual(["only the first of the file's 2 graphs was read"]);
  });

  test.each([
    ['', 'line 1: this is not valid XML: Root element is missing or invalid @1'],
    ['<svg/>', 'line 1: this is XML, but no GraphML: <svg> holds no graph @1'],
    [document(''), 'line 2: there is no <graph> in this file @1'],
    [document('<graph><node/></graph>', ''), 'line 3: this <node> has no id @8'],
    [document('<graph><edge source="a"/></graph>', ''), 'line 3: this <edge> has no target @8'],
    [document('<graph></node>', ''), 'line 3: this is not valid XML: Missing end tag for element graph @8'],
  ])('is refused with its line, as %j', (text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });

  test('of more depth or length than any graph has is refused, not waited for', () => {
    expect(faultsOf('<a>'.repeat(200_000))).toEqual(['elements are nested too deeply @undefined']);
    expect(faultsOf(`<a>${'<b/>'.repeat(1_000_000)}</a>`)).toEqual([
      'the file has more than 1000000 tags @undefined',
    ]);
  });

  test('never expands an entity of its own, from inside or outside', () => {
    const laughs = `<!DOCTYPE graphml [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/hostname">]>`;
    for (const entity of ['a', 'b', 'c', 'auml']) {
      expect(faultsOf(`${laughs}\n<graphml><graph id="&${entity};"/></graphml>`)).toEqual([
        `line 2: this is not valid XML: Named entity isn't defined: &${entity}; @21`,
      ]);
    }
  });
});
