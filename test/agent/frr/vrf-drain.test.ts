import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { awaitVrfDrained } from '../../../src/agent/frr/vrf-drain.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LEARNT = { protocol: 'ospf', installed: true };
const OWN = { protocol: 'connected', installed: true };

test('a VRF is drained when neither family has a route that a protocol told, and nothing is on its way', async () => {
  const zebra = { v4: [LEARNT, OWN], v6: [OWN], queue: 0 };
  const drained = watch(zebra);
  await vi.advanceTimersByTimeAsync(100);
  expect(drained()).toBe(false);
  zebra.v4 = [OWN];
  zebra.v6 = [{ ...LEARNT, protocol: 'bgp' }];
  await vi.advanceTimersByTimeAsync(100);
  expect(drained()).toBe(false);
  zebra.v6 = [];
  zebra.queue = 3;
  await vi.advanceTimersByTimeAsync(100);
  expect(drained()).toBe(false);
  zebra.queue = 0;
  await vi.advanceTimersByTimeAsync(100);
  expect(drained()).toBe(true);
});

test('a route that is known and not in the kernel holds nobody up, one that is being removed does', async () => {
  const idle = watch({ v4: [{ protocol: 'ospf', installed: false }], v6: [], queue: 0 });
  const removing = watch({ v4: [{ protocol: 'ospf', installed: false, queued: true }], v6: [], queue: 0 });
  await vi.advanceTimersByTimeAsync(100);
  expect(idle()).toBe(true);
  expect(removing()).toBe(false);
});

test('nobody waits for ever', async () => {
  const drained = watch({ v4: [LEARNT], v6: [], queue: 0 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(drained()).toBe(true);
});

interface Zebra {
  v4: readonly unknown[];
  v6: readonly unknown[];
  queue: number;
}

/** Tells whether it has come to an end. */
function watch(zebra: Zebra): () => boolean {
  let done = false;
  void awaitVrfDrained(async (question) => {
    if (question === 'show fpm counters json') return { 'data-plane-contexts-queue': zebra.queue };
    return { '10.0.0.1/32': question.includes('ipv6') ? zebra.v6 : zebra.v4 };
  }, 'r1').then(() => {
    done = true;
  });
  return () => done;
}
