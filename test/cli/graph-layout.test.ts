import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layOut, type Point } from '../../src/cli/graph-layout.ts';
import { type Box, spaceOut } from '../../src/cli/graph-spacing.ts';
import { expandTopology, type Spec } from '../../src/model/topology.ts';

function drawn(topology: Spec['topology']) {
  const { routers, links } = expandTopology({ topology });
  const edges = links.map(({ ends }): [number, number] => [
    routers.indexOf(ends[0]),
    routers.indexOf(ends[1]),
  ]);
  return { points: layOut(routers.length, edges), edges };
}

function distance(one: Point | undefined, other: Point | undefined): number {
  const [[x1, y1], [x2, y2]] = [one ?? [Number.NaN, 0], other ?? [Number.NaN, 0]];
  return Math.hypot(x1 - x2, y1 - y2);
}

test.each([
  { kind: 'line', routers: 20 },
  { kind: 'ring', routers: 30 },
  { kind: 'grid', rows: 5, columns: 6 },
  { kind: 'tree', routers: 15 },
] satisfies Spec['topology'][])(
  'a $kind is drawn so that links are about equally long, and no two routers meet',
  (topology) => {
    const { points, edges } = drawn(topology);
    for (const [one, other] of edges) {
      expect(distance(points[one], points[other])).toBeGreaterThan(0.6);
      expect(distance(points[one], points[other])).toBeLessThan(1.4);
    }
    for (const [index, point] of points.entries()) {
      for (const other of points.slice(index + 1)) expect(distance(point, other)).toBeGreaterThan(0.4);
    }
  },
);

test('a ring is drawn round, and a grid as a rectangle with its first router where reading begins', () => {
  const ring = drawn({ kind: 'ring', routers: 40 }).points;
  const radii = ring.map((point) =>
    distance(point, [mean(ring.map(([x]) => x)), mean(ring.map(([, y]) => y))]),
  );
  expect(Math.max(...radii) / Math.min(...radii)).toBeLessThan(1.1);

  const grid = drawn({ kind: 'grid', rows: 4, columns: 7 }).points;
  const [first = [Number.NaN, 0], ...others] = grid;
  const nearer = others.filter(([x, y]) => x + y < first[0] + first[1]);
  expect(nearer).toEqual([]);
});

test('the same graph always looks the same, and one without links or vertices is no trouble', () => {
  const topology = { kind: 'mesh', routers: 9 } as const;
  expect(drawn(topology)).toEqual(drawn(topology));
  expect(layOut(0, [])).toEqual([]);
  expect(layOut(1, [])).toHaveLength(1);
  const apart = layOut(4, [[0, 1]]);
  expect(apart.flat().every(Number.isFinite)).toBe(true);
  expect(distance(apart[0], apart[2])).toBeGreaterThan(distance(apart[0], apart[1]));
});

test('no label lies on another, wherever they would be', () => {
  const label = fc.record({
    x: fc.double({ min: -200, max: 200, noNaN: true }),
    y: fc.double({ min: -200, max: 200, noNaN: true }),
    width: fc.integer({ min: 20, max: 130 }),
    height: fc.constant(20),
  });
  fc.assert(
    fc.property(fc.array(label, { maxLength: 40 }), (labels) => {
      const places = spaceOut(
        labels.map(({ x, y }) => [x, y]),
        labels,
        10,
      );
      expect(overlaps(places, labels)).toEqual([]);
    }),
  );
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function overlaps(places: readonly Point[], boxes: readonly Box[]): [number, number][] {
  return boxes.flatMap((box, one) =>
    boxes.slice(one + 1).flatMap((other, index): [number, number][] => {
      const [[x1, y1], [x2, y2]] = [places[one] ?? [0, 0], places[one + 1 + index] ?? [0, 0]];
      const meets =
        Math.abs(x1 - x2) < (box.width + other.width) / 2 &&
        Math.abs(y1 - y2) < (box.height + other.height) / 2;
      return meets ? [[one, one + 1 + index]] : [];
    }),
  );
}
