import { describe, expect, test } from 'vitest';
import { checkOverlay } from '../../src/model/overlay-check.ts';
import type { Spec, TopologySpec } from '../../src/model/topology.ts';
import { buildOverlay } from '../planner/overlay-builder.ts';

const LINE: TopologySpec = { kind: 'line', routers: 3 };
const ABC = ['a', 'b', 'c'];

/** `code path` of each problem, sorted. */
function check(topology: TopologySpec, rest: Partial<Spec> = {}): string[] {
  return checkOverlay(buildOverlay(topology, rest))
    .map(({ code, path }) => `${code} ${path}`)
    .toSorted();
}

function hintFor(rest: Partial<Spec>, topology = LINE): string | undefined {
  return checkOverlay(buildOverlay(topology, rest))[0]?.hint;
}

describe('a topology', () => {
  const at = 'spec.topology';

  test.each<[TopologySpec, string[]]>([
    [{ kind: 'line' }, [`missing-field ${at}.routers`]],
    [{ kind: 'line', routers: ABC }, [`wrong-type ${at}.routers`]],
    [{ kind: 'ring', routers: 2 }, [`too-few ${at}.routers`]],
    [{ kind: 'ring', routers: 3 }, []],
    [{ kind: 'line', routers: 1 }, []],
    [{ kind: 'ring', routers: 5, branching: 2 }, [`wrong-field ${at}.branching`]],
    [{ kind: 'tree', routers: 5, branching: 2 }, []],
    [
      { kind: 'line', routers: 5, rows: 1, columns: 5 },
      [`wrong-field ${at}.rows`, `wrong-field ${at}.columns`],
    ],
    [{ kind: 'grid' }, [`missing-field ${at}.routers`]],
    [{ kind: 'grid', rows: 3 }, [`missing-field ${at}.routers`]],
    [{ kind: 'grid', rows: 3, routers: 12 }, []],
    [{ kind: 'grid', rows: 3, columns: 4, routers: 12 }, []],
    [{ kind: 'grid', rows: 3, columns: 4, routers: 11 }, []],
    [{ kind: 'grid', rows: 3, columns: 4, routers: 13 }, [`contradiction ${at}.rows`]],
    [{ kind: 'grid', rows: 4, routers: 5 }, [`contradiction ${at}.rows`]],
    [{ kind: 'custom', routers: 3 }, [`wrong-type ${at}.routers`]],
    [{ kind: 'custom' }, [`missing-field ${at}.routers`]],
    [{ kind: 'custom', routers: ABC }, [`missing-field ${at}.links`]],
    [{ kind: 'custom', routers: ['a'] }, []],
    [{ kind: 'custom', routers: ABC, links: [ABC] }, []],
  ])('%j has the problems %j', (topology, problems) => {
    expect(check(topology)).toEqual(problems.toSorted());
  });

  test.each<[TopologySpec, string]>([
    [{ kind: 'mesh', routers: 10_000 }, `too-large ${at}.routers`],
    [{ kind: 'mesh', routers: 448 }, `too-large ${at}.routers`],
    [{ kind: 'grid', rows: 65_536, columns: 65_536 }, `too-large ${at}`],
    [{ kind: 'bus', routers: 5000 }, `too-large ${at}.routers`],
  ])('%j is refused before it is expanded', (topology, problem) => {
    expect(check(topology)).toEqual([problem]);
  });

  test.each<[NonNullable<TopologySpec['links']>, string[]]>([
    [
      [
        ['a', 'b'],
        ['b', 'b'],
        ['b', 'c'],
      ],
      [`link-to-itself ${at}.links[1][1]`],
    ],
    [[{ between: ['a', 'b', 'c', 'a'] }], [`link-to-itself ${at}.links[0].between[3]`]],
    [
      [
        ['a', 'z'],
        ['b', 'c'],
      ],
      [`unknown-router ${at}.links[0][1]`],
    ],
    [[['a', 'b']], [`not-connected ${at}.routers[2]`]],
    [[{ name: 'a', between: ABC }], [`duplicate-name ${at}.links[0].name`]],
    [[{ name: 'lo', between: ABC }], [`reserved-name ${at}.links[0].name`]],
    [[ABC, ABC], []],
  ])('with the links %j has the problems %j', (links, problems) => {
    expect(check({ kind: 'custom', routers: ABC, links })).toEqual(problems.toSorted());
  });

  test('names no router twice and none after what Linux has', () => {
    const routers = ['a', 'b', 'a', 'lo', 'sit0', 'br0'];
    expect(check({ kind: 'custom', routers, links: [['a', 'b', 'lo', 'sit0', 'br0']] })).toEqual([
      `duplicate-name ${at}.routers[2]`,
      `reserved-name ${at}.routers[3]`,
      `reserved-name ${at}.routers[4]`,
      `reserved-name ${at}.routers[5]`,
    ]);
  });

  test('has no interface with a name that is too long for Linux', () => {
    const long = 'abcdefghijklmno';
    const topology: TopologySpec = {
      kind: 'custom',
      routers: ['a', long],
      links: [
        ['a', long],
        [long, 'a'],
      ],
    };
    expect(check(topology)).toEqual([`name-too-long ${at}.links[1]`]);
  });

  test('gives another cost only to links that it has', () => {
    const links = [
      { between: ['r1', 'r2'], cost: 5 },
      { between: ['r1', 'r3'], cost: 5 },
      { between: ['r2', 'r1'], cost: 6 },
      ['r2', 'r3'],
      { between: ['r2', 'r9'], cost: 5 },
    ];
    expect(check({ ...LINE, links })).toEqual([
      `duplicate-link ${at}.links[2]`,
      `missing-field ${at}.links[3].cost`,
      `unknown-link ${at}.links[1]`,
      `unknown-router ${at}.links[4].between[1]`,
    ]);
  });

  test('has the routers that are set apart', () => {
    expect(check(LINE, { routers: { r3: { node: 'n9' }, r4: {} } })).toEqual([
      'unknown-router spec.routers.r4',
    ]);
  });
});

