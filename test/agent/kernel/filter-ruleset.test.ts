import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BORDER_DROP_REASONS } from '../../../src/agent/kernel/border-description.ts';
import { DROP_REASONS } from '../../../src/agent/kernel/filter-description.ts';
import { parseFilter, renderFilter } from '../../../src/agent/kernel/filter-ruleset.ts';
import { countsOf, isObject, type NftObject } from '../../../src/agent/kernel/nft.ts';
import { isSameFilter } from '../../../src/planner/diff-filter.ts';

const ipv4 = fc.ipV4();
const ipv6 = fc
  .array(fc.integer({ min: 1, max: 0xffff }), { minLength: 7, maxLength: 7 })
  .map((groups) => ['fd00', ...groups.map((group) => group.toString(16))].join(':'));
const name = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,14}$/);
const address = fc.oneof(ipv4, ipv6);
const PLAIN = { noNullPrototype: true } as const;
const borders = fc.record(
  {
    sources: fc.array(
      fc.record(
        {
          interface: name,
          prefix: fc.oneof(
            fc.constant(''),
            address,
            fc.constant('10.71.0.0/16'),
            fc.constant('fd00:71::/48'),
          ),
          accept: fc.boolean(),
        },
        PLAIN,
      ),
      { maxLength: 8 },
    ),
    local: fc.array(fc.record({ interface: name, address }, PLAIN), { maxLength: 8 }),
    forward: fc.array(fc.record({ from: name, to: name }, PLAIN), { maxLength: 8 }),
  },
  PLAIN,
);
const links = fc.record({
  accept: fc.array(
    fc.oneof(
      fc.record({ interface: name, source: ipv4, destination: ipv4 }),
      fc.record({ interface: name, source: ipv6, destination: ipv6 }),
    ),
    { maxLength: 20 },
  ),
});
const filters = fc.oneof(links, borders);

test('every filter is found again in what rendering it adds, in whatever order it is listed', () => {
  fc.assert(
    fc.property(filters, fc.nat(), (filter, seed) => {
      const found = parseFilter(shuffleSets(added(renderFilter(filter, new Map())), seed));
      expect(isSameFilter(found, filter)).toBe(true);
    }),
  );
});

test('a border with any part of it missing is another border, or none', () => {
  fc.assert(
    fc.property(borders, fc.nat(), (border, at) => {
      const listing = added(renderFilter(border, new Map()));
      expect(isSameFilter(parseFilter(listing.toSpliced(at % listing.length, 1)), border)).toBe(false);
    }),
  );
});

test('a link filter with any part of it missing is no filter of ours', () => {
  fc.assert(
    fc.property(links, fc.nat(), (filter, at) => {
      const listing = added(renderFilter(filter, new Map()));
      expect(parseFilter(listing.toSpliced(at % listing.length, 1))).toBeNull();
    }),
  );
});

test('rules in another order are no filter of ours', () => {
  const listing = added(renderFilter({ accept: [] }, new Map()));
  const first = listing.findIndex((object) => 'rule' in object);
  const [moved] = listing.splice(first, 1);
  expect(parseFilter([...listing, ...(moved === undefined ? [] : [moved])])).toBeNull();
});

test('counters begin where they were', () => {
  const drops = new Map(DROP_REASONS.map((reason, at) => [reason, at * 7]));
  expect(countsOf(added(renderFilter({ accept: [] }, drops)))).toEqual(drops);
});

test('a border counts for reasons of its own', () => {
  const drops = new Map(BORDER_DROP_REASONS.map((reason, at) => [reason, at * 7]));
  expect(countsOf(added(renderFilter({ sources: [], local: [], forward: [] }, drops)))).toEqual(drops);
});

test('what would mean something else to nft is no border', () => {
  const border = { sources: [], local: [], forward: [] };
  for (const bad of [
    { sources: [{ interface: 'r*', prefix: '', accept: true }] },
    { sources: [{ interface: 'r1', prefix: 'localhost', accept: true }] },
    { sources: [{ interface: 'r1', prefix: '10.0.0.0/8; accept', accept: true }] },
    { local: [{ interface: 'r1', address: '10.0.0.0/8' }] },
    { forward: [{ from: 'r1', to: '' }] },
  ])
    expect(() => renderFilter({ ...border, ...bad }, new Map())).toThrow('not a filter');
});

test('rules of a border in another order are another border, or none', () => {
  const sources = [
    { interface: 'r1', prefix: '10.71.0.4/31', accept: true },
    { interface: 'r1', prefix: '10.71.0.0/16', accept: false },
  ];
  const [one, other] = [sources, sources.toReversed()].map((list) => ({
    sources: list,
    local: [],
    forward: [],
  }));
  expect(isSameFilter(one ?? null, other ?? null)).toBe(false);
  expect(isSameFilter(one ?? null, structuredClone(one ?? null))).toBe(true);
});

test('any listing is read as a filter or as none', () => {
  const value = fc.dictionary(
    fc.constantFrom('set', 'chain', 'rule', 'counter', 'table'),
    fc.dictionary(fc.constantFrom('name', 'elem', 'packets', 'expr', 'chain'), fc.jsonValue({ maxDepth: 5 })),
  );
  fc.assert(
    fc.property(fc.array(value), (listing) => {
      expect(parseFilter(listing)).toBeNull();
      for (const count of countsOf(listing).values()) expect(typeof count).toBe('number');
    }),
  );
});

test('filters are the same whatever the order and however often an entry is said', () => {
  const [a, b] = [
    { interface: 'n2', source: '172.16.0.2', destination: '172.16.0.1' },
    { interface: 'n3', source: '172.16.1.2', destination: '172.16.1.1' },
  ];
  expect(isSameFilter({ accept: [a, b, a] }, { accept: [b, a] })).toBe(true);
  expect(isSameFilter({ accept: [a] }, { accept: [b] })).toBe(false);
  expect(isSameFilter({ accept: [] }, null)).toBe(false);
  expect(isSameFilter(null, null)).toBe(true);
});

/** What nft would list after the commands. */
function added(commands: readonly object[]): NftObject[] {
  return commands
    .flatMap((command) => ('add' in command && isObject(command.add) ? [command.add] : []))
    .slice(1)
    .flatMap((object) => (Object.values(object).every(isObject) ? [object as NftObject] : []));
}

function shuffleSets(listing: readonly NftObject[], seed: number): NftObject[] {
  return listing.map((object) => {
    const elements = object.set?.elem;
    if (!Array.isArray(elements)) return object;
    const turned = elements.slice(seed % elements.length).concat(elements.slice(0, seed % elements.length));
    return { set: { ...object.set, elem: turned } };
  });
}
