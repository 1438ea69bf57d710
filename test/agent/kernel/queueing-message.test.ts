import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HEADER_BYTES } from '../../../src/agent/kernel/netlink-message.ts';
import { createQueueingDecoder, encodeSetEmulation } from '../../../src/agent/kernel/queueing-message.ts';
import { RTM_NEWQDISC } from '../../../src/agent/kernel/rtnetlink.ts';
import type { Emulation } from '../../../src/model/emulation.ts';
import { VinetError } from '../../../src/model/vinet-error.ts';
import { isSameEmulation } from '../../../src/planner/diff-emulation.ts';

const emulations = fc.record({
  delayUs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_600_000_000 })),
  jitterUs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_600_000_000 })),
  lossPpm: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1_000_000 })),
  rateBps: fc.integer({ min: 1, max: 400_000_000_000 }),
});

test('every emulation comes back from the message that asks for it', () => {
  fc.assert(
    fc.property(emulations, fc.integer({ min: 1, max: 0x7fff_ffff }), (emulation, index) => {
      const decoded = decode(encodeSetEmulation(index, emulation));
      expect(decoded?.index).toBe(index);
      expect(isSameEmulation(emulation, decoded?.emulation ?? null)).toBe(true);
      const { rateBps, ...rest } = emulation;
      expect(decoded?.emulation).toMatchObject(rest);
    }),
    { numRuns: 2000 },
  );
});

test('rates differ when the kernel can tell them apart', () => {
  const rate = (rateBps: number): Emulation => ({ delayUs: 0, jitterUs: 0, lossPpm: 0, rateBps });
  expect(isSameEmulation(rate(1_000_001), rate(1_000_000))).toBe(true);
  expect(isSameEmulation(rate(1_000_008), rate(1_000_000))).toBe(false);
  expect(isSameEmulation(rate(1), rate(0))).toBe(false);
  expect(isSameEmulation(rate(8), null)).toBe(false);
  expect(isSameEmulation(null, null)).toBe(true);
});

test('the decoder meets any bytes with a value or a VinetError', () => {
  const message = emulations.map((emulation) => encodeSetEmulation(7, emulation).subarray(HEADER_BYTES));
  const damaged = fc
    .tuple(
      message,
      fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 255 })), { maxLength: 6 }),
      fc.nat({ max: 200 }),
    )
    .map(([bytes, changes, lost]) => {
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      return bytes.subarray(0, Math.max(0, bytes.length - lost));
    });
  const raw = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(raw, damaged), (bytes) => {
      try {
        createQueueingDecoder()(bytes, RTM_NEWQDISC, 0, bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(VinetError);
      }
    }),
    { numRuns: 2000 },
  );
});

function decode(message: Buffer) {
  return createQueueingDecoder()(message, RTM_NEWQDISC, HEADER_BYTES, message.length);
}
