import { describe, expect, test } from 'vitest';
import type { BorderFilter, EnvironmentState } from '../../src/model/node-state.ts';
import type { Overlay } from '../../src/model/overlay.ts';
import { checkOverlayData } from '../../src/model/overlay-document.ts';
import type { Checked } from '../../src/model/problem.ts';
import type { HostSpec, Spec } from '../../src/model/topology.ts';
import { diffNode } from '../../src/planner/diff.ts';
import { compileNodeStates, type PlannedOverlay } from '../../src/planner/node-states.ts';
import { compileOverlay, type OverlayPlan } from '../../src/planner/overlay-plan.ts';
import { describeHosts, describeLinks, describeRouters } from '../../src/planner/overlay-view.ts';
import { NOTHING_TAKEN, takenBy } from '../../src/planner/tunnel-numbers.ts';
import { orderByUnderlay, ridersOf } from '../../src/planner/underlay-order.ts';
import { buildOverlay, continueAll, planAll, THREE_NODES, unwrap } from './overlay-builder.ts';
import { SimulatedNode } from './simulated-node.ts';

function overlay(
  name: string,
  network: string | string[],
  hosts: HostSpec[],
  rest: Partial<Spec> = {},
): Overlay {
  return buildOverlay({ kind: 'ring', routers: 3 }, { name, addressing: { network }, hosts, ...rest });
}

const RED = overlay('red', '10.71.0.0/16', [
  { name: 'h', attach: 'r1', overlays: ['blue', 'green'] },
  { name: 'p', attach: 'r3', overlays: ['blue'] },
]);
const BLUE = overlay('blue', '10.72.0.0/16', [
  { name: 'h', attach: 'r2', home: 'red' },
  { name: 'p', attach: 'r3', home: 'red' },
]);
const GREEN = overlay('green', '10.73.0.0/16', [{ name: 'h', attach: ['r1', 'r2'], home: 'red' }]);

function environmentsOf(...planned: readonly PlannedOverlay[]): Map<string, EnvironmentState> {
  const states = unwrap(compileNodeStates(planned, THREE_NODES, 1));
  const all = [...states.values()].flatMap(({ overlays }) => overlays);
  return new Map(
    all.flatMap((one) => one.environments.map((environment) => [environment.namespace, environment])),
  );
}

/** What becomes of one overlay beside some that are there. */
function compileBeside(one: Overlay, ...others: readonly Overlay[]): Checked<OverlayPlan> {
  const planned = planAll(...others);
  const bases = new Map(planned.map((other) => [other.overlay.metadata.name, other]));
  return compileOverlay({
    overlay: one,
    previous: null,
    taken: takenBy(planned.map(({ plan }) => plan)),
    bases,
  });
}

function complaintOf(checked: Checked<unknown>): string {
  return checked.ok ? '' : checked.problems.map(({ code, message }) => `${code}: ${message}`).join('\n');
}

