/** Numbers of which the smallest is taken first (a binary heap). */
export interface NumberHeap {
  push(value: number): void;
  /** Undefined when it is empty. */
  pop(): number | undefined;
}

export function createNumberHeap(): NumberHeap {
  const values: number[] = [];
  return {
    push(value) {
      values.push(value);
      rise(values, values.length - 1);
    },
    pop() {
      const smallest = values[0];
      const last = values.pop();
      if (last !== undefined && values.length > 0) {
        values[0] = last;
        sink(values, 0);
      }
      return smallest;
    },
  };
}

function rise(values: number[], from: number): void {
  let child = from;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    if (valueAt(values, parent) <= valueAt(values, child)) return;
    swap(values, parent, child);
    child = parent;
  }
}

function sink(values: number[], from: number): void {
  let parent = from;
  for (;;) {
    const left = 2 * parent + 1;
    const child = valueAt(values, left + 1) < valueAt(values, left) ? left + 1 : left;
    if (valueAt(values, parent) <= valueAt(values, child)) return;
    swap(values, parent, child);
    parent = child;
  }
}

function valueAt(values: readonly number[], index: number): number {
  return values[index] ?? Infinity;
}

function swap(values: number[], one: number, other: number): void {
  const value = valueAt(values, one);
  values[one] = valueAt(values, other);
  values[other] = value;
}
