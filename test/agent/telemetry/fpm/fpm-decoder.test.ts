import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecisionTable } from '../../../../src/agent/telemetry/fpm/decision-table.ts';
import { FpmDecoder } from '../../../../src/agent/telemetry/fpm/fpm-decoder.ts';
import {
  createDecisionDecoder,
  describeKey,
  type RouteDecision,
} from '../../../../src/agent/telemetry/fpm/route-decision.ts';
import { VinetError } from '../../../../src/model/vinet-error.ts';
import { createRandom, mutate, usedHeapBytes, withoutStackTraces } from '../../../fuzz.ts';
import { CAPTURED, routeFrame } from './zebra-stream.ts';

describe("zebra's stream", () => {
  it('is told as decisions about prefixes; next hops and link-local prefixes are none', () => {
    expect(decisionsOf([CAPTURED]).map(summarize)).toEqual([
      '10.9.0.0/24 protocol 2 chosen by group 2',
      '10.50.0.0/24 protocol 196 chosen by group 14',
      '10.50.0.0/24 protocol 196 gone',
    ]);
  });

  it('is the same however its bytes are split', () => {
    const whole = decisionsOf([CAPTURED]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1 }), (sizes) => {
        expect(decisionsOf(split(CAPTURED, sizes))).toEqual(whole);
      }),
    );
  });

  it('tells every prefix and every table apart', () => {
    const address = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }).filter(([first]) => first !== 0xfe),
    );
    const route = fc.record({
      address,
      prefixLength: fc.nat(32),
      table: fc.integer({ min: 1, max: 0xffffffff }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(route, { selector: (one) => JSON.stringify(one) }), (routes) => {
        const frames = routes.map((one) => routeFrame({ ...one, address: [...one.address] }));
        const decisions = decisionsOf(frames);
        expect(new Set(decisions.map(({ key }) => key)).size).toBe(routes.length);
        expect(decisions.map(({ key }) => describeKey(key).table)).toEqual(routes.map(({ table }) => table));
      }),
    );
  });

  it('says prefixes as people write them', () => {
    const frames = [
      routeFrame({ address: [10, 0, 0, 3], prefixLength: 32 }),
      routeFrame({ address: [0, 0, 0, 0], prefixLength: 0 }),
      routeFrame({ address: [0xfd, ...new Array<number>(14).fill(0), 1], prefixLength: 128, table: 1001 }),
    ];
    expect(decisionsOf(frames).map(({ key }) => describeKey(key))).toEqual([
      { prefix: '10.0.0.3/32', table: 254 },
      { prefix: '0.0.0.0/0', table: 254 },
      { prefix: 'fd00::1/128', table: 1001 },
    ]);
  });

  it('takes what leads nowhere for no route', () => {
    const [blackhole] = decisionsOf([routeFrame({ address: [10, 0, 0, 3], prefixLength: 32, routeType: 6 })]);
    expect(blackhole?.chosen).toBe(false);
  });

  it.each([
    ['another version', [2, 1, 0, 44]],
    ['another type', [1, 2, 0, 44]],
    ['a length that is shorter than a message', [1, 1, 0, 19]],
    ['no length', [1, 1, 0, 0]],
  ])('is broken by %s', (_, header) => {
    const bytes = Buffer.concat([Buffer.from(header), Buffer.alloc(100)]);
    expect(() => decisionsOf([bytes])).toThrow(expect.objectContaining({ code: 'protocol' }));
  });

  it('is broken by a message that is longer than its frame, and by a route shorter than its header', () => {
    const longer = routeFrame({ address: [10, 0, 0, 3], prefixLength: 32 });
    longer.writeUInt32LE(longer.length, 4);
    expect(() => decisionsOf([longer])).toThrow(VinetError);
    const shorter = Buffer.from('01010018' + '1400000018000105' + '0000000000000000' + '02180000', 'hex');
    expect(() => decisionsOf([shorter])).toThrow(VinetError);
  });

  it('never brings down who listens, nor fills its memory: a million broken ones', {
    timeout: 120_000,
  }, () => {
    const random = createRandom(0x5eed);
    const samples = [
      CAPTURED.subarray(152, 264),
      routeFrame({ address: [10, 0, 0, 3], prefixLength: 32, table: 1001 }),
    ];
    const outcomes = { decoded: 0, refused: 0, others: [] as unknown[] };
    const table = new DecisionTable();
    const run = (cases: number) => {
      for (let count = 0; count < cases; count += 1) {
        const bytes = mutate(samples[random(samples.length)] ?? CAPTURED, random);
        const cut = random(bytes.length + 1);
        try {
          const found = decisionsOf([bytes.subarray(0, cut), bytes.subarray(cut)]);
          for (const decision of found) table.take(decision);
          outcomes.decoded += 1;
        } catch (error) {
          if (error instanceof VinetError) outcomes.refused += 1;
          else outcomes.others.push(error);
        }
        if (count % 10_000 === 0) table.clear();
      }
      table.clear();
    };
    withoutStackTraces(() => run(10_000));
    const before = usedHeapBytes();
    withoutStackTraces(() => run(990_000));
    expect(usedHeapBytes() - before).toBeLessThan(5_000_000);
    expect(outcomes.others).toEqual([]);
    expect(outcomes.decoded + outcomes.refused).toBe(1_000_000);
    expect(Math.min(outcomes.decoded, outcomes.refused)).toBeGreaterThan(50_000);
  });

  it('is held back no longer than one frame, whatever length it claims', () => {
    const decoder = new FpmDecoder();
    let visited = 0;
    decoder.push(Buffer.from([1, 1, 0xff, 0xff]), () => {
      visited += 1;
    });
    for (let sent = 4; sent < 0xffff; sent += 1_000) {
      const before = visited;
      const rest = Buffer.alloc(Math.min(1_000, 0xffff - sent));
      if (sent === 4) rest.writeUInt32LE(0xffff - 4, 0);
      decoder.push(rest, () => {
        visited += 1;
      });
      expect(before).toBe(0);
    }
    expect(visited).toBe(1);
  });
});

