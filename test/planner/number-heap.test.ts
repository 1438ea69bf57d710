import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createNumberHeap } from '../../src/planner/number-heap.ts';

test('a heap gives what was put in from the smallest on, also while more is put in', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 50 }))), (operations) => {
      const heap = createNumberHeap();
      const model: number[] = [];
      // A number is put in; null takes one out.
      for (const value of [...operations, ...operations.map(() => null)]) {
        if (value === null) expect(heap.pop()).toBe(model.sort((a, b) => a - b).shift());
        else {
          heap.push(value);
          model.push(value);
        }
      }
      expect(heap.pop()).toBe(model.sort((a, b) => a - b)[0]);
    }),
  );
});
