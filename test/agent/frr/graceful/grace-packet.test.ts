import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeGraceUpdate, type GraceNotice } from '../../../../src/agent/frr/graceful/grace-packet.ts';

const HEADER = 24;
const LSA = HEADER + 4;

const quads = fc.ipV4();
const notices: fc.Arbitrary<GraceNotice> = fc.record({
  routerId: quads,
  area: quads,
  periodS: fc.integer({ min: 1, max: 1800 }),
  sequence: fc.integer({ min: 0, max: 0xffff_ffff }),
  isOver: fc.boolean(),
  password: fc.stringMatching(/^[!-~]{0,8}$/),
});

it('is an OSPFv2 Link State Update that says its length, its router, its area and that it has one LSA', () => {
  fc.assert(
    fc.property(notices, (notice) => {
      const packet = encodeGraceUpdate(notice);
      expect([packet[0], packet[1]]).toEqual([2, 4]);
      expect(packet.readUInt16BE(2)).toBe(packet.length);
      expect(packet.subarray(4, 8).join('.')).toBe(notice.routerId);
      expect(packet.subarray(8, 12).join('.')).toBe(notice.area);
      expect(packet.readUInt32BE(HEADER)).toBe(1);
      expect(packet.readUInt16BE(LSA + 18)).toBe(packet.length - LSA);
    }),
  );
});

it('has a checksum over all but the password, which is sent where there is one', () => {
  fc.assert(
    fc.property(notices, (notice) => {
      const packet = encodeGraceUpdate(notice);
      expect(onesComplementSum(Buffer.concat([packet.subarray(0, 16), packet.subarray(HEADER)]))).toBe(
        0xffff,
      );
      expect(packet.readUInt16BE(14)).toBe(notice.password === '' ? 0 : 1);
      expect(packet.subarray(16, HEADER).toString('latin1').replaceAll('\0', '')).toBe(notice.password);
    }),
  );
});

it('bears a link-local opaque LSA of type 3 whose own checksum holds (RFC 3623, B; RFC 905, B)', () => {
  fc.assert(
    fc.property(notices, (notice) => {
      const lsa = encodeGraceUpdate(notice).subarray(LSA);
      expect(lsa.readUInt16BE(0)).toBe(notice.isOver ? 3600 : 0);
      expect([lsa[3], ...lsa.subarray(4, 8)]).toEqual([9, 3, 0, 0, 0]);
      expect(lsa.subarray(8, 12).join('.')).toBe(notice.routerId);
      expect(fletcherSums(lsa.subarray(2))).toEqual([0, 0]);
      expect(readValues(lsa.subarray(20))).toEqual(
        new Map([
          [1, notice.periodS],
          [2, 1],
        ]),
      );
    }),
  );
});

it('counts upwards, never at the number that OSPF keeps for nothing', () => {
  const sequenceOf = (sequence: number) =>
    encodeGraceUpdate({
      routerId: '1.1.1.1',
      area: '0.0.0.0',
      periodS: 10,
      sequence,
      isOver: false,
      password: '',
    }).readInt32BE(LSA + 12);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7fff_fffd }), (sequence) => {
      expect(sequenceOf(sequence + 1)).toBeGreaterThan(sequenceOf(sequence));
      expect(sequenceOf(sequence)).toBeGreaterThan(-0x8000_0000);
    }),
  );
});

function onesComplementSum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

function fletcherSums(bytes: Buffer): [number, number] {
  let c0 = 0;
  let c1 = 0;
  for (const byte of bytes) {
    c0 = (c0 + byte) % 255;
    c1 = (c1 + c0) % 255;
  }
  return [c0, c1];
}

/** Type, length, value, filled up to four bytes. */
function readValues(bytes: Buffer): Map<number, number> {
  const values = new Map<number, number>();
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt16BE(at + 2);
    values.set(bytes.readUInt16BE(at), bytes.readUIntBE(at + 4, length));
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return values;
}
