/** x and y. */
export type Point = readonly [number, number];

/**
 * Places for the vertices of a graph, where two that an edge joins are about 1 apart and all others as far as there
 * are edges between them. Minimises that stress by stochastic gradient descent (Zheng, Pawar, Goodman, "Graph Drawing
 * by Stochastic Gradient Descent", 2018), then turns the drawing so that it takes little room. The same graph always
 * looks the same. Time and memory grow with the square of the vertices.
 */
export function layOut(count: number, edges: readonly (readonly [number, number])[]): Point[] {
  const random = createRandom();
  const x = Float64Array.from({ length: count }, random);
  const y = Float64Array.from({ length: count }, random);
  const pairs = measurePairs(count, edges);
  const largest = pairs.distance.reduce((most, distance) => Math.max(most, distance), 1);
  const rounds = Math.min(MAX_ROUNDS, Math.max(MIN_ROUNDS, Math.round(MOVES / pairs.order.length)));
  for (let round = 0; round < rounds; round++) {
    shuffle(pairs.order, random);
    const step = largest ** 2 * (LAST_STEP / largest ** 2) ** (round / (rounds - 1));
    for (const pair of pairs.order) relax(pairs, pair, step, x, y);
  }
  return firstToTheLeft(turnCompact(Array.from(x, (value, index): Point => [value, y[index] ?? 0])));
}

/** Small graphs can be smoothed longer in the same time. */
const MOVES = 10_000_000;
const MIN_ROUNDS = 15;
const MAX_ROUNDS = 300;
const LAST_STEP = 0.01;

interface Pairs {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly distance: Float64Array;
  /** The pairs' numbers, in which they are gone through. */
  readonly order: Int32Array;
}

/** Moves the two of a pair towards their distance, far ones with less weight. */
function relax(pairs: Pairs, pair: number, step: number, x: Float64Array, y: Float64Array): void {
  const one = pairs.from[pair] ?? 0;
  const other = pairs.to[pair] ?? 0;
  const distance = pairs.distance[pair] ?? 1;
  const dx = (x[one] ?? 0) - (x[other] ?? 0);
  const dy = (y[one] ?? 0) - (y[other] ?? 0);
  const actual = Math.max(Math.sqrt(dx * dx + dy * dy), 1e-9);
  const move = (Math.min(1, step / distance ** 2) * (distance - actual)) / 2 / actual;
  x[one] = (x[one] ?? 0) + move * dx;
  y[one] = (y[one] ?? 0) + move * dy;
  x[other] = (x[other] ?? 0) - move * dx;
  y[other] = (y[other] ?? 0) - move * dy;
}

function measurePairs(count: number, edges: readonly (readonly [number, number])[]): Pairs {
  const neighbors: number[][] = Array.from({ length: count }, () => []);
  for (const [one, other] of edges) {
    neighbors[one]?.push(other);
    neighbors[other]?.push(one);
  }
  const size = (count * (count - 1)) / 2;
  const from = new Int32Array(size);
  const to = new Int32Array(size);
  const distance = new Float64Array(size);
  let pair = 0;
  for (let one = 0; one < count; one++) {
    const hops = countHops(neighbors, one);
    for (let other = one + 1; other < count; other++) {
      from[pair] = one;
      to[pair] = other;
      distance[pair++] = hops[other] ?? 1;
    }
  }
  return { from, to, distance, order: Int32Array.from({ length: size }, (_, index) => index) };
}

/** Edges from one vertex to each other; what no edges lead to is a little beyond the farthest. */
function countHops(neighbors: readonly (readonly number[])[], start: number): Int32Array {
  const hops = new Int32Array(neighbors.length).fill(-1);
  hops[start] = 0;
  const open = [start];
  let farthest = 0;
  // The list grows while it is walked: a search in breadth.
  for (const vertex of open) {
    farthest = hops[vertex] ?? 0;
    for (const neighbor of neighbors[vertex] ?? []) {
      if (hops[neighbor] !== -1) continue;
      hops[neighbor] = farthest + 1;
      open.push(neighbor);
    }
  }
  return hops.map((hop) => (hop === -1 ? farthest + 2 : hop));
}

/** Of turns by whole degrees the one whose bounding box is the smallest, lying rather than standing. */
function turnCompact(points: readonly Point[]): Point[] {
  let best: readonly Point[] = points;
  let smallest = Number.POSITIVE_INFINITY;
  for (let degrees = 0; degrees < 180; degrees++) {
    const turned = turn(points, (degrees * Math.PI) / 180);
    const [width, height] = extentOf(turned);
    const area = (width + 1) * (height + 1);
    // A turn that gains next to nothing would make a picture of chance.
    if (width < height || area > smallest * 0.999) continue;
    smallest = area;
    best = turned;
  }
  return [...best];
}

/** Mirrors a drawing so that its first vertex is left of its middle and above it, where reading begins. */
function firstToTheLeft(points: readonly Point[]): Point[] {
  const [sumX, sumY] = points.reduce(([x, y], point) => [x + point[0], y + point[1]], [0, 0]);
  const [firstX, firstY] = points[0] ?? [0, 0];
  const right = firstX * points.length > sumX ? -1 : 1;
  const down = firstY * points.length > sumY ? -1 : 1;
  return points.map(([x, y]) => [x * right, y * down]);
}

function turn(points: readonly Point[], angle: number): Point[] {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  return points.map(([x, y]) => [x * cosine - y * sine, x * sine + y * cosine]);
}

function extentOf(points: readonly Point[]): [number, number] {
  let [left, right, top, bottom] = [0, 0, 0, 0];
  const [originX, originY] = points[0] ?? [0, 0];
  for (const [x, y] of points) {
    left = Math.min(left, x - originX);
    right = Math.max(right, x - originX);
    top = Math.min(top, y - originY);
    bottom = Math.max(bottom, y - originY);
  }
  return [right - left, bottom - top];
}

/** Fisher and Yates. */
function shuffle(order: Int32Array, random: () => number): void {
  for (let last = order.length - 1; last > 0; last--) {
    const chosen = Math.floor(random() * (last + 1));
    const kept = order[last] ?? 0;
    order[last] = order[chosen] ?? 0;
    order[chosen] = kept;
  }
}

/** From 0 to less than 1, always the same row: a linear congruence modulo 2^32. */
function createRandom(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
