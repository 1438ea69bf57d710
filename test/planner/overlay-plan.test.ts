import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contains, overlaps, parseIpPrefix } from '../../src/model/ip-prefix.ts';
import { networkRanges } from '../../src/model/network-range.ts';
import type { Overlay } from '../../src/model/overlay.ts';
import { expandTopology } from '../../src/model/topology.ts';
import { openAddressBook } from '../../src/planner/address-book.ts';
import { NO_BASES } from '../../src/planner/base-sites.ts';
import { compileOverlay, type OverlayPlan } from '../../src/planner/overlay-plan.ts';
import { NOTHING_TAKEN } from '../../src/planner/tunnel-numbers.ts';
import { buildOverlay, codesOf, planOf, unwrap } from './overlay-builder.ts';

const sizes = fc.array(fc.integer({ min: 3, max: 40 }), { minLength: 2, maxLength: 8 });
const kinds = fc.constantFrom('line', 'ring', 'star', 'bus', 'tree', 'grid');
const network = ['10.20.0.0/20', 'fd00:20::/64'];

/** Every address of an overlay by what has it. */
function addressesOf({ spec }: Overlay, plan: OverlayPlan): Map<string, string> {
  const book = openAddressBook(spec, plan.allocation);
  const { routers, links, segments } = expandTopology(spec);
  const text = (prefixes: readonly { value: bigint }[]) =>
    prefixes.map(({ value }) => String(value)).join(' ');
  return new Map([
    ...routers.map((router) => [router, text(book.loopbacks(router))] as const),
    ...links.flatMap(({ name, ends }) =>
      ([0, 1] as const).map(
        (end) => [`${ends[end]} on ${name}`, text(book.linkAddresses(name, end))] as const,
      ),
    ),
    ...segments.flatMap(({ name, members }) =>
      members.map((member) => [`${member} on ${name}`, text(book.segmentAddresses(name, member))] as const),
    ),
  ]);
}

