import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PassingLines } from '../../../../src/agent/frr/bring-up/passing-lines.ts';

const CALM = { commands: ['calm'], undo: ['usual'] };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('lines are in force until they are taken back, once', async () => {
  const { passing, told } = watch();
  await passing.give(CALM);
  expect(passing.inForce).toBe(true);
  await passing.takeBack();
  await passing.takeBack();
  expect(passing.inForce).toBe(false);
  expect(told).toEqual(['calm', 'usual']);
});

test('a daemon that could not be told keeps them no longer than a minute, and is told then', async () => {
  const { passing, told, daemon } = watch();
  await passing.give(CALM);
  daemon.answers = false;
  await expect(passing.takeBack()).rejects.toThrow();
  expect(passing.inForce).toBe(true);
  vi.advanceTimersByTime(61_000);
  expect(passing.inForce).toBe(false);
  daemon.answers = true;
  await passing.takeBack();
  expect(told).toEqual(['calm', 'usual']);
});

test('lines that leave a daemon as it was are not in force, and make nothing last longer', async () => {
  const { passing, told } = watch();
  await passing.give({ commands: ['hello'], undo: [] });
  expect(passing.inForce).toBe(false);
  await passing.give(CALM);
  vi.advanceTimersByTime(59_000);
  await passing.give({ commands: ['hello'], undo: [] });
  vi.advanceTimersByTime(2_000);
  expect(passing.inForce).toBe(false);
  await passing.takeBack();
  expect(told).toEqual(['hello', 'calm', 'hello', 'usual']);
});

test('a new process has none of them', async () => {
  const { passing, told } = watch();
  await passing.give(CALM);
  passing.forget();
  await passing.takeBack();
  expect(told).toEqual(['calm']);
});

function watch() {
  const told: string[] = [];
  const daemon = { answers: true };
  const client = {
    configure: async (lines: readonly string[]) => {
      if (!daemon.answers) throw new Error('no answer');
      told.push(...lines);
      return [];
    },
  };
  return { passing: new PassingLines(async () => ({ client }), 1_000), told, daemon };
}
