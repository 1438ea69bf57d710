import { execFileSync } from 'node:child_process';
import { release } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENCAPSULATIONS, type Overlay } from '../../src/model/overlay.ts';
import { startCapture } from '../capture.ts';
import { inside, ping, until } from '../machine.ts';
import { shapeOf } from '../packet.ts';
import { transfers } from '../transfer.ts';
import { type LinkCase, meaningOf, nameOf, overlayOf, pingFullSize, shapeOnWire } from './link-case.ts';
import { type NodeBench, openNodeBench } from './node-bench.ts';

/** Nodes 1 to 4 have IPv4 addresses, 5 to 8 IPv6 addresses; a pair for each number of layers. */
const PAIRS = {
  4: { 1: ['n1', 'n2'], 2: ['n3', 'n4'] },
  6: { 1: ['n5', 'n6'], 2: ['n7', 'n8'] },
} as const;

export const ALL_CASES: readonly LinkCase[] = ENCAPSULATIONS.flatMap((encapsulation) =>
  ([1, 2] as const).flatMap((layers) =>
    ([4, 6] as const).map((underlay) => ({ encapsulation, layers, underlay, carried: [4, 6] as const })),
  ),
);

/** For a kernel on which each daemon takes seconds to start: the other families are tried there without routing. */
export const IPV4_CASES: readonly LinkCase[] = ALL_CASES.filter(({ underlay }) => underlay === 4).map(
  (link) => ({ ...link, carried: [4] as const }),
);

/**
 * The table of links: encapsulation × layers × underlay family × carried family, on the kernel that runs it. A cell
 * works, or is refused by the name of what this kernel lacks; then iproute2 has to be refused the same.
 */
export function testLinkTable(prefix: string, cases: readonly LinkCase[]): void {
  describe('every encapsulation, in one and two layers, over and for both families', () => {
    let bench: NodeBench;
    const cells = new Map<string, string>();
    const deployed: LinkCase[] = [];
    const refused = new Map<LinkCase, readonly string[]>();

    beforeAll(async () => {
      bench = await openNodeBench(prefix, cases.some(({ underlay }) => underlay === 6) ? 8 : 4, addressesOf);
      for (const link of cases) {
        const lacking = bench.refusalsOf(overlayFor(link));
        if (lacking.length === 0) deployed.push(link);
        else refused.set(link, lacking);
      }
      bench.deploy(deployed.map(overlayFor));
    }, 480_000);

    afterAll(async () => {
      console.log(tableOf(cases, cells));
      await bench.close();
    }, 480_000);

    test.each(cases.map((link) => [nameOf(link), link] as const))(
      '%s',
      async (name, link) => {
        const lacking = refused.get(link);
        if (lacking !== undefined) {
          cells.set(name, `refused: lacks ${lacking.join(', ')}`);
          for (const capability of lacking) expect(triedByHand(capability)).toBe('refused');
          return;
        }
        cells.set(name, 'fails');
        await checkLink(bench, prefix, link);
        cells.set(name, 'works');
      },
      400_000,
    );
  });
}

function overlayFor(link: LinkCase): Overlay {
  return overlayOf(link, PAIRS[link.underlay][link.layers]);
}

function addressesOf(number: number): string[] {
  return [number <= 4 ? `198.18.7.${number}/24` : `fd18::${number}/64`];
}

