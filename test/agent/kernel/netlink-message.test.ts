import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAddressDecoder, encodeNewAddress } from '../../../src/agent/kernel/address-message.ts';
import { createCounterDecoder } from '../../../src/agent/kernel/counter-message.ts';
import { createFloodDecoder, encodeAddRemote } from '../../../src/agent/kernel/flood-message.ts';
import { createLinkDecoder, encodeNewLink } from '../../../src/agent/kernel/link-message.ts';
import {
  AttributeTable,
  attribute,
  encodeMessage,
  HEADER_BYTES,
  stampMessage,
  visitMessages,
} from '../../../src/agent/kernel/netlink-message.ts';
import { createRouteDecoder } from '../../../src/agent/kernel/route-message.ts';
import {
  IFLA_INFO_DATA,
  IFLA_LINKINFO,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTM_NEWROUTE,
} from '../../../src/agent/kernel/rtnetlink.ts';
import type { TunnelState } from '../../../src/model/node-state.ts';
import { VinetError } from '../../../src/model/vinet-error.ts';

const ipv4 = fc.ipV4();
const ipv6 = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) =>
    [...Array(8).keys()].map((at) => ((bytes[2 * at] ?? 0) * 256 + (bytes[2 * at + 1] ?? 0)).toString(16)),
  )
  .map((groups) => ['fd00', ...groups.slice(1)].join(':'));

