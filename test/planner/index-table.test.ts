import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assignIndexes, type IndexTable } from '../../src/planner/index-table.ts';

const names = fc.uniqueArray(fc.constantFrom(...'abcdefghij', 'constructor'), { maxLength: 11 });

describe('numbers by name', () => {
  test('stay with their names through any growth and shrinking, below the capacity, each given once', () => {
    fc.assert(
      fc.property(fc.array(names), (sequence) => {
        let before: IndexTable = {};
        for (const wanted of sequence) {
          const after = assignIndexes(wanted, before, { capacity: 11 });
          if (after === null) throw new Error('eleven names fit');
          expect(Object.keys(after).toSorted()).toEqual(wanted.toSorted());
          const indexes = Object.values(after);
          expect(new Set(indexes).size).toBe(indexes.length);
          for (const index of indexes) expect(index >= 0 && index < 11).toBe(true);
          for (const [name, index] of Object.entries(before)) {
            if (wanted.includes(name)) expect(new Map(Object.entries(after)).get(name)).toBe(index);
          }
          before = after;
        }
      }),
    );
  });

  test('are given lowest first', () => {
    expect(assignIndexes(['a', 'b', 'c'], { z: 1 }, { capacity: 9 })).toEqual({ a: 0, b: 2, c: 3 });
    expect(assignIndexes(['a', 'c', 'd'], { a: 0, c: 2 }, { capacity: 9 })).toEqual({ a: 0, c: 2, d: 1 });
  });

  test('that this change freed are taken last', () => {
    expect(assignIndexes(['b', 'c'], { a: 0, b: 1 }, { capacity: 3 })).toEqual({ b: 1, c: 2 });
    expect(assignIndexes(['b', 'c'], { a: 0, b: 1 }, { capacity: 2 })).toEqual({ b: 1, c: 0 });
  });

  test('are given anew where they do not fit any more', () => {
    expect(assignIndexes(['a', 'b'], { a: 7, b: 1 }, { capacity: 4 })).toEqual({ a: 0, b: 1 });
  });

  test('are not those of others, and run out', () => {
    const taken = new Set([0, 2]);
    expect(assignIndexes(['a', 'b'], {}, { capacity: 4, taken })).toEqual({ a: 1, b: 3 });
    expect(assignIndexes(['a', 'b', 'c'], {}, { capacity: 4, taken })).toBeNull();
  });
});
