import { beforeEach, describe, expect, it } from 'vitest';
import { Convergence } from '../../src/controller/overlays/convergence.ts';

describe('how long an overlay takes to converge', () => {
  let now: number;
  let convergence: Convergence;
  beforeEach(() => {
    now = 1_000;
    convergence = new Convergence(() => now, null);
    convergence.committed();
  });

  it('is the time to the last route change that any node tells of', () => {
    now = 3_000;
    convergence.reported('n1', { firstAgoMs: 1_500, lastAgoMs: 700 });
    convergence.reported('n2', { firstAgoMs: 1_400, lastAgoMs: 400 });
    expect(convergence.tookMs).toBeNull();
    convergence.ready();
    expect(convergence.tookMs).toBe(1_600);
    expect(convergence.latest).toEqual({ first: 1_500, last: 2_600 });
  });

  it('grows with better routes that follow, not with what happens later', () => {
    now = 3_000;
    convergence.reported('n1', { firstAgoMs: 1_500, lastAgoMs: 700 });
    convergence.ready();
    now = 4_000;
    convergence.reported('n1', { firstAgoMs: 2_500, lastAgoMs: 500 });
    expect(convergence.tookMs).toBe(2_500);
    now = 60_000;
    convergence.reported('n1', { firstAgoMs: 300, lastAgoMs: 100 });
    expect(convergence.tookMs).toBe(2_500);
    expect(convergence.latest).toEqual({ first: 59_700, last: 59_900 });
  });

  it('is the time until all are ready where no route changed', () => {
    now = 3_000;
    convergence.reported('n1', { firstAgoMs: 90_000, lastAgoMs: 80_000 });
    convergence.ready();
    expect(convergence.tookMs).toBe(2_000);
  });
});