describe('messages and attributes', () => {
  test('attributes of any type and content come back as they were written', () => {
    const attributes = fc.uniqueArray(
      fc.record({ type: fc.integer({ min: 0, max: 63 }), payload: fc.uint8Array({ maxLength: 300 }) }),
      { selector: ({ type }) => type, maxLength: 20 },
    );
    fc.assert(
      fc.property(attributes, (written) => {
        const bytes = Buffer.concat(written.map(({ type, payload }) => attribute(type, payload)));
        const table = new AttributeTable(63);
        table.read(bytes, 0, bytes.length);
        for (const { type, payload } of written)
          expect(bytes.subarray(table.start(type), table.end(type))).toEqual(Buffer.from(payload));
        expect([...Array(64).keys()].filter((type) => table.has(type)).length).toBe(written.length);
      }),
    );
  });

  test('several messages in one buffer are visited in order with type, flags and sequence', () => {
    const messages = fc.array(
      fc.record({ type: fc.integer({ min: 0, max: 0xffff }), body: fc.uint8Array({ maxLength: 60 }) }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(messages, fc.integer({ min: 0, max: 0xffff }), (written, flags) => {
        const encoded = written.map(({ type, body }, sequence) => {
          const message = encodeMessage(type, flags, attribute(1, body));
          stampMessage(message, sequence, 0);
          return message;
        });
        const seen: unknown[] = [];
        visitMessages(Buffer.concat(encoded), (_buffer, type, start, end, seenFlags, sequence) => {
          seen.push([type, end - start, seenFlags, sequence]);
        });
        expect(seen).toEqual(
          encoded.map((message, at) => [written[at]?.type, message.length - HEADER_BYTES, flags | 1, at]),
        );
      }),
    );
  });

  test('an attribute longer than its message is refused', () => {
    const bytes = attribute(1, new Uint8Array(4));
    expect(() => new AttributeTable(4).read(bytes, 0, bytes.length - 1)).toThrow(VinetError);
  });

  test('an attribute too short for the number that it should hold is refused', () => {
    const bytes = attribute(1, Uint8Array.of(1, 2));
    const table = new AttributeTable(1);
    table.read(bytes, 0, bytes.length);
    expect(() => table.u32(1)).toThrow('too short');
  });
});

describe('decoders', () => {
  const decoders = {
    link: [RTM_NEWLINK, createLinkDecoder],
    counters: [RTM_NEWLINK, createCounterDecoder],
    address: [RTM_NEWADDR, createAddressDecoder],
    flood: [RTM_NEWNEIGH, createFloodDecoder],
    route: [RTM_NEWROUTE, () => createRouteDecoder(new Map(), 254)],
  } as const;

  test.each(Object.entries(decoders))(
    'the %s decoder meets any bytes with a value or a VinetError',
    (_name, entry) => {
      const [type, create] = entry;
      const plausible = fc
        .array(
          fc.record({
            type: fc.oneof(fc.integer({ min: 0, max: 64 }), fc.constantFrom(IFLA_LINKINFO, IFLA_INFO_DATA)),
            payload: fc.uint8Array({ maxLength: 80 }),
          }),
          { maxLength: 8 },
        )
        .map((attributes) =>
          Buffer.concat([
            Buffer.from([2, 24, 0, 0, 254, 188, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0]),
            ...attributes.map(({ type: kind, payload }) => attribute(kind, payload)),
          ]),
        );
      const raw = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
      fc.assert(
        fc.property(fc.oneof(raw, plausible), (bytes) => {
          try {
            create()(bytes, type, 0, bytes.length);
          } catch (error) {
            expect(error).toBeInstanceOf(VinetError);
          }
        }),
        { numRuns: 2000 },
      );
    },
  );

  test('any bytes split into messages or are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          visitMessages(Buffer.from(bytes), (_buffer, _type, start, end) => {
            expect(start).toBeLessThanOrEqual(end);
            expect(end).toBeLessThanOrEqual(bytes.length);
          });
        } catch (error) {
          expect(error).toBeInstanceOf(VinetError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('an address that is sent decodes to the same text', () => {
    const address = fc.oneof(
      fc.tuple(
        ipv4.filter((text) => text !== '127.0.0.1'),
        fc.integer({ min: 0, max: 32 }),
      ),
      fc.tuple(ipv6, fc.integer({ min: 0, max: 128 })),
    );
    fc.assert(
      fc.property(address, fc.integer({ min: 1, max: 0x7fffffff }), ([text, length], index) => {
        const message = encodeNewAddress(index, `${text}/${length}`);
        const decoded = createAddressDecoder()(message, RTM_NEWADDR, HEADER_BYTES, message.length);
        expect(decoded?.index).toBe(index);
        expect(encodeNewAddress(index, decoded?.address ?? '')).toEqual(message);
      }),
    );
  });

  test('a VXLAN device that is sent decodes to the same parameters', () => {
    const state = fc.record({
      vni: fc.integer({ min: 1, max: 0xffffff }),
      port: fc.integer({ min: 1, max: 0xffff }),
      mtu: fc.integer({ min: 68, max: 9000 }),
      local: ipv4,
      learning: fc.boolean(),
    });
    fc.assert(
      fc.property(state, (parameters) => {
        const { mtu, vni, port, local, learning } = parameters;
        const link: TunnelState = {
          ...{ kind: 'tunnel', name: 'r2', link: 'r1-r2', mtu, addresses: [], master: null, enabled: true },
          ...{ emulation: null, transport: null, protections: [] },
          tunnel: { kind: 'vxlan', vni, port, local, remotes: [], learning },
        };
        const message = encodeNewLink({ link, namespaceFd: 3, index: 7 }, null);
        expect(createLinkDecoder()(message, RTM_NEWLINK, HEADER_BYTES, message.length)).toEqual({
          ...{
            index: 7,
            name: 'r2',
            kind: 'vxlan',
            alias: '',
            mtu,
            up: false,
            qdisc: '',
            masterIndex: 0,
            lowerIndex: 0,
          },
          tunnel: { kind: 'vxlan', vni, port, local, learning, remotes: [] },
        });
      }),
    );
  });

  test('a remote that is added decodes as an entry of the flood list', () => {
    const message = encodeAddRemote(9, '192.0.2.7');
    expect(createFloodDecoder()(message, RTM_NEWNEIGH, HEADER_BYTES, message.length)).toEqual({
      index: 9,
      remote: '192.0.2.7',
    });
  });

  test.each([
    '10.0.0.1',
    '10.0.0.1/33',
    'fd00::/129',
    '10.0.0.1/',
    '/24',
    '10.0.0.1/1x',
    'localhost/8',
    '10.0.0.1/-1',
  ])('the address %j is refused', (text) => {
    expect(() => encodeNewAddress(1, text)).toThrow(VinetError);
  });
});
