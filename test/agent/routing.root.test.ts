import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Overlay } from '../../src/model/overlay.ts';
import { inside, ping, until } from '../machine.ts';
import { ip, type NodeBench, openNodeBench } from './node-bench.ts';

type Spec = Overlay['spec'];
type Mark = 'yes' | 'no' | '–';

interface Case {
  readonly protocol: string;
  readonly routing: NonNullable<Spec['routing']>;
  readonly families: readonly (4 | 6)[];
  /** The kernel's word for where the routes come from. */
  readonly source: string;
  readonly ecmp: boolean;
}

const BFD = { interval: '50ms', multiplier: 3 };
const CASES: readonly Case[] = [
  { protocol: 'ospf', routing: { protocol: 'ospf', bfd: BFD }, families: [4], source: 'ospf', ecmp: true },
  { protocol: 'ospf6', routing: { protocol: 'ospf6', bfd: BFD }, families: [6], source: 'ospf', ecmp: true },
  { protocol: 'ospf + ospf6', routing: {}, families: [4, 6], source: 'ospf', ecmp: true },
  { protocol: 'isis', routing: { protocol: 'isis', bfd: BFD }, families: [4, 6], source: 'isis', ecmp: true },
  { protocol: 'ebgp', routing: { protocol: 'bgp', bfd: BFD }, families: [4, 6], source: 'bgp', ecmp: true },
  {
    protocol: 'ebgp unnumbered',
    routing: { protocol: 'bgp', bgp: { unnumbered: true }, bfd: BFD },
    families: [4, 6],
    source: 'bgp',
    ecmp: true,
  },
  {
    protocol: 'ibgp, reflected',
    routing: { protocol: ['ospf', 'ospf6', 'bgp'], bgp: { mode: 'ibgp', routeReflectors: ['r1'] } },
    families: [4, 6],
    source: 'ospf',
    ecmp: true,
  },
  {
    protocol: 'rip',
    routing: { protocol: 'rip', maximumPaths: 2 },
    families: [4],
    source: 'rip',
    ecmp: true,
  },
  {
    protocol: 'ripng',
    routing: { protocol: 'ripng', maximumPaths: 2 },
    families: [6],
    source: 'ripng',
    ecmp: true,
  },
  { protocol: 'babel', routing: { protocol: 'babel' }, families: [4, 6], source: 'babel', ecmp: false },
  { protocol: 'static', routing: { protocol: 'static' }, families: [4, 6], source: '196', ecmp: false },
];

const NETWORK = { 4: '10.20.0.0/16', 6: 'fd00:20::/48' } as const;
const LOOPBACK = { 4: '10.20.0.', 6: 'fd00:20::' } as const;

const INSTANCES = ['dedicated', 'shared'] as const;
type Combination = Case & { readonly instance: (typeof INSTANCES)[number] };
const COMBINATIONS = INSTANCES.flatMap((instance) => CASES.map((one): Combination => ({ ...one, instance })))
  // FRR's babeld knows no VRFs, and its bfdd no link-local addresses in them.
  .filter(({ instance, protocol }) => instance === 'dedicated' || protocol !== 'babel')
  .map((one): Combination => {
    if (one.instance === 'dedicated' || one.protocol !== 'ebgp unnumbered') return one;
    const { bfd: _bfd, ...routing } = one.routing;
    return { ...one, routing };
  });

const rows: string[][] = [['protocol', 'instance', 'family', 'routes', 'traffic', 'cut', 'ECMP', 'BFD']];
let bench: NodeBench | null = null;

afterEach(async () => {
  await bench?.close();
  bench = null;
});
afterAll(() => {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const table = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '));
  console.log(`instances in namespaces, ring of 4 over two nodes\n${table.join('\n')}`);
});

