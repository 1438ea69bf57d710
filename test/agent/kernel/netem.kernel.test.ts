import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import type { Emulation } from '../../../src/model/emulation.ts';
import { carryOut, joinByVeth, KernelRoom } from './kernel-room.ts';

let room: KernelRoom;
let left: Namespace;
beforeAll(async () => {
  room = await KernelRoom.open();
  left = await room.create('left');
  await joinByVeth(
    { into: left, name: 'r2', index: LEFT_END, addresses: ['10.0.1.0/31'] },
    { into: await room.create('right'), name: 'r1', index: 200, addresses: ['10.0.1.1/31'] },
  );
});
afterAll(() => room.leave());

test('every kind of emulation is read as it was given, whatever was there before it', async () => {
  for (const wanted of SERIES) {
    await emulate(wanted);
    expect(await emulation()).toEqual(wanted);
  }
  expect(tc('qdisc', 'show', 'dev', 'r2')).toContain('noqueue');
});

test('packets take as long as the delay says, also when it is changed while they are on their way', async () => {
  await emulate(emulationOf({ delayUs: 100_000 }));
  expect(shortestRoundTripMs()).toBeGreaterThanOrEqual(100);
  const sent = sentPackets();
  await emulate(emulationOf({ delayUs: 200_000 }));
  expect(shortestRoundTripMs()).toBeGreaterThanOrEqual(200);
  expect(sentPackets()).toBeGreaterThan(sent);
});

test('a loss of everything lets nothing through', async () => {
  await emulate(emulationOf({ lossPpm: 1_000_000 }));
  expect(() => ping('-c', '3', '-i', '0.1', '-W', '1')).toThrow();
});

test('what an operator adds to ours is seen and mended', async () => {
  const wanted = emulationOf({ delayUs: 10_000 });
  await emulate(wanted);
  tc(...'qdisc change dev r2 root handle 7669: netem delay 10ms duplicate 50% limit 1000'.split(' '));
  expect(await emulation()).toBeNull();
  await emulate(wanted);
  expect(await emulation()).toEqual(wanted);
});

const LEFT_END = 1000;

function emulationOf(different: Partial<Emulation>): Emulation {
  return { delayUs: 0, jitterUs: 0, lossPpm: 0, rateBps: 0, ...different };
}

const SERIES: readonly (Emulation | null)[] = [
  emulationOf({ delayUs: 20_001, jitterUs: 2_003, lossPpm: 5_000, rateBps: 100_000_000 }),
  emulationOf({ rateBps: 100_000_000 }),
  emulationOf({ lossPpm: 1 }),
  emulationOf({ lossPpm: 999_999 }),
  emulationOf({ delayUs: 3_600_000_000, rateBps: 400_000_000_000 }),
  emulationOf({ delayUs: 1 }),
  null,
];

async function emulate(wanted: Emulation | null): Promise<void> {
  await carryOut(left, [{ step: 'set-emulation', index: LEFT_END, emulation: wanted }]);
}

async function emulation(): Promise<Emulation | null | undefined> {
  return (await left.readLinks()).find(({ name }) => name === 'r2')?.emulation;
}

function tc(...argv: readonly string[]): string {
  return execFileSync('tc', ['-n', left.name, ...argv], { encoding: 'utf8' });
}

function ping(...argv: readonly string[]): string {
  return execFileSync('ip', ['netns', 'exec', left.name, 'ping', ...argv, '10.0.1.1'], { encoding: 'utf8' });
}

function shortestRoundTripMs(): number {
  return Number(/min\S+ = ([\d.]+)\//.exec(ping('-c', '3', '-i', '0.3', '-W', '20'))?.[1]);
}

function sentPackets(): number {
  return Number(/Sent \d+ bytes (\d+) pkt/.exec(tc('-s', 'qdisc', 'show', 'dev', 'r2'))?.[1]);
}
