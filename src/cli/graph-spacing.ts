import type { Point } from './graph-layout.ts';

export interface Box {
  readonly width: number;
  readonly height: number;
}

/**
 * Moves boxes (given by their centres) as little apart as it takes until none lies on another, or the rounds are used
 * up. Boxes are looked for in cells of the largest box's size, so the time grows with their number only.
 */
export function spaceOut(centers: readonly Point[], boxes: readonly Box[], gap: number): Point[] {
  const x = Float64Array.from(centers, ([value]) => value);
  const y = Float64Array.from(centers, ([, value]) => value);
  const cell = boxes.reduce((most, { width, height }) => Math.max(most, width, height), 1) + gap;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (!separateAll(x, y, boxes, gap, cell)) break;
  }
  return centers.map((_, index): Point => [x[index] ?? 0, y[index] ?? 0]);
}

const MAX_ROUNDS = 300;

/** One round. Says whether anything had to move. */
function separateAll(
  x: Float64Array,
  y: Float64Array,
  boxes: readonly Box[],
  gap: number,
  cell: number,
): boolean {
  const cells = new Map<string, number[]>();
  const cellOf = (value: number) => Math.floor(value / cell);
  let moved = false;
  for (const one of boxes.keys()) {
    const [column, row] = [cellOf(x[one] ?? 0), cellOf(y[one] ?? 0)];
    for (const [right, down] of AROUND) {
      for (const other of cells.get(`${column + right} ${row + down}`) ?? []) {
        moved = separate(x, y, boxes, gap, one, other) || moved;
      }
    }
    const key = `${column} ${row}`;
    const here = cells.get(key);
    if (here === undefined) cells.set(key, [one]);
    else here.push(one);
  }
  return moved;
}

const AROUND = [-1, 0, 1].flatMap((right) => [-1, 0, 1].map((down) => [right, down] as const));

/** Along the axis on which less is missing, each half of it. */
function separate(
  x: Float64Array,
  y: Float64Array,
  boxes: readonly Box[],
  gap: number,
  one: number,
  other: number,
): boolean {
  const [first, second] = [boxes[one], boxes[other]];
  if (first === undefined || second === undefined) return false;
  const dx = (x[one] ?? 0) - (x[other] ?? 0);
  const dy = (y[one] ?? 0) - (y[other] ?? 0);
  const missingX = (first.width + second.width) / 2 + gap - Math.abs(dx);
  const missingY = (first.height + second.height) / 2 + gap - Math.abs(dy);
  if (missingX <= TOLERANCE || missingY <= TOLERANCE) return false;
  const values = missingX < missingY ? x : y;
  const half = (missingX < missingY ? missingX * (dx < 0 ? -1 : 1) : missingY * (dy < 0 ? -1 : 1)) / 2;
  values[one] = (values[one] ?? 0) + half;
  values[other] = (values[other] ?? 0) - half;
  return true;
}

/** Pixels that nobody sees. */
const TOLERANCE = 0.1;
