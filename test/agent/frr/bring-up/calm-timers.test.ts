import { expect, test } from 'vitest';
import { calmTimers } from '../../../../src/agent/frr/bring-up/calm-timers.ts';

const OSPF = 'hostname r1\nrouter ospf\n ospf router-id 10.0.0.1\n timers throttle spf 0 50 500\n';

test('of few routers nobody waits for the others', () => {
  expect(calmTimers(OSPF, 15)).toBeNull();
});

test('of many each gathers news, the longer the more they are, and goes back to its own timers', () => {
  expect(calmTimers(OSPF, 200)).toEqual({
    commands: ['router ospf', ' timers throttle spf 1000 1000 5000'],
    undo: ['router ospf', ' timers throttle spf 0 50 500'],
  });
  expect(calmTimers(OSPF, 5_000)?.commands[1]).toBe(' timers throttle spf 3000 3000 15000');
});

test('every router of a shared daemon is spoken to', () => {
  const shared = ['r1', 'r2'].map((vrf) => OSPF.replace('router ospf', `router ospf vrf ${vrf}`)).join('');
  expect(calmTimers(shared, 20)?.commands).toEqual([
    ...['router ospf vrf r1', ' timers throttle spf 100 100 500'],
    ...['router ospf vrf r2', ' timers throttle spf 100 100 500'],
  ]);
});

test('what waits longer already is left alone, and what says nothing of it too', () => {
  expect(calmTimers('router ospf\n timers throttle spf 1000 2000 10000\n', 20)).toBeNull();
  expect(calmTimers('router ospf\n ospf router-id 10.0.0.1\n', 200)).toBeNull();
  expect(calmTimers('hostname r1\nzebra dplane limit 10000\n', 200)).toBeNull();
});

test('IS-IS is told in its own words', () => {
  const line = ' spf-delay-ietf init-delay 0 short-delay 50 long-delay 500 holddown 1000 time-to-learn 500';
  expect(calmTimers(`router isis vinet\n${line}\n`, 100)).toEqual({
    commands: [
      'router isis vinet',
      ' spf-delay-ietf init-delay 500 short-delay 500 long-delay 2500 holddown 1000 time-to-learn 500',
    ],
    undo: ['router isis vinet', line],
  });
});
