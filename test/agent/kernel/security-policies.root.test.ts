import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Namespace, TransportStep } from '../../../src/agent/kernel/kernel.ts';
import { REQID_BASE, type SecurityPolicy } from '../../../src/model/security.ts';
import { ip, joinByVeth, KernelRoom } from './kernel-room.ts';

const DEADLINE_MS = 20_000;

let room: KernelRoom;
let left: Namespace;
let right: Namespace;
beforeEach(async () => {
  room = await KernelRoom.open();
  left = await room.create('left');
  right = await room.create('right');
  await joinByVeth(
    { into: left, name: 'n2', index: 100, addresses: ['192.0.2.1/30'] },
    { into: right, name: 'n1', index: 200, addresses: ['192.0.2.2/30'] },
  );
});
afterEach(() => room.leave());

test('policies for every kind of packet are read as they were set, in both families', async () => {
  const policies = [
    policy({ protocol: 17, destinationPort: 4789 }),
    policy({ protocol: 17, destinationPort: 4789, direction: 'in', spi: 0 }),
    policy({ protocol: 47, greKey: 0x1234_5678 }),
    policy({ protocol: 47 }),
    policy({ protocol: 4 }),
    policy({ protocol: 41, ...OVER_6 }),
    policy({ protocol: 47, greKey: 77, ...OVER_6, direction: 'in', spi: 0 }),
  ];
  await programAll(policies.map((one) => ({ step: 'set-policy', policy: one })));
  const found = (await left.readTransport()).policies;
  expect(found.toSorted(byText)).toEqual(policies.toSorted(byText));
  expect(ip(left, 'xfrm', 'policy')).toContain('proto gre key 305419896');
});

test('setting a policy again puts the new one in place of the old', async () => {
  await programAll([
    { step: 'set-policy', policy: policy({ spi: 0x1000 }) },
    { step: 'set-policy', policy: policy({ spi: 0x1001 }) },
  ]);
  expect((await left.readTransport()).policies).toEqual([policy({ spi: 0x1001 })]);
});

test('policies are removed, once and again; those of others are neither read nor touched', async () => {
  ip(
    left,
    ...'xfrm policy add src 192.0.2.1 dst 192.0.2.2 proto tcp dir out tmpl proto esp mode transport reqid 7'.split(
      ' ',
    ),
  );
  await programAll([{ step: 'set-policy', policy: policy({}) }]);
  expect((await left.readTransport()).policies).toEqual([policy({})]);
  for (let time = 0; time < 2; time++) await programAll([{ step: 'remove-policy', policy: policy({}) }]);
  expect((await left.readTransport()).policies).toEqual([]);
  expect(ip(left, 'xfrm', 'policy')).toContain('reqid 7');
});

test('a policy that someone weakened is not the one that was set', async () => {
  await programAll([{ step: 'set-policy', policy: policy({ direction: 'in', spi: 0 }) }]);
  ip(
    left,
    ...'xfrm policy update src 192.0.2.1/32 dst 192.0.2.2/32 proto udp dport 4789 dir in tmpl proto esp mode transport'.split(
      ' ',
    ),
    ...['reqid', String(REQID_BASE + 1), 'level', 'use'],
  );
  expect((await left.readTransport()).policies[0]?.spi).not.toBe(0);
});

test('a packet in clear that must come in ESP is dropped and counted', async () => {
  const demanded = policy({ direction: 'in', destinationPort: 9999, spi: 0 });
  const errors = await right.programTransport([{ step: 'set-policy', policy: demanded }]);
  expect(errors).toEqual([null]);
  const before = (await right.readSecurityDrops()).get('XfrmInTmplMismatch') ?? 0;
  const send = `const socket = require('node:dgram').createSocket('udp4');
    socket.send('x', 9999, '192.0.2.2', () => socket.close());`;
  execFileSync('ip', ['netns', 'exec', left.name, process.execPath, '-e', send]);
  await vi.waitFor(async () => {
    expect((await right.readSecurityDrops()).get('XfrmInTmplMismatch')).toBe(before + 1);
  }, DEADLINE_MS);
});

const OVER_6 = { source: 'fd00:1::1', destination: 'fd00:1::2' };

function policy(different: Partial<SecurityPolicy>): SecurityPolicy {
  return {
    ...{ direction: 'out', source: '192.0.2.1', destination: '192.0.2.2', reqid: REQID_BASE + 1 },
    ...{ protocol: 17, destinationPort: different.protocol === undefined ? 4789 : 0, greKey: 0, spi: 0x1000 },
    ...different,
  };
}

async function programAll(steps: readonly TransportStep[]): Promise<void> {
  expect(await left.programTransport(steps)).toEqual(steps.map(() => null));
}

function byText(a: SecurityPolicy, b: SecurityPolicy): number {
  return JSON.stringify(a).localeCompare(JSON.stringify(b));
}
