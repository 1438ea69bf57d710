import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CalmStarts } from '../../../../src/agent/frr/bring-up/calm-starts.ts';
import type { NodeState } from '../../../../src/model/node-state.ts';
import { buildOverlay, statesOf } from '../../../planner/overlay-builder.ts';

const CONFIG = 'router ospf\n timers throttle spf 0 50 500\n';
const MINUTE_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('daemons that start together are calm until all of their routers have all routes', async () => {
  const { starts, told, complete } = watch();
  const desired = ringOf(20);
  await starts.begin(desired, startsOf(desired));
  expect(told).toEqual(startsOf(desired).map(({ namespace }) => `adjust ${namespace} ospfd`));

  told.length = 0;
  for (const { namespace } of startsOf(desired).slice(1)) complete.add(namespace);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told).toEqual([]);
  complete.add('net_r1');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told).toEqual(startsOf(desired).map(({ namespace }) => `restore ${namespace} ospfd`));

  told.length = 0;
  await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
  expect(told).toEqual([]);
  starts.close();
});

test('routers that never get their routes are not calm for ever', async () => {
  const { starts, told } = watch();
  const desired = ringOf(20);
  await starts.begin(desired, startsOf(desired));
  told.length = 0;
  await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
  expect(told).toHaveLength(20);
  starts.close();
});

test('one router that starts among many waits for nobody', async () => {
  const { starts, told } = watch();
  const desired = ringOf(200);
  await starts.begin(desired, startsOf(desired).slice(0, 1));
  expect(told).toEqual([]);
  starts.close();
});

test('a daemon that does not take it is none of the others’ business', async () => {
  const { starts, told, complete } = watch('net_r3');
  const desired = ringOf(20);
  await starts.begin(desired, startsOf(desired));
  for (const { namespace } of startsOf(desired)) complete.add(namespace);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told.filter((line) => line.startsWith('restore'))).toHaveLength(20);
  starts.close();
});

function watch(broken = '') {
  const told: string[] = [];
  const complete = new Set<string>();
  const tell = (word: string) => async (pathspace: string, daemon: string) => {
    told.push(`${word} ${pathspace} ${daemon}`);
    if (pathspace === broken) throw new Error('not running');
  };
  const starts = new CalmStarts({
    frr: { adjust: tell('adjust'), restore: tell('restore') },
    now: () => Date.now(),
    isComplete: (namespace) => complete.has(namespace),
  });
  return { starts, told, complete };
}

function ringOf(routers: number): NodeState {
  const overlay = buildOverlay({ kind: 'ring', routers }, { placement: { nodes: ['n1'] } });
  return statesOf(overlay).get('n1') ?? expect.fail();
}

function startsOf({ overlays }: NodeState) {
  const environments = overlays.flatMap((overlay) => overlay.environments);
  return environments.map(({ namespace }) => ({ namespace, daemon: 'ospfd' as const, config: CONFIG }));
}
