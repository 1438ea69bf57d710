import { expect, test } from 'vitest';
import { attribute, attributeU32 } from '../../../src/agent/kernel/netlink-message.ts';
import { createRouteDecoder } from '../../../src/agent/kernel/route-message.ts';
import {
  RTA_DST,
  RTA_GATEWAY,
  RTA_MULTIPATH,
  RTA_OIF,
  RTA_PRIORITY,
  RTA_VIA,
  RTM_NEWROUTE,
} from '../../../src/agent/kernel/rtnetlink.ts';
import { VinetError } from '../../../src/model/vinet-error.ts';

const INTERFACES = new Map([
  [5, 'r2'],
  [6, 'r3'],
]);
const MAIN = 254;
const UNICAST = 1;

test('decodes a route with a gateway', () => {
  expect(
    decode(
      header({ length: 24 }),
      attribute(RTA_DST, Uint8Array.of(10, 20, 1, 0)),
      attribute(RTA_GATEWAY, Uint8Array.of(172, 20, 0, 1)),
      attributeU32(RTA_OIF, 5),
      attributeU32(RTA_PRIORITY, 20),
    ),
  ).toEqual({
    prefix: '10.20.1.0/24',
    protocol: 'ospf',
    nextHops: [{ via: '172.20.0.1', interface: 'r2' }],
    metric: 20,
  });
});

test('decodes every next hop of a multipath route', () => {
  const hops = Buffer.concat([
    hop(5, attribute(RTA_GATEWAY, Uint8Array.of(172, 20, 0, 1))),
    hop(6, attribute(RTA_VIA, Uint8Array.of(10, 0, 0xfe, 0x80, ...new Array(13).fill(0), 1))),
  ]);
  expect(decode(header({ length: 0 }), attribute(RTA_MULTIPATH, hops))).toEqual({
    prefix: '0.0.0.0/0',
    protocol: 'ospf',
    nextHops: [
      { via: '172.20.0.1', interface: 'r2' },
      { via: 'fe80::1', interface: 'r3' },
    ],
    metric: 0,
  });
});

test('names an interface that it does not know by its index', () => {
  expect(decode(header({}), attributeU32(RTA_OIF, 99))?.nextHops).toEqual([{ via: '', interface: '#99' }]);
});

test('says the number of a protocol that has no name, and calls what staticd installs static', () => {
  expect(decode(header({ protocol: 250 }))?.protocol).toBe('250');
  expect(decode(header({ protocol: 196 }))?.protocol).toBe('static');
});

test('passes over other tables and other types of routes', () => {
  expect(decode(header({ table: 255 }))).toBeNull();
  expect(decode(header({ type: 2 }))).toBeNull();
});

test('refuses a next hop of no length instead of reading it for ever', () => {
  expect(() => decode(header({}), attribute(RTA_MULTIPATH, new Uint8Array(16)))).toThrow(VinetError);
});

function decode(...parts: readonly Buffer[]) {
  const bytes = Buffer.concat(parts);
  return createRouteDecoder(INTERFACES, MAIN)(bytes, RTM_NEWROUTE, 0, bytes.length);
}

function header(fields: { length?: number; table?: number; protocol?: number; type?: number }): Buffer {
  const { length = 0, table = MAIN, protocol = 188, type = UNICAST } = fields;
  return Buffer.from([2, length, 0, 0, table, protocol, 0, type, 0, 0, 0, 0]);
}

function hop(index: number, ...attributes: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(8), ...attributes]);
  bytes.writeUInt16LE(bytes.length, 0);
  bytes.writeUInt32LE(index, 4);
  return bytes;
}
