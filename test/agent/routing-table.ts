import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { inside, ping, until } from '../machine.ts';
import { receiveGroup, sendToGroup } from '../multicast.ts';
import { ip, type NodeBench, openNodeBench } from './node-bench.ts';
import {
  type Instance,
  type Isolation,
  LOOPBACK,
  ROUTING_CASES,
  type Routing,
  type RoutingCase,
  refusalOf,
  ringOf,
} from './routing-case.ts';

const BFD = { interval: '50ms', multiplier: 3 };
const INSTANCES: readonly Instance[] = ['dedicated', 'shared'];
const COLUMNS = ['neighbours', 'routes', 'traffic', 'cut', 'ECMP', 'BFD'] as const;
type Cells = Readonly<Record<(typeof COLUMNS)[number], string>>;

/**
 * The table of routing: protocol × instance × family, with routers isolated in one way. A cell works, or says why not:
 * in the words by which an overlay that asks for it is refused.
 */
export function testRoutingTable(name: string, isolation: Isolation): void {
  const combinations = ROUTING_CASES.flatMap((one) => INSTANCES.map((instance) => ({ ...one, instance })));
  const rows: string[][] = [];
  const reasons: string[] = [];
  let bench: NodeBench | null = null;

  afterEach(async () => {
    await bench?.close();
    bench = null;
  });
  afterAll(() => console.log(tableOf(rows, reasons)));

  /** How a cell refers to its reason below the table. */
  function because(word: 'n/a' | 'refused', reason: string | null): string {
    if (reason === null) throw new Error('nobody refuses what is not tried');
    if (!reasons.includes(reason)) reasons.push(reason);
    return `${word} (${reasons.indexOf(reason) + 1})`;
  }

  function addRow({ protocol, instance }: Combination, family: 4 | 6, cells: Cells): void {
    rows.push([protocol, instance, isolation, `IPv${family}`, ...COLUMNS.map((column) => cells[column])]);
  }

  describe('a ring of four routers over two nodes', () => {
    it.each(combinations)('routes with $protocol, $instance', async (combination) => {
      const { families, instance, shared, multicast, protocol } = combination;
      const plain: Routing = { ...combination.routing, instance, isolation };
      const refusal = (routing: Routing, which = families) =>
        refusalOf(ringOf(name, routing, which, multicast === true));

      for (const family of [4, 6] as const)
        if (!families.includes(family))
          addRow(combination, family, every(because('n/a', refusal(combination.routing, [family]))));
      if (instance === 'shared' && shared === 'nothing') {
        for (const family of families) addRow(combination, family, every(because('refused', refusal(plain))));
        return;
      }
      const hasBfd = combination.bfd && (instance === 'dedicated' || shared === 'all');
      const routing = hasBfd ? { ...plain, bfd: BFD } : plain;
      const bfd = hasBfd ? WORKS : because('refused', refusal({ ...plain, bfd: BFD }));
      const ecmp = combination.ecmp ? WORKS : because('refused', refusal({ ...plain, maximumPaths: 2 }));
      const cut = combination.notAroundCuts === undefined ? WORKS : because('n/a', combination.notAroundCuts);

      bench = await openNodeBench('vtp', 2);
      bench.deploy([ringOf(name, routing, families, multicast === true)]);
      await bench.ready();
      const ring = new Ring(name, combination, bench);
      await ring.hasEveryRoute();
      await ring.carriesTraffic();
      if (multicast !== true && ecmp === WORKS) await ring.usesBothPaths();
      await ring.knowsItsNeighbours();
      // What FRR shows of our own lines may not look as if somebody else had said them.
      expect(changesByHand(bench)).toEqual([]);
      if (cut === WORKS) await ring.survivesCut(hasBfd);
      const isNeighbourless = protocol === 'static';
      const byUnicast =
        multicast === true ? because('n/a', 'what a group follows are the routes of OSPF') : null;
      for (const family of families)
        addRow(combination, family, {
          neighbours: isNeighbourless ? because('n/a', 'a static route has no neighbours') : WORKS,
          routes: byUnicast ?? WORKS,
          traffic: WORKS,
          cut,
          ECMP: byUnicast ?? ecmp,
          BFD: byUnicast ?? bfd,
        });
    });
  });
}

const WORKS = 'works';
type Combination = RoutingCase & { readonly instance: Instance };

function every(cell: string): Cells {
  return { neighbours: cell, routes: cell, traffic: cell, cut: cell, ECMP: cell, BFD: cell };
}

function changesByHand({ nodes }: NodeBench): string[] {
  return nodes
    .flatMap(({ reports }) => reports.events)
    .filter(({ kind, message }) => kind === 'config-drift' || message.startsWith('update daemon'))
    .map(({ message }) => message);
}

/** A deployed ring, seen from r1: r2 and r4 are next to it, r3 is opposite. Each check waits, and fails with what it sees. */
class Ring {
  readonly #name: string;
  readonly #combination: Combination;
  readonly #bench: NodeBench;

  constructor(name: string, combination: Combination, bench: NodeBench) {
    this.#name = name;
    this.#combination = combination;
    this.#bench = bench;
  }

