import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIpAddress, formatIpPrefix } from '../../../src/model/ip-prefix.ts';
import type { Overlay } from '../../../src/model/overlay.ts';
import { checkOverlay } from '../../../src/model/overlay-check.ts';
import type { StaticRoute } from '../../../src/model/routing-state.ts';
import type { LinkSpec } from '../../../src/model/topology.ts';
import { computeStaticRoutes } from '../../../src/planner/routing/static-routes.ts';
import { type Wiring, wireOverlay } from '../../../src/planner/wiring.ts';
import { buildOverlay, planOf } from '../overlay-builder.ts';

const ROUTERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

/** Connected by a chain, with random links, segments and costs on top of it. */
const overlays: fc.Arbitrary<Overlay> = fc
  .array(
    fc.record({
      between: fc.uniqueArray(fc.constantFrom(...ROUTERS), { minLength: 2, maxLength: 4 }),
      cost: fc.integer({ min: 1, max: 20 }),
    }),
    { maxLength: 8 },
  )
  .map((links) => {
    const chain: LinkSpec[] = ROUTERS.slice(1).map((router, index) => ({
      between: [ROUTERS[index] ?? '', router],
      cost: 9,
    }));
    return buildOverlay(
      { kind: 'custom', routers: ROUTERS, links: [...chain, ...links] },
      { addressing: { network: ['10.0.0.0/16', 'fd00::/64'] }, routing: { protocol: 'static' } },
    );
  });

/** The least cost between all pairs (Floyd and Warshall), computed without the code under test. */
function leastCosts({ topology }: Wiring): Map<string, number> {
  const costs = new Map<string, number>();
  const at = (one: string, other: string) => costs.get(`${one} ${other}`) ?? (one === other ? 0 : Infinity);
  const groups = [
    ...topology.links.map(({ ends, cost }) => ({ members: ends, cost: cost ?? 10 })),
    ...topology.segments.map(({ members, cost }) => ({ members, cost: cost ?? 10 })),
  ];
  for (const { members, cost } of groups) {
    for (const one of members) {
      for (const other of members) costs.set(`${one} ${other}`, Math.min(at(one, other), cost));
    }
  }
  for (const via of topology.routers) {
    for (const one of topology.routers) {
      for (const other of topology.routers) {
        costs.set(`${one} ${other}`, Math.min(at(one, other), at(one, via) + at(via, other)));
      }
    }
  }
  return costs;
}

/** Follows next hops to the owner of a prefix and gives what the way costs; throws when it does not arrive. */
function follow(
  wiring: Wiring,
  routes: ReadonlyMap<string, StaticRoute[]>,
  from: string,
  to: string,
  prefix: string,
): number {
  let at = from;
  let spent = 0;
  for (let hops = 0; at !== to; hops++) {
    const route = routes.get(at)?.find((one) => one.prefix === prefix);
    const attachment = wiring.attachmentsOf(at).find((one) => one.interface === route?.interface);
    if (route === undefined || attachment === undefined || hops > ROUTERS.length)
      throw new Error(`${from} never reaches ${to}`);
    const here = at;
    const next = ROUTERS.filter((router) => router !== here).find((router) =>
      wiring
        .attachmentsOf(router)
        .some(
          ({ name, addresses }) =>
            name === attachment.name && addresses.some((one) => formatIpAddress(one) === route.via),
        ),
    );
    if (next === undefined) throw new Error(`${route.via} is nobody's address on ${attachment.name}`);
    spent += attachment.cost;
    at = next;
  }
  return spent;
}

describe('static routes', () => {
  test('lead from everywhere to everywhere at the least cost, in both families', () => {
    fc.assert(
      fc.property(overlays, (overlay) => {
        expect(checkOverlay(overlay)).toEqual([]);
        const wiring = wireOverlay(overlay, planOf(overlay).plan);
        const routes = computeStaticRoutes(wiring);
        const costs = leastCosts(wiring);
        for (const from of ROUTERS) {
          for (const to of ROUTERS) {
            for (const prefix of wiring.book.loopbacks(to)) {
              const spent = follow(wiring, routes, from, to, formatIpPrefix(prefix));
              expect(spent).toBe(from === to ? 0 : costs.get(`${from} ${to}`));
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('lead to every link and segment that a router is not on, and to none that it is on', () => {
    fc.assert(
      fc.property(overlays, (overlay) => {
        const wiring = wireOverlay(overlay, planOf(overlay).plan);
        const { links, segments } = wiring.topology;
        const routes = computeStaticRoutes(wiring);
        const all = [
          ...links.map(({ name, ends }) => ({
            members: ends as readonly string[],
            prefixes: wiring.book.linkPrefixes(name),
          })),
          ...segments.map(({ name, members }) => ({ members, prefixes: wiring.book.segmentPrefixes(name) })),
        ];
        for (const router of ROUTERS) {
          const known = new Set(routes.get(router)?.map(({ prefix }) => prefix));
          expect(known.size).toBe(routes.get(router)?.length);
          for (const { members, prefixes } of all) {
            for (const prefix of prefixes)
              expect(known.has(formatIpPrefix(prefix))).toBe(!members.includes(router));
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('are the same each time', () => {
    const overlay = buildOverlay({ kind: 'grid', routers: 9 }, { routing: { protocol: 'static' } });
    const compute = () => computeStaticRoutes(wireOverlay(overlay, planOf(overlay).plan));
    expect(compute()).toEqual(compute());
  });
});