describe('a ring of four routers', () => {
  it.each(COMBINATIONS)('routes with $protocol, $instance', async (combination) => {
    const { protocol, instance, routing, families, source, ecmp } = combination;
    bench = await openNodeBench('vtp', 2);
    bench.deploy([ring({ ...routing, instance }, families)]);
    await bench.ready();
    const row = {
      routes: families.every((family) => routesOf('vtp_r1', family, source).length >= 3),
      traffic: families.every((family) =>
        [2, 3, 4].every((at) => ping('vtp_r1', `${LOOPBACK[family]}${at}`)),
      ),
      ecmp: ecmp && (await usesBothPaths(families)),
    };
    const bfd: Mark = routing.bfd === undefined ? '–' : await hasBfd(instance, families);
    const cut = protocol === 'static' ? '–' : await survivesCut(families);
    // What FRR shows of our own lines may not look as if somebody else had said them.
    expect(changesByHand()).toEqual([]);
    rows.push([
      protocol,
      instance,
      families.map((family) => `IPv${family}`).join(' + '),
      mark(row.routes),
      mark(row.traffic),
      cut,
      ecmp ? mark(row.ecmp) : '–',
      bfd,
    ]);
    expect({ ...row, cut, bfd }).toEqual({
      routes: true,
      traffic: true,
      ecmp,
      cut: protocol === 'static' ? '–' : 'yes',
      bfd: routing.bfd === undefined ? '–' : 'yes',
    });
  });
});

function changesByHand(): string[] {
  return (bench?.nodes ?? [])
    .flatMap(({ reports }) => reports.events)
    .filter(({ kind, message }) => kind === 'config-drift' || message.startsWith('update daemon'))
    .map(({ message }) => message);
}

function ring(routing: Spec['routing'], families: readonly (4 | 6)[]): Overlay {
  return {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name: 'vtp' },
    spec: {
      topology: { kind: 'ring', routers: 4 },
      placement: { nodes: ['n1', 'n2'] },
      addressing: { network: families.map((family) => NETWORK[family]) },
      ...(routing === undefined ? {} : { routing }),
    },
  };
}

function mark(value: boolean): Mark {
  return value ? 'yes' : 'no';
}

function routesOf(namespace: string, family: 4 | 6, source: string): string[] {
  return ip('-n', namespace, `-${family}`, 'route', 'show', 'proto', source)
    .split('\n')
    .filter((line) => line !== '');
}

/** The second path may be learnt a little later than the first. */
async function usesBothPaths(families: readonly (4 | 6)[]): Promise<boolean> {
  await until(
    () => families.every((family) => pathsTo('vtp_r1', 3, family) === 2),
    () => ip('-n', 'vtp_r1', 'route', 'show'),
    20,
  );
  return true;
}

/** Paths that the kernel may take to a router's own address. */
function pathsTo(namespace: string, router: number, family: 4 | 6): number {
  const route = ip('-n', namespace, `-${family}`, 'route', 'show', `${LOOPBACK[family]}${router}`);
  return Math.max(route.match(/nexthop/g)?.length ?? 0, route.includes(' dev ') ? 1 : 0);
}

async function hasBfd(instance: (typeof INSTANCES)[number], families: readonly (4 | 6)[]): Promise<Mark> {
  const [pathspace, question] =
    instance === 'shared'
      ? ['vtp_frr_n1', 'show bfd vrf r1 peers brief']
      : ['vtp_r1', 'show bfd peers brief'];
  const answer = () => inside('vtp_r1', 'vtysh', '-N', pathspace, '-c', question) ?? '';
  const up = () => answer().match(/\bup\b/g) ?? [];
  await until(
    () => up().length >= 2 * families.length || (families.length === 2 && up().length >= 2),
    answer,
    20,
  );
  return 'yes';
}

/** Silently, as a cable is cut in the middle: both ends stay up. */
async function survivesCut(families: readonly (4 | 6)[]): Promise<Mark> {
  for (const [namespace, device] of [
    ['vtp_r1', 'r2'],
    ['vtp_r2', 'r1'],
  ] as const) {
    inside(namespace, 'nft', 'add table netdev cut');
    const chain = `{ type filter hook egress device ${device} priority 0; policy drop; }`;
    inside(namespace, 'nft', `add chain netdev cut out ${chain}`);
  }
  await until(
    () => families.every((family) => ping('vtp_r1', `${LOOPBACK[family]}2`)),
    () => ip('-n', 'vtp_r1', 'route', 'show'),
    40,
  );
  return 'yes';
}