async function checkLink(bench: NodeBench, prefix: string, link: LinkCase): Promise<void> {
  const name = nameOf(link);
  const [r1, r2] = [`${name}_r1`, `${name}_r2`];
  await bench.readyOf(name);
  await until(
    () => fullNeighbors(r1, link) === link.carried.length,
    () => `${r1}: neighbours in state Full for each family, found ${fullNeighbors(r1, link)}`,
    120,
  );

  const addresses = { 4: addressOf(r2, 4), 6: addressOf(r2, 6) };
  const [node] = PAIRS[link.underlay][link.layers];
  for (const family of link.carried) {
    const capture = await startCapture(`${prefix}-${node}`, 'eth0', { meaning: meaningOf(link) });
    const before = sentPackets(r1);
    for (let count = 0; count < 3; count++) expect(ping(r1, addresses[family])).toBe(true);
    expect(sentPackets(r1) - before).toBeGreaterThanOrEqual(3);
    const shapes = () => capture.packets().map(shapeOf);
    await until(
      () => shapes().includes(shapeOnWire(link, family)),
      () => `${shapeOnWire(link, family)} on the wire, seen: ${[...new Set(shapes())].join(', ')}`,
      20,
    );
    await capture.stop();

    const mtu = mtuOf(r1);
    const { passes, larger } = pingFullSize(r1, addresses[family], mtu);
    expect(passes).toBe(true);
    expect(larger).toMatch(new RegExp(`mtu[=:] ?${mtu}`));
    expect(await transfers(r1, r2, addresses[family])).toBe(true);
  }
}

/** Of OSPFv2 and of OSPFv3. */
function fullNeighbors(router: string, { carried }: LinkCase): number {
  return carried
    .map((family) => (family === 4 ? 'show ip ospf neighbor' : 'show ipv6 ospf6 neighbor'))
    .map((command) => inside(router, 'vtysh', '-N', router, '-c', command) ?? '')
    .reduce((sum, text) => sum + (text.match(/Full/g)?.length ?? 0), 0);
}

function addressOf(router: string, family: 4 | 6): string {
  const text = inside(router, 'ip', '-json', `-${family}`, 'address', 'show', 'dev', 'lo') ?? '[]';
  const [device] = JSON.parse(text) as { addr_info: { local: string; scope: string }[] }[];
  return device?.addr_info.find(({ scope }) => scope === 'global')?.local ?? '';
}

function deviceOf(router: string): { mtu: number; stats64: { tx: { packets: number } } } | undefined {
  const text = inside(router, 'ip', '-json', '-s', 'link', 'show', 'dev', 'r2') ?? '[]';
  return (JSON.parse(text) as { mtu: number; stats64: { tx: { packets: number } } }[])[0];
}

function mtuOf(router: string): number {
  return deviceOf(router)?.mtu ?? 0;
}

function sentPackets(router: string): number {
  return deviceOf(router)?.stats64.tx.packets ?? 0;
}

/** Whether this kernel refuses the same thing to iproute2, as a person would type it. */
function triedByHand(capability: string): 'refused' | 'done' {
  const script =
    BY_HAND[capability] ?? `ip link add vinet-probe type ${capability} ${MORE[capability] ?? ''}`;
  try {
    execFileSync('unshare', ['--net', 'sh', '-c', script], { stdio: 'ignore' });
    return 'done';
  } catch {
    return 'refused';
  }
}

const BY_HAND: Readonly<Record<string, string>> = {
  gue: 'ip fou add port 7777 gue',
  gue6: 'ip -6 fou add port 7777 gue',
};
const MORE: Readonly<Record<string, string>> = {
  geneve: 'id 1 remote 192.0.2.1',
  ipip: 'local 192.0.2.1 remote 192.0.2.2',
  gre: 'local 192.0.2.1 remote 192.0.2.2 key 1',
  sit: 'local 192.0.2.1 remote 192.0.2.2 mode any',
  ip6tnl: 'local fd00::1 remote fd00::2 mode any',
  ip6gre: 'local fd00::1 remote fd00::2 key 1',
};

function tableOf(cases: readonly LinkCase[], cells: ReadonlyMap<string, string>): string {
  const rows = cases.map((link) => {
    const { encapsulation, layers, underlay, carried } = link;
    const columns = [
      encapsulation,
      `${layers}`,
      `IPv${underlay}`,
      carried.map((one) => `IPv${one}`).join('+'),
    ];
    return [...columns, cells.get(nameOf(link)) ?? 'not reached'];
  });
  const heading = ['encapsulation', 'layers', 'underlay', 'carries', `kernel ${release()}`];
  return [heading, ...rows]
    .map((row) =>
      row
        .map((cell) => cell.padEnd(15))
        .join(' ')
        .trimEnd(),
    )
    .join('\n');
}
