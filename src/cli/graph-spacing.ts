import type { Point } from './graph-layout.ts';

export interface Box {
  readonly width: number;
  readonly height: number;
}

/**
 * Centres of boxes with none on another, as far as some hundred rounds go: where many are crowded the whole drawing
 * grows, then those that still meet move as little apart as it takes. Boxes are looked for in cells of the largest
 * one's size, so that time does not grow with the square of their number.
 */
export function spaceOut(centers: readonly Point[], boxes: readonly Box[], gap: number): Point[] {
  const cell = boxes.reduce((most, { width, height }) => Math.max(most, width, height), 1) + gap;
  const grown = growUntilSparse({ x: [], y: [], boxes, gap, cell }, centers);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (separateAll(grown) === 0) break;
  }
  return grown.x.map((x, index): Point => [x, grown.y[index] ?? 0]);
}

const MAX_ROUNDS = 300;
const GROWTH = 1.2;
/** A drawing that is larger than this leaves its lines too long to follow. */
const MAX_GROWTH = 12;
/** Of all boxes those that may meet others before the drawing grows. */
const CROWDED_SHARE = 0.1;
/** Pixels that nobody sees. */
const TOLERANCE = 0.1;

interface Arrangement {
  readonly x: number[];
  readonly y: number[];
  readonly boxes: readonly Box[];
  readonly gap: number;
  readonly cell: number;
}

function growUntilSparse(empty: Arrangement, centers: readonly Point[]): Arrangement {
  for (let scale = 1; ; scale *= GROWTH) {
    const grown = {
      ...empty,
      x: centers.map(([x]) => x * scale),
      y: centers.map(([, y]) => y * scale),
    };
    if (scale > MAX_GROWTH || !isCrowded(grown)) return grown;
  }
}

function isCrowded(arrangement: Arrangement): boolean {
  const most = arrangement.boxes.length * CROWDED_SHARE;
  let count = 0;
  for (const [one, other] of nearPairs(arrangement)) {
    if (missing(arrangement, one, other) !== null && ++count > most) return true;
  }
  return false;
}

/** One round. How many pairs had to move. */
function separateAll(arrangement: Arrangement): number {
  let moved = 0;
  for (const [one, other] of nearPairs(arrangement)) {
    const move = missing(arrangement, one, other);
    if (move === null) continue;
    moved++;
    const values = move.axis === 'x' ? arrangement.x : arrangement.y;
    values[one] = (values[one] ?? 0) + move.length / 2;
    values[other] = (values[other] ?? 0) - move.length / 2;
  }
  return moved;
}

/** How far the first would have to move for two boxes to lie apart, along the axis on which that is less. */
function missing(
  { x, y, boxes, gap }: Arrangement,
  one: number,
  other: number,
): { axis: 'x' | 'y'; length: number } | null {
  const [first, second] = [boxes[one], boxes[other]];
  if (first === undefined || second === undefined) return null;
  const dx = (x[one] ?? 0) - (x[other] ?? 0);
  const dy = (y[one] ?? 0) - (y[other] ?? 0);
  const missingX = (first.width + second.width) / 2 + gap - Math.abs(dx);
  const missingY = (first.height + second.height) / 2 + gap - Math.abs(dy);
  if (missingX <= TOLERANCE || missingY <= TOLERANCE) return null;
  return missingX < missingY
    ? { axis: 'x', length: dx < 0 ? -missingX : missingX }
    : { axis: 'y', length: dy < 0 ? -missingY : missingY };
}

/** All that lie in one cell or in two that touch. */
function* nearPairs({ x, y, boxes, cell }: Arrangement): Generator<[number, number]> {
  const cells = new Map<string, number[]>();
  for (const one of boxes.keys()) {
    const column = Math.floor((x[one] ?? 0) / cell);
    const row = Math.floor((y[one] ?? 0) / cell);
    for (const [right, down] of AROUND) {
      for (const other of cells.get(`${column + right} ${row + down}`) ?? []) yield [one, other];
    }
    const key = `${column} ${row}`;
    const here = cells.get(key);
    if (here === undefined) cells.set(key, [one]);
    else here.push(one);
  }
}

const AROUND = [-1, 0, 1].flatMap((right) => [-1, 0, 1].map((down) => [right, down] as const));