describe('the table of decisions', () => {
  const key = 'k';

  it('changes with what is new, and not with what is repeated', () => {
    const table = new DecisionTable();
    const ospf: RouteDecision = { key, protocol: 188, nextHopGroup: 7, chosen: true };
    expect(table.take(ospf)).toBe(true);
    expect(table.take(ospf)).toBe(false);
    expect(table.take({ ...ospf, nextHopGroup: 8 })).toBe(true);
    expect(table.take({ ...ospf, chosen: false })).toBe(true);
    expect(table.take({ ...ospf, chosen: false })).toBe(false);
    expect([...table.entries()]).toEqual([]);
  });

  it('keeps a route whose place another protocol had before', () => {
    const table = new DecisionTable();
    table.take({ key, protocol: 188, nextHopGroup: 7, chosen: true });
    table.take({ key, protocol: 196, nextHopGroup: 9, chosen: true });
    expect(table.take({ key, protocol: 188, nextHopGroup: 0, chosen: false })).toBe(false);
    expect([...table.entries()]).toEqual([{ key, protocol: 196 }]);
  });
});

const decode = createDecisionDecoder();

function decisionsOf(parts: readonly Buffer[]): RouteDecision[] {
  const decoder = new FpmDecoder();
  const decisions: RouteDecision[] = [];
  for (const part of parts)
    decoder.push(part, (buffer, type, start, end) => {
      const decision = decode(buffer, type, start, end);
      if (decision !== null) decisions.push(decision);
    });
  return decisions;
}

function summarize({ key, protocol, nextHopGroup, chosen }: RouteDecision): string {
  const what = chosen ? `chosen by group ${nextHopGroup}` : 'gone';
  return `${describeKey(key).prefix} protocol ${protocol} ${what}`;
}

/** Cuts into parts of these sizes, over and over. */
function split(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    parts.push(bytes.subarray(at, at + size));
    at += size;
  }
  return parts;
}