describe('a host that may be in several overlays', () => {
  const planned = planAll(RED, BLUE, GREEN);
  const environments = environmentsOf(...planned);
  const router = environments.get('red_h-gw');
  const filter = router?.filter as BorderFilter;

  test('stands behind a router of its home, with one address and one way out', () => {
    const host = environments.get('red_h');
    expect(host).toMatchObject({ role: 'host', routing: null });
    expect(host?.links.map(({ name }) => name)).toEqual(['h-gw']);
    expect(host?.routes).toHaveLength(1);
    expect(router?.routing?.ospf?.interfaces.map(({ name }) => name)).toEqual(['lo', 'r1', 'h']);
  });

  test('is in the others by interfaces of that router, named after both', () => {
    expect(router?.links.map(({ name }) => name)).toEqual(['r1', 'h', 'r2.blue', 'r1.green', 'r2.green']);
    const far = environments.get('blue_r2')?.links.find(({ name }) => name === 'h');
    expect(far?.addresses).toHaveLength(1);
    expect([...environments.keys()].filter((name) => /^(blue|green)_(h|p)/.test(name))).toEqual([]);
  });

  test('has the same names and addresses in all, and knows the members of all', () => {
    const names = environments.get('red_h')?.otherNames.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['h.blue', 'p.blue', 'r1.blue', 'r3.green', 'h.green']));
    const addressIn = (name: string) => {
      const found = planned.find((one) => one.overlay.metadata.name === name);
      return found && describeHosts(found.overlay, found.plan).find((host) => host.name === 'h');
    };
    expect(addressIn('blue')).toMatchObject({
      home: 'red',
      namespace: 'red_h',
      node: 'n1',
      adjacent: ['r2'],
    });
    expect(addressIn('blue')?.addresses).toEqual(addressIn('red')?.addresses);
  });

  test('tells other overlays of itself alone, and prefers them as its file names them', () => {
    const bgp = router?.routing?.bgp;
    expect(bgp?.peers.map(({ name }) => name)).toEqual(['r2.blue', 'r1.green', 'r2.green']);
    expect(bgp?.peers.every(({ out }) => out === 'own.host')).toBe(true);
    const own = router?.routing?.prefixLists.find(({ name }) => name === 'own.host');
    expect(own?.entries).toEqual([expect.objectContaining({ action: 'permit', ge: 0, le: 0 })]);
    const preferences = router?.routing?.routeMaps.map(({ name, entries }) => [
      name,
      entries[0]?.setLocalPreference,
    ]);
    expect(preferences).toEqual([
      ['own.host', ''],
      ['from.blue', '200'],
      ['from.green', '199'],
    ]);
    expect(router?.routing?.ospf?.redistribute).toEqual([]);
  });

  test('is heard of by each overlay at the router that it is attached to, and nothing else is', () => {
    const routing = environments.get('blue_r2')?.routing;
    expect(routing?.bgp?.peers).toMatchObject([{ name: 'h', in: 'guest.h' }]);
    expect(routing?.ospf?.redistribute).toEqual([{ source: 'bgp', family: 4, routeMap: '' }]);
    expect(environments.get('blue_r1')?.routing?.bgp).toBeNull();
    const systems = ['red_h-gw', 'red_p-gw'].map((name) => environments.get(name)?.routing?.bgp?.as);
    expect(new Set(systems).size).toBe(2);
  });

  test('lets nobody through from one overlay into another', () => {
    const [red, blue, green] = [['r1'], ['r2.blue'], ['r1.green', 'r2.green']] as const;
    const between = (one: readonly string[], other: readonly string[]) =>
      filter.forward.filter(({ from, to }) => one.includes(from) && other.includes(to));
    for (const [one, other] of [
      [red, blue],
      [blue, red],
      [blue, green],
      [green, green],
      [green, red],
    ] as const)
      expect(between(one, other)).toEqual([]);
    expect(between(['h'], [...red, ...blue, ...green])).toHaveLength(4);
    expect(filter.local.filter((one) => one.interface === 'r2.blue')).toHaveLength(1);
  });

  test('is not fooled by sources of other overlays, but knows hosts that both have', () => {
    const from = (name: string) =>
      filter.sources
        .filter((one) => one.interface === name)
        .map(({ prefix, accept }) => `${prefix} ${accept}`);
    const far = planned.flatMap((one) =>
      one.overlay.metadata.name === 'red' ? describeHosts(one.overlay, one.plan) : [],
    );
    const prefixOf = (name: string) => far.find((host) => host.name === name)?.addresses[0];
    expect(from('r2.blue')).toEqual([
      `${prefixOf('h')} false`,
      `${prefixOf('p')} true`,
      '10.71.0.0/16 false',
      '10.73.0.0/16 false',
    ]);
    expect(from('h')).toEqual([`${prefixOf('h')?.split('/')[0]} true`, ' false']);
  });

  test('is drawn and counted: its router is one of its home, and its links are of each overlay', () => {
    const [red, blue] = planned;
    expect(red && describeRouters(red.overlay, red.plan).map(({ name }) => name)).toContain('h-gw');
    const bases = new Map(planned.map((one) => [one.overlay.metadata.name, one]));
    const links = blue === undefined ? [] : describeLinks(blue.overlay, blue.plan, THREE_NODES, bases);
    const ends = planned
      .filter((one) => one.overlay.metadata.name === 'blue')
      .flatMap((one) => describeLinks(one.overlay, one.plan, THREE_NODES, bases))
      .find(({ name }) => name === 'h-r2')?.ends;
    expect(links.length).toBeGreaterThan(0);
    expect(ends).toMatchObject([
      { router: 'h', node: 'n1', interface: 'r2.blue' },
      { router: 'r2', interface: 'h' },
    ]);
  });

  test('is no short cut between the routers of its home', () => {
    expect(router?.routing?.ospf?.interfaces.find(({ name }) => name === 'r1')?.cost).toBe(10_000);
  });
});

