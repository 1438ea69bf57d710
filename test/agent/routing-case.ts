import type { Overlay } from '../../src/model/overlay.ts';
import { checkOverlayData } from '../../src/model/overlay-document.ts';

type Spec = Overlay['spec'];
export type Routing = NonNullable<Spec['routing']>;
export type Instance = 'dedicated' | 'shared';
export type Isolation = 'namespace' | 'vrf';

/** A protocol as the table of routing tries it. What is false, or not said of `shared`, has to be refused by name. */
export interface RoutingCase {
  readonly protocol: string;
  readonly routing: Routing;
  readonly families: readonly (4 | 6)[];
  /** The kernel's word for where the routes come from. */
  readonly source: string;
  /** Equally good paths; asked for by `maximumPaths` where they do not come by themselves. */
  readonly ecmp: boolean;
  readonly bfd: boolean;
  /** What FRR can when one set of daemons serves several routers. */
  readonly shared: 'all' | 'without bfd' | 'nothing';
  /** Why a silent cut is not routed around; empty where it is. */
  readonly notAroundCuts?: string;
  /** Hosts join a group, and what is tried is whether they hear it. */
  readonly multicast?: true;
}

const ALL = { families: [4, 6], ecmp: true, bfd: true, shared: 'all' } as const;

export const ROUTING_CASES: readonly RoutingCase[] = [
  { ...ALL, protocol: 'ospf', routing: { protocol: 'ospf' }, families: [4], source: 'ospf' },
  { ...ALL, protocol: 'ospf6', routing: { protocol: 'ospf6' }, families: [6], source: 'ospf' },
  { ...ALL, protocol: 'isis', routing: { protocol: 'isis' }, source: 'isis' },
  { ...ALL, protocol: 'bgp external', routing: { protocol: 'bgp' }, source: 'bgp' },
  {
    ...ALL,
    protocol: 'bgp internal',
    routing: { protocol: ['ospf', 'ospf6', 'bgp'], bgp: { mode: 'ibgp', routeReflectors: ['r1'] } },
    source: 'ospf',
  },
  {
    ...ALL,
    protocol: 'bgp unnumbered',
    routing: { protocol: 'bgp', bgp: { unnumbered: true } },
    source: 'bgp',
    shared: 'without bfd',
  },
  {
    ...ALL,
    protocol: 'rip',
    routing: { protocol: 'rip', maximumPaths: 2 },
    families: [4],
    source: 'rip',
    bfd: false,
  },
  {
    ...ALL,
    protocol: 'ripng',
    routing: { protocol: 'ripng', maximumPaths: 2 },
    families: [6],
    source: 'ripng',
    bfd: false,
  },
  {
    ...ALL,
    protocol: 'babel',
    routing: { protocol: 'babel' },
    source: 'babel',
    ecmp: false,
    bfd: false,
    shared: 'nothing',
  },
  {
    ...ALL,
    protocol: 'static',
    routing: { protocol: 'static' },
    source: '196',
    ecmp: false,
    bfd: false,
    notAroundCuts: 'a static route notices no failure',
  },
  {
    ...ALL,
    protocol: 'pim',
    routing: { protocol: 'ospf', pim: { rendezvousPoint: 'r3' } },
    families: [4],
    source: 'ospf',
    shared: 'nothing',
    multicast: true,
  },
];

const NETWORK = { 4: '10.20.0.0/16', 6: 'fd00:20::/48' } as const;
export const LOOPBACK = { 4: '10.20.0.', 6: 'fd00:20::' } as const;

export function ringOf(
  name: string,
  routing: Routing,
  families: readonly (4 | 6)[],
  hosts: boolean,
): Overlay {
  return {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name },
    spec: {
      topology: { kind: 'ring', routers: 4 },
      placement: { nodes: ['n1', 'n2'] },
      addressing: { network: families.map((family) => NETWORK[family]) },
      routing,
      ...(hosts
        ? {
            hosts: [
              { name: 'source', attach: 'r1' },
              { name: 'sink', attach: 'r3' },
            ],
          }
        : {}),
    },
  };
}

/** What is said first about an overlay that cannot be; null when nothing stands in its way. */
export function refusalOf(overlay: Overlay): string | null {
  const checked = checkOverlayData(overlay);
  if (checked.ok) return null;
  return checked.problems[0]?.message ?? '';
}
