import { expect, it } from 'vitest';
import { PacedQueue } from '../../../../src/agent/telemetry/fpm/paced-queue.ts';

const work = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('rests between tasks many times as long as they take', async () => {
  const queue = new PacedQueue();
  const began = performance.now();
  await Promise.all([queue.run(() => work(10)), queue.run(() => work(10)), queue.run(() => work(10))]);
  expect(performance.now() - began).toBeGreaterThan(150);
});

it('goes on after a task that fails, and says so to whoever asked for it', async () => {
  const queue = new PacedQueue();
  const failing = queue.run(() => Promise.reject(new Error('lost')));
  const next = queue.run(() => Promise.resolve('done'));
  await expect(failing).rejects.toThrow('lost');
  expect(await next).toBe('done');
});
