import { expect, test } from 'vitest';
import { RestartPauses } from '../../src/lab/restart-pauses.ts';

test('the first restart is at once, the next ones wait longer and longer, up to four seconds', () => {
  const pauses = new RestartPauses();
  const waited: number[] = [];
  for (let now = 0; waited.length < 7; ) {
    const pauseMs = pauses.pauseAfterDeath('n1', now);
    waited.push(pauseMs);
    now += pauseMs;
    pauses.started('n1', pauseMs, now);
  }
  expect(waited).toEqual([0, 1000, 2000, 4000, 4000, 4000, 4000]);
});

test('what ran well for five seconds is started at once again, and nobody waits for the fault of another', () => {
  const pauses = new RestartPauses();
  pauses.started('n1', 4000, 0);
  expect(pauses.pauseAfterDeath('n1', 4_999)).toBe(4_000);
  expect(pauses.pauseAfterDeath('n1', 5_000)).toBe(0);
  expect(pauses.pauseAfterDeath('n2', 0)).toBe(0);
});