describe('addresses', () => {
  const network = 'spec.addressing.network';
  const link = 'spec.addressing.link';

  test.each<[NonNullable<Spec['addressing']>, string[]]>([
    [{ network: '10.20.0.0/16', link: '172.20.0.0/16' }, []],
    [{ network: ['fd00::/48', '10.20.0.0/16'] }, []],
    [{ network: '10.20.0.0' }, [`invalid-prefix ${network}`]],
    [{ network: ['10.20.0.0/16', '10.0.0/8'] }, [`invalid-prefix ${network}[1]`]],
    [{ network: '10.20.0.1/16' }, [`host-bits ${network}`]],
    [{ network: ['10.20.0.0/16', '10.30.0.0/16'] }, [`duplicate-family ${network}[1]`]],
    [{ network: ['10.20.0.0/16', '10.20.1.0/24'] }, [`overlapping-ranges ${network}[1]`]],
    [{ network: '10.20.0.0/16', link: '10.20.9.0/24' }, [`overlapping-ranges ${link}`]],
    [{ link: '10.0.9.0/24' }, [`overlapping-ranges ${link}`]],
    [{ network: '224.0.0.0/8' }, [`forbidden-range ${network}`]],
    [{ network: '127.0.0.0/16' }, [`forbidden-range ${network}`]],
    [{ network: '0.0.0.0/0' }, [`forbidden-range ${network}`]],
    [{ network: 'fe80::/64', link: 'ff00::/16' }, [`forbidden-range ${network}`, `forbidden-range ${link}`]],
    [{ network: '::ffff:0:0/96' }, [`forbidden-range ${network}`]],
    [{ network: '10.20.0.0/30' }, [`range-too-small ${network}`]],
    [{ network: '10.20.0.0/32' }, [`range-too-small ${network}`]],
    [{ network: ['10.20.0.0/16', 'fd00::/126'] }, [`range-too-small ${network}[1]`]],
  ])('%j have the problems %j', (addressing, problems) => {
    expect(check(LINE, { addressing })).toEqual(problems.toSorted());
  });

  test('come with a hint at the prefix that would be right', () => {
    expect(hintFor({ addressing: { network: '10.20.3.4/16' } })).toBe('the prefix is 10.20.0.0/16');
    expect(hintFor({ addressing: { network: '10.20.3.4/31' } }, { kind: 'ring', routers: 3 })).toBe(
      '10.20.3.0/27 would do',
    );
    const [problem] = checkOverlay(
      buildOverlay({ kind: 'ring', routers: 10_000 }, { addressing: { network: '10.20.0.0/16' } }),
    );
    expect(problem?.message).toBe(
      '10.20.0.0/16 is too small: it has 65536 addresses, and 10000 routers and 10000 links need 131072',
    );
    expect(problem?.hint).toBe('10.20.0.0/15 would do');
  });

  test('of a large segment need a bus', () => {
    const routers = Array.from({ length: 300 }, (_, index) => `a${index}`);
    expect(check({ kind: 'custom', routers, links: [routers] })).toEqual(['too-large spec.topology.links']);
    expect(check({ kind: 'bus', routers: 300 })).toEqual([]);
  });
});

describe('the rest of an overlay', () => {
  test('names no node twice', () => {
    expect(check(LINE, { placement: { nodes: ['n1', 'n2', 'n1'] } })).toEqual([
      'duplicate-node spec.placement.nodes[2]',
    ]);
  });

  test('may pin a router to a node that is not in the list', () => {
    expect(check(LINE, { routers: { r1: { node: 'n7' } } })).toEqual([]);
  });

  test('uses static routes only for as many routers as they can be written for', () => {
    const routing = { protocol: 'static' as const };
    expect(check({ kind: 'ring', routers: 500 }, { routing })).toEqual([]);
    expect(check({ kind: 'ring', routers: 600 }, { routing })).toEqual([
      'too-many-routes spec.routing.protocol',
    ]);
  });
});
