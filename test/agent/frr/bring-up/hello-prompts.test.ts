import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HelloPrompts } from '../../../../src/agent/frr/bring-up/hello-prompts.ts';
import type { NodeState } from '../../../../src/model/node-state.ts';
import type { RoutingSpec } from '../../../../src/model/routing-schema.ts';
import { buildOverlay, statesOf } from '../../../planner/overlay-builder.ts';

const MINUTE_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('who has heard a neighbour that has not heard him says hello, until he is heard', async () => {
  const { prompts, asked, said, states } = watch();
  states.set('net_r1', { r2: 'Init', r3: 'Full' });
  const done = prompts.prompt(threeRouters(), [
    { namespace: 'net_r1', name: 'r2' },
    { namespace: 'net_r1', name: 'r3' },
  ]);
  await vi.advanceTimersByTimeAsync(100);
  expect(said[0]).toBe('net_r1 interface r2');
  expect(new Set(said)).toEqual(new Set(said.slice(0, 1)));
  states.set('net_r1', { r2: 'ExStart', r3: 'Full' });
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  await done;
  expect(new Set(asked)).toEqual(new Set(['net_r1']));
});

test('who has heard nobody is looked at again for a while, and then left alone', async () => {
  const { prompts, asked, said } = watch();
  const done = prompts.prompt(threeRouters(), [{ namespace: 'net_r1', name: 'r2' }]);
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  await done;
  expect(asked.length).toBeGreaterThan(1);
  expect(said).toEqual([]);
});

test('shared daemons are told by their own name for the interface', async () => {
  const { prompts, said, states } = watch();
  states.set('net_r1', { r2: 'Init' });
  const done = prompts.prompt(threeRouters({ instance: 'shared' }), [{ namespace: 'net_r1', name: 'r2' }]);
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  await done;
  expect(said[0]).toBe('net_frr_n1 interface r2 vrf r1');
});

test('interfaces without OSPF, and answers that are none, cost nothing', async () => {
  const { prompts, asked, said, states } = watch();
  await prompts.prompt(threeRouters({ protocol: 'rip' }), [{ namespace: 'net_r1', name: 'r2' }]);
  await prompts.prompt(threeRouters(), [{ namespace: 'net_r1', name: 'lo' }]);
  expect(asked).toEqual([]);
  states.set('net_r1', null);
  await Promise.all([
    prompts.prompt(threeRouters(), [{ namespace: 'net_r1', name: 'r2' }]),
    vi.advanceTimersByTimeAsync(MINUTE_MS),
  ]);
  expect(said).toEqual([]);
});

test('nothing goes on once it is closed', async () => {
  const { prompts, asked } = watch();
  const done = prompts.prompt(threeRouters(), [{ namespace: 'net_r1', name: 'r2' }]);
  prompts.close();
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  await done;
  expect(asked).toEqual([]);
});

function watch() {
  const asked: string[] = [];
  const said: string[] = [];
  /** Of each router's neighbours, by interface; null where it does not answer. */
  const states = new Map<string, Readonly<Record<string, string>> | null>();
  const prompts = new HelloPrompts({
    routers: {
      ask: async (namespace) => {
        asked.push(namespace);
        const found = states.get(namespace);
        if (found === null) throw new Error('not running');
        return { neighbors: Object.fromEntries(Object.entries(found ?? {}).map(neighborOf)) };
      },
    },
    frr: {
      sayHello: async (pathspace, headers) => void said.push(`${pathspace} ${headers.join()}`),
    },
  });
  return { prompts, asked, said, states };
}

function neighborOf([device, state]: [string, string]) {
  return [
    `10.0.0.${device.slice(1)}`,
    [{ ifaceName: `${device}:10.128.0.0`, nbrState: `${state}/-` }],
  ] as const;
}

function threeRouters(routing: RoutingSpec = {}): NodeState {
  const overlay = buildOverlay({ kind: 'ring', routers: 3 }, { placement: { nodes: ['n1'] }, routing });
  return statesOf(overlay).get('n1') ?? expect.fail();
}
