import { expect, it } from 'vitest';
import { processorTimeOf, startTimeOf } from '../../../src/agent/frr/process-table.ts';

it("counts the time of a process's main thread on a processor, and nothing once it is gone", () => {
  const before = processorTimeOf(process.pid);
  expect(before).toBeGreaterThan(0);
  const own = process.cpuUsage();
  while (process.cpuUsage(own).user < 100_000) JSON.stringify(process.versions);
  const used = processorTimeOf(process.pid) - before;
  expect(used).toBeGreaterThan(50);
  expect(processorTimeOf(2 ** 22 + 1)).toBe(0);
});

it('knows when a process was started', () => {
  expect(startTimeOf(process.pid)).toBeGreaterThan(0);
  expect(startTimeOf(2 ** 22 + 1)).toBe(0);
});
