import { afterEach, beforeEach, expect, test } from 'vitest';
import { KERNEL_FEATURES } from '../../../src/model/node.ts';
import { KernelRoom } from './kernel-room.ts';

let room: KernelRoom;
beforeEach(async () => {
  room = await KernelRoom.open();
});
afterEach(() => room.leave());

test('features are found by trying, the same each time', async () => {
  const features = await room.kernel.readFeatures();
  expect(KERNEL_FEATURES).toEqual(expect.arrayContaining(features));
  expect(features).toEqual(expect.arrayContaining(['tbf', 'nftables']));
  expect(await room.kernel.readFeatures()).toEqual(features);
});

test('a port of GUE is received at, or the kernel says that it knows no GUE', async () => {
  const namespace = await room.create('gue');
  expect((await namespace.readTransport()).guePorts).toEqual([]);
  const [error] = await namespace.programTransport([
    { step: 'add-gue-port', guePort: { family: 4, port: 10_001 } },
  ]);
  const { guePorts } = await namespace.readTransport();
  if (error === null) expect(guePorts).toEqual([{ family: 4, port: 10_001 }]);
  else {
    expect(error).toMatchObject({ code: 'unsupported' });
    expect(guePorts).toEqual([]);
  }
});