  hasEveryRoute(): Promise<void> {
    const { source } = this.#combination;
    return this.#forEachFamily(
      (family) =>
        [2, 3, 4].every((router) => {
          const to = `${LOOPBACK[family]}${router}`;
          return this.#ip(`-${family}`, 'route', 'show', to, 'proto', source) !== '';
        }),
      () => this.#ip('route', 'show'),
    );
  }

  async carriesTraffic(): Promise<void> {
    if (this.#combination.multicast === true) return await this.#reachesTheGroup();
    await this.#forEachFamily(
      (family) => [2, 3, 4].every((router) => ping(this.#router(1), `${LOOPBACK[family]}${router}`)),
      () => this.#ip('route', 'show'),
    );
  }

  /** Flows to the router opposite are shared out: of 200 packets at least a fifth goes each way. */
  async usesBothPaths(): Promise<void> {
    for (const family of this.#combination.families) {
      const to = `${LOOPBACK[family]}3`;
      const flood = `p=$(printf %1000s); for i in {1..200}; do echo "$p" >/dev/udp/${to}/$((20000+i)); done`;
      const sentBytes = () => ['r2', 'r4'].map((device) => this.#sentBytes(device));
      // The second path may be learnt a little later than the first.
      await until(
        () => {
          const before = sentBytes();
          inside(this.#router(1), 'bash', '-c', flood);
          return sentBytes().every((bytes, at) => bytes - (before[at] ?? 0) > 40 * 1000);
        },
        () => this.#ip(`-${family}`, 'route', 'show'),
      );
    }
  }

  knowsItsNeighbours(): Promise<void> {
    const tallies = () =>
      this.#bench.nodes.flatMap(({ reports }) =>
        (reports.status?.overlays ?? []).flatMap(({ environments }) =>
          environments.filter(({ role }) => role === 'router').map(({ neighbors }) => neighbors),
        ),
      );
    const least = this.#combination.protocol === 'static' ? 0 : 2;
    return until(
      () => tallies().length === 4 && tallies().every(({ have, want }) => have === want && want >= least),
      () => JSON.stringify(tallies()),
    );
  }

  /** Silently, as a cable is cut in the middle: both ends stay up. */
  async survivesCut(hasBfd: boolean): Promise<void> {
    const up = () => this.#bfdPeers().match(/\bup\b/g)?.length ?? 0;
    if (hasBfd)
      await until(
        () => up() >= 2,
        () => this.#bfdPeers(),
      );
    const before = up();
    for (const [here, there] of [
      [1, 2],
      [2, 1],
    ] as const) {
      inside(this.#router(here), 'nft', 'add table netdev cut');
      const chain = `{ type filter hook egress device r${there} priority 0; policy drop; }`;
      inside(this.#router(here), 'nft', `add chain netdev cut out ${chain}`);
    }
    if (hasBfd)
      await until(
        () => up() < before,
        () => this.#bfdPeers(),
      );
    if (this.#combination.multicast === true) return await this.#reachesTheGroup();
    await this.#forEachFamily(
      (family) => ping(this.#router(1), `${LOOPBACK[family]}2`),
      () => this.#ip('route', 'show'),
    );
  }

  async #reachesTheGroup(): Promise<void> {
    const receiver = receiveGroup(this.#member('sink'));
    try {
      await until(
        () => {
          sendToGroup(this.#member('source'));
          return receiver.heard() > 0;
        },
        () => inside(this.#router(1), 'vtysh', '-N', this.#router(1), '-c', 'show ip mroute') ?? '',
      );
    } finally {
      receiver.stop();
    }
  }

  async #forEachFamily(holds: (family: 4 | 6) => boolean, describe: () => string): Promise<void> {
    await until(() => this.#combination.families.every(holds), describe);
  }

  #bfdPeers(): string {
    const [pathspace, question] =
      this.#combination.instance === 'shared'
        ? [`${this.#name}_frr_n1`, 'show bfd vrf r1 peers brief']
        : [this.#router(1), 'show bfd peers brief'];
    return inside(this.#router(1), 'vtysh', '-N', pathspace, '-c', question) ?? '';
  }

  #sentBytes(device: string): number {
    const [link] = JSON.parse(this.#ip('-j', '-s', 'link', 'show', device)) as {
      stats64: { tx: { bytes: number } };
    }[];
    return link?.stats64.tx.bytes ?? 0;
  }

  #ip(...argv: string[]): string {
    return ip('-n', this.#router(1), ...argv);
  }

  #router(number: number): string {
    return this.#member(`r${number}`);
  }

  #member(name: string): string {
    return `${this.#name}_${name}`;
  }
}

function tableOf(rows: readonly string[][], reasons: readonly string[]): string {
  const all = [['protocol', 'instance', 'isolation', 'family', ...COLUMNS], ...rows];
  const widths = (all[0] ?? []).map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const notes = reasons.map((reason, at) => `(${at + 1}) ${reason}`);
  return `routing, ring of 4 over two nodes\n${lines.join('\n')}\n\n${notes.join('\n')}`;
}