describe('overlays that come and go', () => {
  const alone = planAll(RED);

  test('leave the host as it is: it only gets and loses interfaces', () => {
    const before = new Map(alone.map((one) => [one.overlay.metadata.name, one]));
    const later = continueAll([RED, BLUE], before);
    const [without, within] = [environmentsOf(...alone), environmentsOf(...later)];
    expect(within.get('red_h')?.links).toEqual(without.get('red_h')?.links);
    const [first, second] = [alone, later].map((planned) =>
      unwrap(compileNodeStates(planned, THREE_NODES, 1)).get('n1'),
    );
    if (first === undefined || second === undefined) throw new Error('n1 has no state');
    const node = new SimulatedNode();
    node.apply(diffNode(first, node.observe(), new Map(), true));
    const changes = diffNode(second, node.observe(), new Map(), true).filter(
      ({ namespace }) => namespace === 'red_h' || namespace === 'red_h-gw',
    );
    expect(new Set(changes.map(({ kind }) => kind))).toEqual(
      new Set(['create-link', 'set-filter', 'set-hosts']),
    );
    node.apply(diffNode(second, node.observe(), new Map(), true));
    expect(diffNode(second, node.observe(), new Map(), true)).toEqual([]);
  });

  test('need the home that they have hosts of', () => {
    const names = unwrap(orderByUnderlay([BLUE, GREEN, RED].map((one) => ({ overlay: one }))));
    expect(names.map((one) => one.overlay.metadata.name)).toEqual(['red', 'blue', 'green']);
    expect(ridersOf([RED, BLUE, GREEN], 'red')).toEqual(['blue', 'green']);
    const back = overlay('red', '10.71.0.0/16', [{ name: 'q', attach: 'r1', home: 'blue' }]);
    expect(complaintOf(orderByUnderlay([{ overlay: back }, { overlay: BLUE }]))).toMatch(
      /shared-host-loop: .*blue.*red|shared-host-loop: .*red.*blue/,
    );
  });
});

