import { describe, expect, it } from 'vitest';
import { DaemonRestarts } from '../../../src/agent/reconciler/daemon-restarts.ts';
import { RetrySchedule } from '../../../src/agent/reconciler/retry-schedule.ts';

describe('what failed', () => {
  it('is tried again after pauses that double up to a limit', () => {
    let now = 0;
    const schedule = new RetrySchedule(() => now, 100, 1_000);
    const pauses = Array.from({ length: 6 }, () => {
      schedule.failed('x');
      const pause = schedule.nextInMs(now);
      expect(schedule.mayTry('x')).toBe(false);
      now += pause ?? 0;
      expect(schedule.mayTry('x')).toBe(true);
      return pause;
    });
    expect(pauses).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it('holds up nothing else, and is forgotten once it succeeded', () => {
    const schedule = new RetrySchedule(() => 0, 100, 1_000);
    schedule.failed('x');
    expect(schedule.mayTry('y')).toBe(true);
    schedule.succeeded('x');
    expect(schedule.mayTry('x')).toBe(true);
    expect(schedule.nextInMs(0)).toBeNull();
  });
});

describe('a pause that ends while nobody looks', () => {
  it('is not slept over by who found it still lasting, and wakes nobody twice', () => {
    let now = 0;
    const schedule = new RetrySchedule(() => now, 100, 1_000);
    schedule.failed('x');
    now = 99;
    const judgedAt = now;
    expect(schedule.mayTry('x')).toBe(false);
    now = 105;
    expect(schedule.nextInMs(judgedAt)).toBe(0);
    expect(schedule.nextInMs(now)).toBeNull();
  });
});

describe('a daemon that died', () => {
  it('is started again at once, and with growing pauses while it keeps dying', () => {
    let now = 0;
    const restarts = new DaemonRestarts(() => now);
    restarts.died('ring_r1', 'ospfd');
    expect(restarts.mayStart('ring_r1', 'ospfd')).toBe(true);
    now += 500;
    restarts.died('ring_r1', 'ospfd');
    expect(restarts.mayStart('ring_r1', 'ospfd')).toBe(false);
    expect(restarts.mayStart('ring_r1', 'zebra')).toBe(true);
    expect(restarts.nextInMs(now)).toBe(1_000);
    expect(restarts.countOf('ring_r1', 'ospfd')).toBe(2);
  });

  it('is as good as new after a minute of life', () => {
    let now = 0;
    const restarts = new DaemonRestarts(() => now);
    restarts.died('ring_r1', 'ospfd');
    restarts.died('ring_r1', 'ospfd');
    now += 60_000;
    restarts.died('ring_r1', 'ospfd');
    expect(restarts.mayStart('ring_r1', 'ospfd')).toBe(true);
  });

  it('is forgotten with its router, and only with that one', () => {
    const restarts = new DaemonRestarts(() => 0);
    restarts.died('ring_r1', 'ospfd');
    restarts.died('ring_r10', 'ospfd');
    restarts.forget('ring_r1');
    expect(restarts.countOf('ring_r1', 'ospfd')).toBe(0);
    expect(restarts.countOf('ring_r10', 'ospfd')).toBe(1);
  });
});
