import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HEADER_BYTES } from '../../../src/agent/kernel/netlink-message.ts';
import {
  createAssociationDecoder,
  encodeAddAssociation,
} from '../../../src/agent/kernel/security-association.ts';
import { createPolicyDecoder, encodeSetPolicy } from '../../../src/agent/kernel/security-policy.ts';
import { parseSecurityStatistics } from '../../../src/agent/kernel/security-statistics.ts';
import { programSecurity } from '../../../src/agent/kernel/transport-security.ts';
import { XFRM_MSG_NEWPOLICY, XFRM_MSG_NEWSA } from '../../../src/agent/kernel/xfrm.ts';
import {
  type Cipher,
  REQID_BASE,
  type SecurityAssociation,
  type SecurityPolicy,
} from '../../../src/model/security.ts';
import { VinetError } from '../../../src/model/vinet-error.ts';

const ipv6 = fc
  .array(fc.integer({ min: 1, max: 0xffff }), { minLength: 7, maxLength: 7 })
  .map((groups) => ['fd00', ...groups.map((group) => group.toString(16))].join(':'));
const ends = fc.oneof(
  fc.record({ source: fc.ipV4(), destination: fc.ipV4() }),
  fc.record({ source: ipv6, destination: ipv6 }),
);
const reqid = fc.integer({ min: 0, max: 0xff_ffff }).map((number) => REQID_BASE + number);
const spi = fc.integer({ min: 256, max: 0xffff_fffe });
const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((key) => Buffer.from(key).toString('hex'));
const algorithm = fc.oneof(
  fc.record({ cipher: fc.constant<Cipher>('aes-gcm'), key: hex(20) }),
  fc.record({ cipher: fc.constant<Cipher>('chacha20-poly1305'), key: hex(36) }),
);
const associations: fc.Arbitrary<SecurityAssociation> = fc
  .tuple(ends, algorithm, fc.record({ spi, reqid }))
  .map(([addresses, cipher, numbers]) => ({ ...addresses, ...cipher, ...numbers }));
const packets = fc.oneof(
  fc.record({
    protocol: fc.constant(17),
    destinationPort: fc.integer({ min: 0, max: 0xffff }),
    greKey: fc.constant(0),
  }),
  fc.record({
    protocol: fc.constant(47),
    destinationPort: fc.constant(0),
    greKey: fc.integer({ min: 0, max: 0xffff_ffff }),
  }),
  fc.record({
    protocol: fc.constantFrom(0, 4, 41),
    destinationPort: fc.constant(0),
    greKey: fc.constant(0),
  }),
);
const policies: fc.Arbitrary<SecurityPolicy> = fc
  .tuple(ends, packets, fc.record({ spi, reqid, direction: fc.constantFrom('in' as const, 'out' as const) }))
  .map(([addresses, which, rest]) => ({ ...addresses, ...which, ...rest }));

describe('associations', () => {
  test('come back from the message that adds them', () => {
    fc.assert(
      fc.property(associations, (association) => {
        expect(decodeAssociation(encodeAddAssociation(association))).toEqual({
          association,
          drops: { replayed: 0, 'outside-window': 0, 'integrity-failed': 0 },
        });
      }),
    );
  });

  test('of others are passed over', () => {
    fc.assert(
      fc.property(associations, fc.integer({ min: 0, max: REQID_BASE - 1 }), (association, other) => {
        expect(decodeAssociation(encodeAddAssociation({ ...association, reqid: other }))).toBeNull();
      }),
    );
  });

  test('that someone made tunnels of, or gave a smaller window, have no key that is wanted', () => {
    const association = fc.sample(associations, 1)[0] ?? EXAMPLE;
    const message = encodeAddAssociation(association);
    const tunnel = Buffer.from(message);
    tunnel.writeUInt8(1, HEADER_BYTES + 214);
    expect(decodeAssociation(tunnel)?.association).toEqual({ ...association, key: '' });
    const narrow = Buffer.from(message);
    narrow.writeUInt32LE(32, message.length - 128 - 4);
    expect(decodeAssociation(narrow)?.association).toEqual({ ...association, key: '' });
  });

  test('have no key in the words of their errors; one that cannot be sent stops no other', async () => {
    const secret = 'deadbeef';
    const whole = { ...EXAMPLE, key: secret.repeat(5) };
    const named: string[] = [];
    const errors = await programSecurity(
      async (_protocol, talk) =>
        talk({
          request: async (requests: readonly { readonly what: string }[]) => {
            named.push(...requests.map(({ what }) => what));
            return requests.map(() => null);
          },
        } as never),
      [
        { step: 'add-association', association: { ...EXAMPLE, key: secret } },
        { step: 'add-association', association: whole },
        { step: 'remove-association', association: whole },
      ],
    );
    expect(errors).toEqual([expect.any(VinetError), null, null]);
    expect(named.length).toBe(2);
    expect([errors[0]?.message, JSON.stringify(errors[0]), ...named].join(' ')).not.toContain(secret);
  });
});

