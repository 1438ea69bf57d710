import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import type { Emulation } from '../../../src/model/emulation.ts';
import { carryOut, joinByVeth, KernelRoom } from './kernel-room.ts';

const DEADLINE_MS = 20_000;

let room: KernelRoom;
let left: Namespace;
beforeEach(async () => {
  room = await KernelRoom.open();
  left = await room.create('left');
  await joinByVeth(
    { into: left, name: 'r2', index: LEFT_END, addresses: ['10.0.1.0/31'] },
    { into: await room.create('right'), name: 'r1', index: 200, addresses: ['10.0.1.1/31'] },
  );
});
afterEach(() => room.leave());

test.each([8000, 64_000, 1_000_000, 123_456_784, 100_000_000, 40_000_000_000])(
  'a rate of %d bit/s becomes a token bucket and is read as it was given',
  async (rateBps) => {
    await emulate(rate(rateBps));
    expect(await emulation()).toEqual(rate(rateBps));
    expect(tc('qdisc', 'show', 'dev', 'r2')).toContain('qdisc tbf 766a: root');
  },
);

test('a rate is changed in place: the queue keeps its count', async () => {
  await emulate(rate(1_000_000));
  floodPing();
  const sent = sentPackets();
  expect(sent).toBeGreaterThan(0);
  await emulate(rate(2_000_000));
  expect(await emulation()).toEqual(rate(2_000_000));
  expect(sentPackets()).toBeGreaterThanOrEqual(sent);
});

test('a rate holds packets back', async () => {
  await emulate(rate(80_000));
  floodPing();
  expect(tc('-s', 'qdisc', 'show', 'dev', 'r2')).toMatch(/overlimits [1-9]/);
});

test('no emulation takes ours away, once and again', async () => {
  await emulate(rate(1_000_000));
  await emulate(null);
  await emulate(null);
  expect(await emulation()).toBeNull();
  expect(tc('qdisc', 'show', 'dev', 'r2')).toContain('noqueue');
});

test("an operator's own queueing is neither read as ours nor taken away", async () => {
  tc('qdisc', 'add', 'dev', 'r2', 'root', 'tbf', 'rate', '1mbit', 'burst', '10kb', 'latency', '50ms');
  expect(await emulation()).toBeNull();
  await emulate(null);
  expect(tc('qdisc', 'show', 'dev', 'r2')).toContain('tbf');
  await emulate(rate(1_000_000));
  expect(await emulation()).toEqual(rate(1_000_000));
});

test('what an operator did to ours is seen and mended, and a watch told of it', async () => {
  await emulate(rate(1_000_000));
  const onChange = vi.fn();
  left.watchLinks(onChange);
  tc(
    ...['qdisc', 'change', 'dev', 'r2', 'root', 'handle', '766a:', 'tbf'],
    ...['rate', '9mbit', 'burst', '10kb', 'limit', '5000'],
  );
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), DEADLINE_MS);
  expect(await emulation()).not.toEqual(rate(1_000_000));
  await emulate(rate(1_000_000));
  expect(await emulation()).toEqual(rate(1_000_000));
});

test('an interface that is not there is an error', async () => {
  const steps = [rate(8000), null].map(
    (wanted) => ({ step: 'set-emulation', index: 999, emulation: wanted }) as const,
  );
  const errors = await left.program(steps);
  expect(errors.map((error) => error?.message)).toEqual([
    expect.stringContaining('ENODEV'),
    expect.stringContaining('ENODEV'),
  ]);
});

const LEFT_END = 100;

function rate(rateBps: number): Emulation {
  return { delayUs: 0, jitterUs: 0, lossPpm: 0, rateBps };
}

async function emulate(wanted: Emulation | null): Promise<void> {
  await carryOut(left, [{ step: 'set-emulation', index: LEFT_END, emulation: wanted }]);
}

async function emulation(): Promise<Emulation | null | undefined> {
  return (await left.readLinks()).find(({ name }) => name === 'r2')?.emulation;
}

function tc(...argv: readonly string[]): string {
  return execFileSync('tc', ['-n', left.name, ...argv], { encoding: 'utf8' });
}

function floodPing(): void {
  const argv = ['-f', '-q', '-c', '40', '-s', '1200', '-w', '1', '10.0.1.1'];
  try {
    execFileSync('ip', ['netns', 'exec', left.name, 'ping', ...argv], { stdio: 'ignore' });
  } catch {
    // Lost packets are no failure here.
  }
}

function sentPackets(): number {
  return Number(/Sent \d+ bytes (\d+) pkt/.exec(tc('-s', 'qdisc', 'show', 'dev', 'r2'))?.[1]);
}
