import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { expect, test } from 'vitest';
import { renderSvg } from '../../src/cli/graph-svg.ts';
import type { LinkView, RouterView } from '../../src/model/api.ts';

function router(name: string, node: string): RouterView {
  return {
    ...{
      overlay: 'net',
      name,
      node,
      namespace: `net_${name}`,
      pathspace: '',
      phase: 'ready',
      message: '',
      addresses: [],
    },
    ...{ adjacent: [], neighbors: { have: 0, want: 0 }, routes: { have: 0, want: 0 }, daemons: [] },
  };
}

function link(name: string, kind: LinkView['kind'], cost: number | null, ...routers: string[]): LinkView {
  const ends = routers.map((end) => ({
    router: end,
    node: 'n1',
    interface: 'x',
    addresses: [],
    cost,
    emulation: null,
  }));
  const common = { overlay: 'net', vni: null, mtu: 1500, down: false, underlay: '' };
  return { ...common, name, kind, layers: 1, physical: null, encrypted: false, ends };
}

const ROUTERS = [router('a', 'n1'), router('b', 'n1'), router('c', 'n2'), router('d', 'n10')];
const LINKS = [
  link('a-b', 'veth', 10, 'a', 'b'),
  link('a-b.2', 'veth', 7, 'b', 'a'),
  link('b-c', 'vxlan', 10, 'b', 'c'),
  link('lan1', 'segment', 10, 'a', 'c', 'd'),
];

function elementsOf(svg: string): XmlElement[] {
  const { root } = parseXml(svg);
  const all = root === null ? [] : [root];
  // The list grows while it is walked.
  for (const element of all) all.push(...element.children.filter((child) => child instanceof XmlElement));
  return all;
}

const named = (svg: string, name: string) => elementsOf(svg).filter((element) => element.name === name);
const textsOf = (svg: string) => named(svg, 'text').map(({ text }) => text);

test('a drawing names the overlay, its nodes with their routers, every router and every segment', () => {
  const svg = renderSvg('net', ROUTERS, LINKS);
  expect(textsOf(svg).filter((text) => text !== '7')).toEqual([
    ...['net', 'dashed: between nodes, cost 10 unless written', 'n1: 2', 'n2: 1', 'n10: 1'],
    ...['a', 'b', 'c', 'd', 'lan1'],
  ]);
  expect(named(svg, 'title').map(({ text }) => text)).toContain('c on n2');
  expect(named(svg, 'title')[0]?.text).toBe('net: 4 routers, 4 links');
});

test('lines are dashed between nodes, bows where links are parallel, and costs are written where they are unusual', () => {
  const svg = renderSvg('net', ROUTERS, LINKS);
  const paths = named(svg, 'path').map(({ attributes }) => attributes);
  expect(paths.map(({ d }) => d?.replace(/[^A-Z]/g, ''))).toEqual(['MQ', 'MQ', 'ML', 'ML', 'ML', 'ML']);
  expect(paths.map((path) => path['stroke-dasharray'] !== undefined)).toEqual([
    false,
    false,
    true,
    false,
    false,
    false,
  ]);
  expect(textsOf(svg)).toContain('7');
  const [first, second] = paths.map(({ d }) => d);
  expect(first).not.toBe(second);
});

test('nothing is said of dashes and costs where there are none', () => {
  const svg = renderSvg('net', ROUTERS.slice(0, 2), LINKS.slice(0, 1));
  expect(textsOf(svg)).toEqual(['net', 'n1: 2', 'a', 'b']);
  expect(textsOf(renderSvg('net', [], []))).toEqual(['net']);
});

test('everything lies within the drawing, also names of nodes in more rows than one', () => {
  const routers = Array.from({ length: 60 }, (_, index) => router(`a-long-name-${index}`, `n${index}`));
  const links = routers.slice(1).map(({ name }) => link(name, 'vxlan', null, 'a-long-name-0', name));
  const svg = renderSvg('net', routers, links);
  const [, , width = 0, height = 0] = (parseXml(svg).root?.attributes.viewBox ?? '').split(' ').map(Number);
  const shifts = [...svg.matchAll(/translate\(([\d.]+) ([\d.]+)\)/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ]);
  const groups = svg.split(/<g transform=/).slice(1);
  for (const [group, [right = 0, down = 0]] of groups.map(
    (text, index) => [text, shifts[index] ?? []] as const,
  )) {
    const rects = [
      ...group.matchAll(/<rect x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)"/g),
    ];
    expect(rects).toHaveLength(60);
    for (const [x = 0, y = 0, wide = 0, high = 0] of rects.map((rect) => rect.slice(1).map(Number))) {
      expect(Math.min(x + right, y + down)).toBeGreaterThanOrEqual(0);
      expect(x + right + wide).toBeLessThanOrEqual(width);
      expect(y + down + high).toBeLessThanOrEqual(height);
    }
  }
});

test('every colour can be told from white and from black, and white letters can be read on it', () => {
  const routers = Array.from({ length: 20 }, (_, index) => router(`r${index}`, `n${index}`));
  const svg = renderSvg('net', routers, [link('lan1', 'segment', null, 'r1', 'r2', 'r3')]);
  const colors = new Set(named(svg, 'rect').map(({ attributes }) => attributes.fill ?? ''));
  expect(colors.size).toBe(9);
  for (const color of colors) {
    const light = luminance(color);
    expect(1.05 / (light + 0.05)).toBeGreaterThanOrEqual(4.5);
    expect((light + 0.05) / 0.05).toBeGreaterThanOrEqual(3);
  }
});

test('names from elsewhere cannot become part of the drawing', () => {
  const evil = `<script x="1">&'\u0000\u001b[2J</script>`;
  const svg = renderSvg(evil, [router(evil, evil)], [link(evil, 'segment', 10, evil)]);
  expect(named(svg, 'script')).toEqual([]);
  expect(textsOf(svg)).toContain(`<script x="1">&'  [2J</script>`);
});

test('of thousands of routers no drawing is made, and what to do instead is said', () => {
  const routers = Array.from({ length: 2001 }, (_, index) => router(`r${index}`, 'n1'));
  expect(() => renderSvg('net', routers, [])).toThrow(
    'overlay net has 2001 routers, and a drawing of more than 2000 shows nothing; give what -o dot writes to sfdp',
  );
});

/** WCAG 2.2, relative luminance. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