describe('a host is refused to an overlay', () => {
  const guest = (rest: Partial<HostSpec> = {}): HostSpec[] => [
    { name: 'h', attach: 'r1', home: 'red', ...rest },
  ];
  const blue = (hosts: HostSpec[], rest: Partial<Spec> = {}) => overlay('blue', '10.72.0.0/16', hosts, rest);

  test.each([
    ['whose home is not there', blue(guest({ home: 'gray' })), 'unknown-overlay', 'gray'],
    ['whose home has no such host', blue([{ name: 'x', attach: 'r1', home: 'red' }]), 'unknown-host', 'red'],
    [
      'that its home does not share it with',
      overlay('gray', '10.74.0.0/16', guest()),
      'host-not-shared',
      'does not share its host h with gray',
    ],
    [
      'with addresses that its home has too',
      overlay('blue', '10.0.0.0/8', guest()),
      'overlapping-ranges',
      'host h cannot be in blue and red at once: 10.0.0.0/8 overlaps 10.71.0.0/16',
    ],
    [
      'with addresses that a third one of its overlays has too',
      overlay('blue', '10.73.128.0/17', guest()),
      'overlapping-ranges',
      'green',
    ],
    ['that carries another family', overlay('blue', 'fd00:72::/48', guest()), 'no-common-family', 'red'],
    ['that thinks it stands elsewhere', blue(guest({ node: 'n2' })), 'wrong-node', 'stands on n1'],
    [
      'without routing',
      blue(guest(), { routing: { protocol: 'none' } }),
      'sharing-not-supported',
      'r1 has no routing',
    ],
    [
      'whose routes never change',
      blue(guest(), { routing: { protocol: 'static' } }),
      'sharing-not-supported',
      'static routes',
    ],
    [
      'at a router in a stub area',
      blue(guest(), { routing: { ospf: { area: 1, areas: { '1': 'stub' } } } }),
      'sharing-not-supported',
      'stub area',
    ],
    [
      'at a router that speaks BGP and more',
      blue(guest(), { routing: { protocol: ['ospf', 'bgp'], bgp: { mode: 'ibgp' } } }),
      'sharing-not-supported',
      'beside ospf',
    ],
  ])('%s', (_what, one, code, words) => {
    const complaint = complaintOf(compileBeside(one, RED, GREEN));
    expect(complaint).toContain(code);
    expect(complaint).toContain(words);
  });

  test('that rides on its home', () => {
    const rider = blue(guest(), { underlay: { overlays: ['red'] }, placement: { nodes: ['r1', 'r2'] } });
    expect(complaintOf(compileBeside(rider, RED))).toContain('rides-on-home');
  });

  test('by a home whose routing cannot notice that something failed', () => {
    for (const [protocol, word] of [
      ['static', 'static routes'],
      ['bgp', 'BGP at home'],
      ['babel', 'announces all'],
      ['none', 'no routing'],
    ] as const) {
      const home = overlay('red', '10.71.0.0/16', RED.spec.hosts ?? [], { routing: { protocol } });
      const checked = compileOverlay({
        overlay: home,
        previous: null,
        taken: NOTHING_TAKEN,
        bases: new Map(),
      });
      expect(complaintOf(checked)).toContain(word);
    }
  });
});

describe('an internal router', () => {
  const telling = {
    redistribute: [{ from: 'connected', into: 'ospf' }],
    defaultOriginate: 'if-present',
  } as const satisfies Spec['routing'];

  test('tells its home of nothing that it has from elsewhere, whatever all routers are told to do', () => {
    const home = overlay('red', '10.71.0.0/16', RED.spec.hosts ?? [], {
      routing: { ...telling, redistribute: [...telling.redistribute] },
    });
    const environments = environmentsOf(...planAll(home, BLUE));
    expect(environments.get('red_r1')?.routing?.ospf).toMatchObject({ defaultOriginate: 'if-present' });
    expect(environments.get('red_h-gw')?.routing?.ospf).toMatchObject({
      defaultOriginate: 'never',
      redistribute: [],
    });
  });

  test('cannot be asked to by name', () => {
    const routers = { 'h-gw': { routing: { ...telling, redistribute: [...telling.redistribute] } } };
    const home = overlay('red', '10.71.0.0/16', RED.spec.hosts ?? [], { routers });
    const checked = compileOverlay({ overlay: home, previous: null, taken: NOTHING_TAKEN, bases: new Map() });
    expect(checked.ok ? [] : checked.problems.map(({ path }) => path)).toEqual([
      'spec.routers.h-gw.routing.redistribute',
      'spec.routers.h-gw.routing.defaultOriginate',
    ]);
  });
});

