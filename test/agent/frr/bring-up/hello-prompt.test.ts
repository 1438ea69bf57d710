import { expect, test } from 'vitest';
import { helloPrompt } from '../../../../src/agent/frr/bring-up/hello-prompt.ts';

test('the interval is left as it was, said or not', () => {
  const config =
    'interface r2\n ip ospf area 0.0.0.0\n ip ospf hello-interval 1\ninterface r3\n ip ospf area 1\n';
  expect(helloPrompt(config, ['interface r2', 'interface r3'])).toEqual([
    ...['interface r2', ' ip ospf hello-interval 2', ' ip ospf hello-interval 1'],
    ...['interface r3', ' ip ospf hello-interval 11', ' ip ospf hello-interval 10'],
  ]);
});

test('the longest interval has no longer one beside it', () => {
  const config = 'interface r2\n ip ospf hello-interval 65535\n';
  expect(helloPrompt(config, ['interface r2'])[1]).toBe(' ip ospf hello-interval 65534');
});

test('interfaces that OSPF does not speak on, that nobody configured, or that hurry already, are not touched', () => {
  const config =
    'interface r2 vrf r1\n ip ospf area 0\n ip ospf dead-interval minimal hello-multiplier 5\ninterface lo\n ip pim\n';
  expect(helloPrompt(config, ['interface r2 vrf r1', 'interface lo', 'interface r9'])).toEqual([]);
});
