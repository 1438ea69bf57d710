import { describe, expect, it } from 'vitest';
import {
  canonicalConfig,
  configWithoutDrift,
  sectionsWithoutVrf,
  swallowedSections,
  withLateLines,
} from '../../../src/agent/frr/shown-config.ts';

const SHOWN = `Building configuration...

Current configuration:
!
frr version 8.4.4
frr defaults traditional
!
hostname r1
!
interface lo
 ip ospf area 0.0.0.0
 no ip ospf passive
exit
!
interface r7
exit
!
router ospf
 ospf router-id 10.0.0.1
exit
!
end
`;
const HELD = `hostname r1
interface lo
 ip ospf area 0.0.0.0
router ospf
 ospf router-id 10.0.0.1
`;

it('keeps what means something of what FRR shows, and does not change it again', () => {
  expect(canonicalConfig(SHOWN)).toBe(HELD);
  expect(canonicalConfig(HELD)).toBe(HELD);
});

describe('what FRR took of ours while it holds what others changed', () => {
  const taken = 'interface r2\n ip ospf cost 10\n ip ospf area 0.0.0.0\nrouter ospf\n';
  const drifted = 'interface r2\n ip ospf cost 99\nrouter ospf\n passive-interface r9\nrouter ospf6\n a\n';

  it('is all that it holds when nobody changed anything', () => {
    expect(configWithoutDrift(taken, taken, `${taken}interface r3\n x\n`, [])).toBe(
      `${taken}interface r3\n x\n`,
    );
  });

  it('leaves out lines and sections that were added, and has those that were changed or taken away', () => {
    const after = `${drifted}interface r3\n ip ospf area 0.0.0.0\n`;
    expect(configWithoutDrift(taken, drifted, after, ['interface r3', ' ip ospf area 0.0.0.0', 'exit'])).toBe(
      'interface r2\n ip ospf cost 10\nrouter ospf\ninterface r3\n ip ospf area 0.0.0.0\n',
    );
  });

  it('has what we were told to say ourselves by now', () => {
    const adopted = [' passive-interface r9', ' ip ospf cost 99'];
    expect(configWithoutDrift(taken, drifted, drifted, adopted)).toContain('passive-interface r9');
    expect(configWithoutDrift(taken, drifted, drifted, adopted)).toContain('ip ospf cost 99');
  });

  it('does not have again what is not wanted any more', () => {
    const without = 'interface r2\n ip ospf cost 10\nrouter ospf\n';
    expect(configWithoutDrift(taken, without, without, ['interface r2', ' no ip ospf area 0.0.0.0'])).toBe(
      without,
    );
  });
});

it('takes what is declared for ours also when it is shown only later, and nothing else', () => {
  const declared = 'interface r2\n babel wired\nrouter babel\n network r2\n';
  const holds = 'interface r2\n babel wired\n babel rxcost 9\nrouter babel\n network r2\n';
  expect(withLateLines('router babel\n network r2\n', holds, declared)).toBe(
    'router babel\n network r2\ninterface r2\n babel wired\n',
  );
  expect(withLateLines(holds, holds, declared)).toBe(holds);
  expect(withLateLines('router rip\n', 'router rip\n network r9\n', 'router rip\n network r2\n')).toBe(
    'router rip\n',
  );
});

describe('sections that FRR swallowed', () => {
  const config =
    'interface lo vrf r1\n ip ospf area 0.0.0.0\n!\nrouter ospf vrf r1\n ospf router-id 1.1.1.1\n';

  it('are told by their headers', () => {
    expect(swallowedSections(config, 'hostname x\n')).toEqual(['interface lo vrf r1', 'router ospf vrf r1']);
  });

  it('are none where FRR shows them, in whatever words', () => {
    expect(
      swallowedSections(config, 'interface lo vrf r1\n ip ospf area 0\nexit\nrouter ospf vrf r1\nexit\n'),
    ).toEqual([]);
    expect(swallowedSections('router bgp 1.10\n neighbor x\n', 'router bgp 65546\nexit\n')).toEqual([]);
  });

  it('are not those that may hold nothing but what FRR hides', () => {
    expect(swallowedSections('interface r2\n ip ospf network broadcast\n', '')).toEqual([]);
  });
});

it('tells routes of the default VRF too, where nothing belongs', () => {
  const shown = 'vrf r1\n ip route 10.0.0.0/8 blackhole\nexit-vrf\nip route 10.1.0.0/16 blackhole\n';
  expect(sectionsWithoutVrf(shown, false)).toEqual(['ip route 10.1.0.0/16 blackhole\n']);
});
