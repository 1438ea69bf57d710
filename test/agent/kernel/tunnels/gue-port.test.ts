import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HEADER_BYTES } from '../../../../src/agent/kernel/netlink-message.ts';
import { decodeGuePort, encodeGuePort } from '../../../../src/agent/kernel/tunnels/gue-port.ts';
import { VinetError } from '../../../../src/model/vinet-error.ts';

const ports = fc.record({
  family: fc.constantFrom(4 as const, 6 as const),
  port: fc.integer({ min: 0, max: 0xffff }),
});

test('a port that is added comes back where overlays have their ports, and nowhere else', () => {
  fc.assert(
    fc.property(ports, (guePort) => {
      const message = encodeGuePort(29, 1, guePort);
      const isOurs = guePort.port >= 10_000 && guePort.port <= 32_767;
      expect(decodeGuePort(message, 29, HEADER_BYTES, message.length)).toEqual(isOurs ? guePort : null);
    }),
  );
});

test('any bytes are met with a port, with null or with a VinetError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        decodeGuePort(Buffer.from(bytes), 29, 0, bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(VinetError);
      }
    }),
    { numRuns: 2000 },
  );
});
