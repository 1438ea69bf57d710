import { expect, it } from 'vitest';
import type { DaemonChannel } from '../../../src/agent/frr/northbound/daemon-channel.ts';
import { reauthenticated, reopenExchanges } from '../../../src/agent/frr/open-exchanges.ts';

it('finds the interfaces whose authentication changes, in whatever VRF', () => {
  const commands = [
    'router ospf',
    ' no capability opaque',
    'exit',
    'interface r2',
    ' no ip ospf message-digest-key 5 md5 secret',
    ' no ip ospf authentication message-digest',
    'exit',
    'interface r3 vrf ring_r1',
    ' ip ospf authentication-key other',
    'exit',
    'interface r4',
    ' ip ospf cost 20',
    'exit',
    'interface r5',
    ' ipv6 ospf6 authentication key-id 1 hash-algo md5 key secret',
    'exit',
  ];
  expect(reauthenticated(commands)).toEqual([
    { name: 'r2', vrf: '' },
    { name: 'r3', vrf: ' vrf ring_r1' },
  ]);
});

it('clears only interfaces in the middle of an exchange', async () => {
  const asked: string[] = [];
  const answers: Record<string, string> = {
    'show ip ospf neighbor r2': '10.20.0.2  1 ExStart/-  37.7s 3.2s 10.20.128.1 r2:10.20.128.0  0 0 0',
    'show ip ospf neighbor r3': '10.20.0.3  1 Full/-  37.7s 3.2s 10.20.128.1 r3:10.20.128.0  0 0 0',
  };
  const channel: Pick<DaemonChannel, 'ask'> = {
    ask: (command) => {
      asked.push(command);
      return Promise.resolve({ code: 0, text: answers[command] ?? '' });
    },
  };
  const commands = ['r2', 'r3'].flatMap((name) => [
    `interface ${name}`,
    ' no ip ospf authentication',
    'exit',
  ]);
  await reopenExchanges(channel, commands, 1000, false);
  expect(asked.filter((command) => command.startsWith('clear'))).toEqual(['clear ip ospf interface r2']);
});

it('asks about an interface in the VRF that its name says where VRFs are devices', async () => {
  const asked: string[] = [];
  const channel: Pick<DaemonChannel, 'ask'> = {
    ask: (command) => {
      asked.push(command);
      return Promise.resolve({ code: 0, text: '10.20.0.2  1 Loading/-' });
    },
  };
  const commands = ['interface r1.r2', ' no ip ospf authentication', 'exit'];
  await reopenExchanges(channel, commands, 1000, true);
  expect(asked).toEqual(['show ip ospf vrf r1 neighbor r1.r2', 'clear ip ospf vrf r1 interface r1.r2']);
});