test.each(['vxlan', 'wireguard', 'gre'] as const)(
  'links of %s reach the internal router',
  (encapsulation) => {
    const blue = overlay('blue', '10.72.0.0/16', BLUE.spec.hosts ?? [], {
      links: { encapsulation, layers: 2 },
    });
    const nodes = new Map(
      [...THREE_NODES].map(([name, node]) => {
        const linkKinds = [...node.capabilities.linkKinds, 'wireguard', 'gre', 'ipip'];
        return [name, { ...node, capabilities: { ...node.capabilities, linkKinds } }];
      }),
    );
    const states = unwrap(compileNodeStates(planAll(RED, blue), nodes, 1));
    const all = [...states.values()].flatMap(({ overlays }) => overlays.flatMap((one) => one.environments));
    const leg = all
      .find(({ namespace }) => namespace === 'red_h-gw')
      ?.links.find(({ name }) => name === 'r2.blue');
    expect(leg).toMatchObject({ kind: 'tunnel', transport: 'blue_link_n1' });
    const layer = all.find(({ namespace }) => namespace === 'blue_link_n1');
    expect(layer?.links.map(({ name }) => name)).toContain('n2');
  },
);

test('every family of the host that an overlay carries goes over it', () => {
  const both = ['10.71.0.0/16', 'fd00:71::/48'];
  const red = overlay('red', both, [{ name: 'h', attach: 'r1', overlays: ['blue', 'green'] }]);
  const blue = overlay('blue', ['10.72.0.0/16', 'fd00:72::/48'], [{ name: 'h', attach: 'r2', home: 'red' }], {
    routing: { protocol: 'bgp' },
  });
  const environments = environmentsOf(...planAll(red, blue, GREEN));
  const bgp = environments.get('red_h-gw')?.routing?.bgp;
  expect(bgp?.peers.map(({ name, families }) => [name, ...families])).toEqual([
    ['r2.blue', 4],
    ['r2.blue', 6],
    ['r1.green', 4],
    ['r2.green', 4],
  ]);
  const far = environments.get('blue_r2')?.routing?.bgp;
  expect(far?.peers.map(({ name }) => name)).toEqual(['r1', 'r1', 'r3', 'r3', 'h', 'h']);
});

describe('the file of a host in several overlays', () => {
  const problemsOf = (hosts: HostSpec[]) => {
    const checked = checkOverlayData(overlay('red', '10.71.0.0/16', hosts));
    return checked.ok ? [] : checked.problems.map(({ code, path }) => `${code} ${path}`);
  };

  test.each([
    [[{ name: 'h', attach: 'r1', overlays: ['blue'] }], []],
    [
      [{ name: 'h', attach: 'r1', overlays: ['blue', 'blue'] }],
      ['duplicate-overlay spec.hosts[0].overlays[1]'],
    ],
    [[{ name: 'h', attach: 'r1', overlays: ['blue'], home: 'gray' }], ['wrong-field spec.hosts[0].overlays']],
    [[{ name: 'abcdefghijklm', attach: 'r1', overlays: ['blue'] }], ['name-too-long spec.hosts[0].name']],
    [
      [
        { name: 'h-gw', attach: 'r1' },
        { name: 'h', attach: 'r1', overlays: ['blue'] },
      ],
      ['duplicate-name spec.hosts[1].name'],
    ],
    [
      [
        { name: 'h', attach: 'r1', overlays: ['blue'] },
        { name: 'k', attach: 'h-gw' },
      ],
      ['unknown-router spec.hosts[1].attach'],
    ],
  ])('is checked: %j', (hosts, problems) => {
    expect(problemsOf(hosts as HostSpec[])).toEqual(problems);
  });

  test('may say what the links of its internal router are like, in any topology', () => {
    const hosts: HostSpec[] = [{ name: 'h', attach: 'a', overlays: ['blue'] }];
    const links: Spec['topology']['links'] = [['a', 'b'], { between: ['h-gw', 'a'], cost: 7, down: true }];
    const custom = buildOverlay({ kind: 'custom', routers: ['a', 'b'], links }, { name: 'red', hosts });
    expect(checkOverlayData(custom).ok).toBe(true);
    const [planned] = planAll(custom);
    const described = planned && describeLinks(planned.overlay, planned.plan, THREE_NODES, new Map());
    expect(described?.map(({ name, down }) => [name, down])).toEqual([
      ['a-b', false],
      ['h-gw-a', true],
      ['h-h-gw', false],
    ]);
  });
});
