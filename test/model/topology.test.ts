import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkOverlay } from '../../src/model/overlay-check.ts';
import { countLinks, expandTopology, type Topology, type TopologySpec } from '../../src/model/topology.ts';
import { buildOverlay } from '../planner/overlay-builder.ts';

const sizes = fc.integer({ min: 3, max: 80 });

function expand(topology: TopologySpec): Topology {
  const overlay = buildOverlay(topology);
  expect(checkOverlay(overlay)).toEqual([]);
  return expandTopology(overlay.spec);
}

function degrees({ routers, links }: Topology): number[] {
  return routers.map((router) => links.filter(({ ends }) => ends.includes(router)).length);
}

function isConnected({ routers, links, segments }: Topology): boolean {
  const groups = [...links.map(({ ends }) => ends), ...segments.map(({ members }) => members)];
  const reached = new Set(routers.slice(0, 1));
  for (let grew = true; grew; ) {
    const before = reached.size;
    for (const group of groups) {
      if (group.some((router) => reached.has(router))) for (const router of group) reached.add(router);
    }
    grew = reached.size > before;
  }
  return reached.size === routers.length;
}

describe('every generated topology', () => {
  test.each(['line', 'ring', 'star', 'bus', 'mesh', 'tree', 'grid'] as const)(
    '%s is connected, links no router to itself, and has as many links as were counted',
    (kind) => {
      fc.assert(
        fc.property(fc.integer({ min: 3, max: 40 }), (routers) => {
          const topology = expand({ kind, routers });
          expect(topology.routers).toEqual(Array.from({ length: routers }, (_, index) => `r${index + 1}`));
          expect(isConnected(topology)).toBe(true);
          expect(topology.links.every(({ ends: [one, other] }) => one !== other)).toBe(true);
          expect(new Set(topology.links.map(({ name }) => name)).size).toBe(topology.links.length);
          expect(topology.links.length).toBe(countLinks({ kind, routers }, routers));
        }),
      );
    },
  );
});

describe('a topology', () => {
  test('line has two ends, and all others have two neighbours', () => {
    fc.assert(
      fc.property(sizes, (routers) => {
        const found = degrees(expand({ kind: 'line', routers }));
        expect(found.filter((degree) => degree === 1).length).toBe(2);
        expect(Math.max(...found)).toBe(2);
      }),
    );
  });

  test('ring gives every router two neighbours and is closed by its last link', () => {
    fc.assert(
      fc.property(sizes, (routers) => {
        expect(new Set(degrees(expand({ kind: 'ring', routers })))).toEqual(new Set([2]));
      }),
    );
    expect(expand({ kind: 'ring', routers: 4 }).links.map(({ name }) => name)).toEqual([
      'r1-r2',
      'r2-r3',
      'r3-r4',
      'r4-r1',
    ]);
  });

  test('star has r1 in its middle', () => {
    const [hub, ...leaves] = degrees(expand({ kind: 'star', routers: 9 }));
    expect(hub).toBe(8);
    expect(new Set(leaves)).toEqual(new Set([1]));
  });

  test('mesh links each router with every other', () => {
    expect(new Set(degrees(expand({ kind: 'mesh', routers: 7 })))).toEqual(new Set([6]));
  });

  test('bus is one segment of all routers', () => {
    const { links, segments, routers } = expand({ kind: 'bus', routers: 5 });
    expect(links).toEqual([]);
    expect(segments).toMatchObject([{ name: 'lan1', members: routers, cost: null }]);
  });

  test('tree gives each router as many children as were said, level by level', () => {
    const { links } = expand({ kind: 'tree', routers: 7, branching: 3 });
    expect(links.map(({ name }) => name)).toEqual(['r1-r2', 'r1-r3', 'r1-r4', 'r2-r5', 'r2-r6', 'r2-r7']);
  });

  test('grid is filled row by row, and its last row may be short', () => {
    const { links, routers } = expand({ kind: 'grid', routers: 5 });
    expect(routers.length).toBe(5);
    expect(links.map(({ name }) => name).toSorted()).toEqual(
      ['r1-r2', 'r2-r3', 'r1-r4', 'r2-r5', 'r4-r5'].toSorted(),
    );
    expect(expand({ kind: 'grid', rows: 2, columns: 3 }).routers.length).toBe(6);
  });

  test('takes the cost of one link from the file, whichever end is named first', () => {
    const links = [{ between: ['r1', 'r4'], cost: 7 }];
    const costs = expand({ kind: 'ring', routers: 4, links }).links.map(({ cost }) => cost);
    expect(costs).toEqual([null, null, null, 7]);
  });
});

describe('a custom topology', () => {
  const routers = ['a', 'b', 'c', 'lan1'];

  test('names links by their ends, segments lan1 and on, and avoids names that are taken', () => {
    const { links, segments } = expand({
      kind: 'custom',
      routers,
      links: [
        ['b', 'a'],
        ['a', 'b', 'c'],
        ['a', 'c', 'lan1'],
        { name: 'core', between: ['a', 'b', 'lan1'], cost: 3 },
      ],
    });
    expect(links.map(({ name, interfaces }) => ({ name, interfaces }))).toEqual([
      { name: 'b-a', interfaces: ['a', 'b'] },
    ]);
    expect(segments.map(({ name, cost }) => ({ name, cost }))).toEqual([
      { name: 'lan2', cost: null },
      { name: 'lan3', cost: null },
      { name: 'core', cost: 3 },
    ]);
  });

  test('tells parallel links and their interfaces apart', () => {
    const { links } = expand({
      kind: 'custom',
      routers: ['a', 'b'],
      links: [
        ['a', 'b'],
        ['a', 'b'],
        ['b', 'a'],
      ],
    });
    expect(links.map(({ name, interfaces }) => [name, ...interfaces])).toEqual([
      ['a-b', 'b', 'a'],
      ['a-b.2', 'b.2', 'a.2'],
      ['b-a', 'a.3', 'b.3'],
    ]);
  });

  test('tells links apart whose names read the same', () => {
    const { links } = expand({
      kind: 'custom',
      routers: ['a', 'a-b', 'b-c', 'c'],
      links: [
        ['a', 'b-c'],
        ['a-b', 'c'],
        ['a', 'c'],
      ],
    });
    expect(links.map(({ name }) => name)).toEqual(['a-b-c', 'a-b-c.2', 'a-c']);
  });
});
