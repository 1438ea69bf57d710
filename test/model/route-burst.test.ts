import { describe, expect, it } from 'vitest';
import { BURST_PAUSE_MS, extendBurst, joinBursts, type RouteBurst } from '../../src/model/route-burst.ts';

describe('a burst of route changes', () => {
  it('lasts until they pause', () => {
    let burst: RouteBurst | null = null;
    for (const now of [100, 900, 900 + BURST_PAUSE_MS]) burst = extendBurst(burst, now);
    expect(burst).toEqual({ first: 100, last: 900 + BURST_PAUSE_MS });
    expect(extendBurst(burst, 2_000 + 2 * BURST_PAUSE_MS)).toEqual({
      first: 2_000 + 2 * BURST_PAUSE_MS,
      last: 2_000 + 2 * BURST_PAUSE_MS,
    });
  });

  it('is one over several places where their times touch, and the latest where they do not', () => {
    expect(joinBursts([])).toBeNull();
    const early = { first: 0, last: 1_000 };
    const middle = { first: 20_000, last: 21_000 };
    const late = { first: 21_000 + BURST_PAUSE_MS, last: 30_000 };
    expect(joinBursts([late, early, middle])).toEqual({ first: 20_000, last: 30_000 });
    expect(joinBursts([early, middle])).toEqual(middle);
  });
});