describe('addresses', () => {
  test('stay with who had them through any growth and shrinking, and nobody shares one', () => {
    fc.assert(
      fc.property(kinds, sizes, (kind, sequence) => {
        let previous: OverlayPlan | null = null;
        let before = new Map<string, string>();
        for (const routers of sequence) {
          const overlay = buildOverlay({ kind, routers }, { addressing: { network } });
          previous = planOf(overlay, previous).plan;
          const after = addressesOf(overlay, previous);
          expect(new Set(after.values()).size).toBe(after.size);
          for (const [who, address] of before) {
            if (after.has(who)) expect(after.get(who)).toBe(address);
          }
          before = after;
        }
      }),
      { numRuns: 60 },
    );
  });

  test('are inside the range, apart by kind', () => {
    fc.assert(
      fc.property(kinds, fc.integer({ min: 3, max: 60 }), (kind, routers) => {
        const overlay = buildOverlay({ kind, routers }, { addressing: { network } });
        const { plan } = planOf(overlay);
        const book = openAddressBook(overlay.spec, plan.allocation);
        const { links, segments, routers: names } = expandTopology(overlay.spec);
        networkRanges(overlay.spec).forEach((range, family) => {
          const blocks = [
            ...names.map((name) => book.loopbacks(name)[family]),
            ...links.map(({ name }) => book.linkPrefixes(name)[family]),
            ...segments.map(({ name }) => book.segmentPrefixes(name)[family]),
          ].filter((block) => block !== undefined);
          for (const [index, block] of blocks.entries()) {
            expect(contains(range, block)).toBe(true);
            const next = blocks[index + 1];
            expect(next !== undefined && overlaps(block, next)).toBe(false);
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  test('of the first routers are the first of the range', () => {
    const overlay = buildOverlay({ kind: 'ring', routers: 3 }, { addressing: { network: '10.20.0.0/16' } });
    const { allocation } = planOf(overlay).plan;
    const book = openAddressBook(overlay.spec, allocation);
    expect(book.loopbacks('r1')).toEqual([parseIpPrefix('10.20.0.1/32')]);
    expect(book.linkAddresses('r1-r2', 1)).toEqual([parseIpPrefix('10.20.128.1/31')]);
  });

  test('move into another range with the same numbers', () => {
    const ring = { kind: 'ring' as const, routers: 5 };
    const before = planOf(buildOverlay(ring, { addressing: { network: '10.20.0.0/16' } })).plan;
    const after = planOf(buildOverlay(ring, { addressing: { network: 'fd00::/64' } }), before).plan;
    expect(after.allocation).toEqual(before.allocation);
  });

  test('that do not exist are a problem, not a crash', () => {
    const overlay = buildOverlay({ kind: 'ring', routers: 50 }, { addressing: { network: '10.0.0.0/28' } });
    expect(
      codesOf(compileOverlay({ overlay, previous: null, taken: NOTHING_TAKEN, bases: NO_BASES })),
    ).toEqual(['range-too-small']);
  });
});

describe('a placement', () => {
  test('goes over the nodes in turn', () => {
    const { placement } = planOf(buildOverlay({ kind: 'line', routers: 5 })).plan;
    expect(placement).toEqual({ r1: 'n1', r2: 'n2', r3: 'n3', r4: 'n1', r5: 'n2' });
  });

  test('uses only nodes of the list, and moves nobody whose node is still in it', () => {
    const nodeLists = fc.array(fc.uniqueArray(fc.constantFrom('n1', 'n2', 'n3', 'n4'), { minLength: 1 }), {
      minLength: 2,
    });
    fc.assert(
      fc.property(nodeLists, fc.integer({ min: 1, max: 20 }), (lists, routers) => {
        let previous: OverlayPlan | null = null;
        for (const nodes of lists) {
          const before: OverlayPlan | null = previous;
          const overlay = buildOverlay({ kind: 'line', routers }, { placement: { nodes } });
          previous = planOf(overlay, before).plan;
          for (const [router, node] of Object.entries(previous.placement)) {
            expect(nodes.some((one) => one === node)).toBe(true);
            const had = before?.placement[router];
            if (had !== undefined && nodes.some((one) => one === had)) expect(node).toBe(had);
          }
        }
      }),
    );
  });

  test('follows a pin, also to a node that is not in the list, and goes back without it', () => {
    const line = { kind: 'line' as const, routers: 2 };
    const pinned = planOf(buildOverlay(line, { routers: { r1: { node: 'n9' } } })).plan;
    expect(pinned.placement).toEqual({ r1: 'n9', r2: 'n2' });
    expect(planOf(buildOverlay(line), pinned).plan.placement).toEqual({ r1: 'n1', r2: 'n2' });
  });
});

describe('numbers', () => {
  test('are given to links between nodes only, from 1000 on', () => {
    const overlay = buildOverlay({ kind: 'line', routers: 4 }, { placement: { nodes: ['n1', 'n2'] } });
    expect(planOf(overlay).plan.numbers).toEqual({ 'r1-r2': 1000, 'r2-r3': 1001, 'r3-r4': 1002 });
    expect(
      planOf(buildOverlay({ kind: 'line', routers: 4 }, { placement: { nodes: ['n1'] } })).plan.numbers,
    ).toEqual({});
    expect(planOf(buildOverlay({ kind: 'bus', routers: 4 })).plan.numbers).toEqual({ lan1: 1000 });
  });

  test('stay while the link is there, also when both ends share a node for a while', () => {
    const line = { kind: 'line' as const, routers: 2 };
    const first = planOf(buildOverlay(line)).plan;
    const together = planOf(buildOverlay(line, { placement: { nodes: ['n1'] } }), first).plan;
    expect(together.numbers).toEqual(first.numbers);
  });

  test('of a link that went are not given to one that comes with the same change', () => {
    const before = planOf(buildOverlay({ kind: 'ring', routers: 10 })).plan;
    const after = planOf(buildOverlay({ kind: 'ring', routers: 12 }), before).plan;
    const former = new Set(Object.values(before.numbers));
    for (const name of ['r10-r11', 'r11-r12', 'r12-r1'])
      expect(former.has(after.numbers[name] ?? 0)).toBe(false);
  });

  test('are never those of another overlay', () => {
    const overlay = buildOverlay({ kind: 'line', routers: 3 });
    const taken = { ...NOTHING_TAKEN, numbers: new Set([1000, 1002]) };
    const plan = unwrap(compileOverlay({ overlay, previous: null, taken, bases: NO_BASES }));
    expect(plan.numbers).toEqual({ 'r1-r2': 1001, 'r2-r3': 1003 });
  });
});

test('a plan survives being stored as JSON', () => {
  fc.assert(
    fc.property(kinds, sizes, (kind, [routers = 3]) => {
      const { plan } = planOf(buildOverlay({ kind, routers }));
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    }),
    { numRuns: 20 },
  );
});