describe('policies', () => {
  test('come back from the message that sets them', () => {
    fc.assert(
      fc.property(policies, (policy) => {
        expect(decodePolicy(encodeSetPolicy(policy))).toEqual(policy);
      }),
    );
  });

  test('of others are passed over', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 0, max: REQID_BASE - 1 }), (policy, other) => {
        expect(decodePolicy(encodeSetPolicy({ ...policy, reqid: other }))).toBeNull();
      }),
    );
  });

  test('that let packets in clear pass are none that is wanted', () => {
    fc.assert(
      fc.property(policies, (policy) => {
        const optional = encodeSetPolicy(policy);
        optional.writeUInt8(1, optional.length - 64 + 50);
        expect(decodePolicy(optional)?.spi).not.toBe(policy.spi);
      }),
    );
  });
});

describe('decoders', () => {
  test.each([
    ['association', XFRM_MSG_NEWSA, createAssociationDecoder, associations.map(encodeAddAssociation)],
    ['policy', XFRM_MSG_NEWPOLICY, createPolicyDecoder, policies.map(encodeSetPolicy)],
  ] as const)(
    'the %s decoder meets any bytes with a value or a VinetError',
    (_name, type, create, messages) => {
      const change = fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 255 }));
      const damaged = fc
        .tuple(messages, fc.array(change, { maxLength: 6 }), fc.nat({ max: 300 }))
        .map(([message, changes, lost]) => {
          const bytes = Buffer.from(message.subarray(HEADER_BYTES));
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          return bytes.subarray(0, Math.max(0, bytes.length - lost));
        });
      const raw = fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes));
      fc.assert(
        fc.property(fc.oneof(raw, damaged), (bytes) => {
          try {
            create()(bytes, type, 0, bytes.length);
          } catch (error) {
            expect(error).toBeInstanceOf(VinetError);
          }
        }),
        { numRuns: 1000 },
      );
    },
  );
});

test("the kernel's sums are read by name, and anything else is passed over", () => {
  const text = 'XfrmInError             \t0\nXfrmInNoPols            \t17\ngarbage\nXfrmOut x\n';
  expect(parseSecurityStatistics(text)).toEqual(
    new Map([
      ['XfrmInError', 0],
      ['XfrmInNoPols', 17],
    ]),
  );
});

const EXAMPLE: SecurityAssociation = {
  ...{ source: '192.0.2.1', destination: '192.0.2.2', spi: 0x1000, reqid: REQID_BASE + 1 },
  ...{ cipher: 'aes-gcm', key: '00'.repeat(20) },
};

function decodeAssociation(message: Buffer) {
  return createAssociationDecoder()(message, XFRM_MSG_NEWSA, HEADER_BYTES, message.length);
}

function decodePolicy(message: Buffer) {
  return createPolicyDecoder()(message, XFRM_MSG_NEWPOLICY, HEADER_BYTES, message.length);
}
