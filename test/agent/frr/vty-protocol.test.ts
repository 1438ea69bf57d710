import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeCommand, type VtyReply, VtyReplyDecoder } from '../../../src/agent/frr/vty-protocol.ts';

test('replies come out whole, however their bytes are split', () => {
  fc.assert(
    fc.property(fc.array(arbitraryReply()), fc.array(fc.integer({ min: 1, max: 9 })), (replies, sizes) => {
      const bytes = Buffer.concat(replies.map(encodeReply));
      const decoder = new VtyReplyDecoder();
      expect(split(bytes, sizes).flatMap((part) => decoder.push(part))).toEqual(replies);
    }),
  );
});

test('any bytes give replies or a protocol error, never anything else', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (parts) => {
      const decoder = new VtyReplyDecoder();
      try {
        for (const part of parts) {
          for (const reply of decoder.push(Buffer.from(part))) expect(reply.text).not.toContain('\0');
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'protocol' });
      }
    }),
  );
});

test('a reply is complete only with its return code', () => {
  const decoder = new VtyReplyDecoder();
  expect(decoder.push(Buffer.from('% Unknown command\0\0\0'))).toEqual([]);
  expect(decoder.push(Buffer.from([2]))).toEqual([{ text: '% Unknown command', code: 2 }]);
});

test('a return code of zero is not mistaken for the end of the text', () => {
  expect(new VtyReplyDecoder().push(Buffer.from('a\0\0\0\0b\0\0\0\0'))).toEqual([
    { text: 'a', code: 0 },
    { text: 'b', code: 0 },
  ]);
});

test('a reply longer than the limit is refused before it fills the memory', () => {
  const decoder = new VtyReplyDecoder(1000);
  decoder.push(Buffer.alloc(1000, 'x'));
  expect(() => decoder.push(Buffer.from('x'))).toThrow('longer than 1000 bytes');
});

test('a command that would be read as several is refused', () => {
  for (const command of ['show\0clear', 'show\nclear', 'show\rclear', '\x1b[A', 'a\x7f']) {
    expect(() => encodeCommand(command)).toThrow('not one line');
  }
  expect(encodeCommand(' ip ospf cost 5')).toEqual(Buffer.from(' ip ospf cost 5\0'));
});

function arbitraryReply(): fc.Arbitrary<VtyReply> {
  return fc.record({
    text: fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
    code: fc.integer({ min: 0, max: 255 }),
  });
}

function encodeReply(reply: VtyReply): Buffer {
  return Buffer.concat([Buffer.from(reply.text, 'utf8'), Buffer.from([0, 0, 0, reply.code])]);
}

/** Cuts into parts of these sizes, over and over; one part where there are none. */
function split(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % Math.max(1, sizes.length)] ?? bytes.length;
    parts.push(bytes.subarray(at, at + size));
    at += size;
  }
  return parts;
}
