import { execFileSync } from 'node:child_process';
import { release } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Kernel } from '../../src/agent/kernel/kernel.ts';
import { openKernel } from '../../src/agent/kernel/open-kernel.ts';
import type { EnvironmentStatus } from '../../src/model/status.ts';
import { type Capture, startCapture } from '../capture.ts';
import { until } from '../machine.ts';
import { type Header, readEthernet, shapeOf } from '../packet.ts';
import { startTransfer } from '../transfer.ts';
import {
  bytesOnWire,
  type DeployedLink,
  LINK_CASES,
  type LinkCase,
  meaningOf,
  nameOf,
  overlaysOf,
  shapeOnWire,
  starOf,
} from './link-case.ts';
import { pingAllSizes } from './link-probe.ts';
import { type NodeBench, openNodeBench } from './node-bench.ts';

const CARRIED = { IPv4: [4], IPv6: [6], both: [4, 6] } as const;
type Carried = keyof typeof CARRIED;

const ROWS = LINK_CASES.flatMap((link) =>
  (Object.keys(CARRIED) as Carried[]).map((carried) => [nameOf(link), carried, link] as const),
);

/**
 * The table of links: encapsulation × layers × underlay family × carried family, on the kernel that runs it. A row
 * works, or is refused by the name of what this kernel lacks; then iproute2 has to be refused the same. Every link
 * carries both families, each of which is tried by itself.
 */
export function testLinkTable(prefix: string): void {
  describe('every encapsulation, in one and two layers, over and for both families', () => {
    let bench: NodeBench;
    let kernel: Kernel;
    let capture: Capture;
    const cells = new Map<string, string>();
    const refused = new Map<LinkCase, readonly string[]>();
    const deployed = new Map<LinkCase, DeployedLink>();
    const checks = new Map<DeployedLink, Checks>();

    beforeAll(async () => {
      kernel = await openKernel({ underlay: null });
      bench = await openNodeBench(prefix, 5, addressesOf);
      for (const link of LINK_CASES) {
        const lacking = bench.refusalsOf(starOf('vt-probe', [link]));
        if (lacking.length > 0) refused.set(link, lacking);
      }
      const plan = overlaysOf(LINK_CASES.filter((link) => !refused.has(link)));
      for (const one of plan.deployed) deployed.set(one.link, one);
      bench.deploy(plan.overlays);
      capture = await startCapture(`${prefix}-n1`, 'eth0', { filter: PROBES_ONLY });
    }, 480_000);

    afterAll(async () => {
      console.log(tableOf(cells));
      await capture?.stop();
      await bench?.close();
    }, 480_000);

    /** Each family of a link is tried once, whichever row asks first, and one after the other. */
    const check = (one: DeployedLink, family: 4 | 6): Promise<void> => {
      const known =
        checks.get(one) ?? startChecks((which) => checkFamily(bench, kernel, capture, one, which));
      checks.set(one, known);
      return known[family];
    };

    test.concurrent.each(ROWS)(
      '%s, carries %s',
      async (name, carried, link) => {
        const key = `${name} ${carried}`;
        const lacking = refused.get(link) ?? [];
        if (lacking.length > 0) {
          cells.set(key, `refused: lacks ${lacking.join(', ')}`);
          for (const capability of lacking) expect(triedByHand(capability)).toBe('refused');
          return;
        }
        cells.set(key, 'fails');
        const one = deployed.get(link);
        if (one === undefined) throw new Error('neither refused nor deployed');
        for (const family of CARRIED[carried]) await check(one, family);
        cells.set(key, 'works');
      },
      400_000,
    );
  });
}

type Checks = Readonly<Record<4 | 6, Promise<void>>>;

function startChecks(start: (family: 4 | 6) => Promise<void>): Checks {
  const first = start(4);
  const second = first.catch(() => {}).then(() => start(6));
  // A row may come to ask only after it has failed.
  second.catch(() => {});
  return { 4: first, 6: second };
}

function addressesOf(number: number): string[] {
  const [ipv4, ipv6] = [`198.18.7.${number}/24`, `fd18::${number}/64`];
  if (number === 1) return [ipv4, ipv6];
  return [number % 2 === 0 ? ipv4 : ipv6];
}

async function checkFamily(
  bench: NodeBench,
  kernel: Kernel,
  capture: Capture,
  { link, overlay, leaf }: DeployedLink,
  family: 4 | 6,
): Promise<void> {
  const [hub, far] = [`${overlay}_r1`, `${overlay}_${leaf}`];
  await until(
    () => fullNeighbors(bench, far) === 2,
    () => `${far}: neighbours in state Full in OSPFv2 and OSPFv3; ${JSON.stringify(statusOf(bench, far))}`,
    300,
  );
  const own = await readDevice(kernel, hub, leaf);
  const other = await readDevice(kernel, far, 'r1');
  const address = await loopbackOf(kernel, far, family);

  const bytes = probeBytes(link, family);
  const { answered, fullSize, larger } = await pingAllSizes(hub, address, { bytes, mtu: own.mtu });
  expect(answered).toBe(true);
  expect(fullSize).toBe(true);
  expect(larger).toMatch(new RegExp(`mtu[=:] ?${own.mtu}`));

  const wanted = `${shapeOnWire(link, family)} of ${bytesOnWire(link, bytes)} bytes`;
  const seen = () => capture.frames().map((frame) => describeFrame(readEthernet(frame, meaningOf(link))));
  await until(
    () => seen().includes(wanted),
    () => `${wanted} on the wire, seen: ${[...new Set(seen())].join(', ')}`,
    30,
  );

  const transfer = startTransfer(hub, far, address, { bytes: 200_000, seconds: 180 });
  expect(await transfer.done).toBe(true);
  const [ownAfter, otherAfter] = [await readDevice(kernel, hub, leaf), await readDevice(kernel, far, 'r1')];
  for (const grown of [ownAfter.sent - own.sent, otherAfter.received - other.received])
    expect(grown).toBeGreaterThanOrEqual(PACKETS_AT_LEAST);
  expect(ownAfter.errors + otherAfter.errors).toBe(own.errors + other.errors);
}

/** Four pings, and a TCP connection with at least its handshake, some data and its end. */
const PACKETS_AT_LEAST = 4 + 4;

/** Another for each row, so that they tell whose packet was on the wire; WireGuard pads to 16 bytes. */
function probeBytes(link: LinkCase, family: 4 | 6): number {
  return 320 + 16 * (LINK_CASES.indexOf(link) * 2 + (family === 4 ? 0 : 1));
}

/** Frames of the sizes that probes have in any link: no routing protocol's, no transfer's. */
const PROBES_ONLY = 'greater 340 and less 1240';

function describeFrame(headers: readonly Header[]): string {
  const [, outer] = headers;
  return `${shapeOf(headers)} of ${outer !== undefined && 'bytes' in outer ? outer.bytes : 0} bytes`;
}

/** As the agent of its node reports it. */
function fullNeighbors(bench: NodeBench, namespace: string): number {
  return statusOf(bench, namespace)?.neighbors.have ?? 0;
}

function statusOf(bench: NodeBench, namespace: string): EnvironmentStatus | undefined {
  return bench.nodes
    .flatMap(({ reports }) => reports.status?.overlays ?? [])
    .flatMap(({ environments }) => environments)
    .find((environment) => environment.namespace === namespace);
}

interface DeviceReport {
  readonly mtu: number;
  readonly sent: number;
  readonly received: number;
  readonly errors: number;
}

async function readDevice(kernel: Kernel, name: string, device: string): Promise<DeviceReport> {
  const namespace = kernel.openNamespace(name);
  try {
    const link = (await namespace?.readLinks())?.find((one) => one.name === device);
    const counters = (await namespace?.readCounters())?.find((one) => one.name === device);
    if (link === undefined || counters === undefined) throw new Error(`no ${device} in ${name}`);
    const { sentPackets: sent, receivedPackets: received, sentErrors, receivedErrors } = counters;
    return { mtu: link.mtu, sent, received, errors: sentErrors + receivedErrors };
  } finally {
    namespace?.close();
  }
}

async function loopbackOf(kernel: Kernel, name: string, family: 4 | 6): Promise<string> {
  const namespace = kernel.openNamespace(name);
  try {
    const addresses = (await namespace?.readLinks())?.find((one) => one.name === 'lo')?.addresses ?? [];
    const own = addresses.find(
      (text) => !/^(127\.|::1\/)/.test(text) && text.includes(':') === (family === 6),
    );
    return own?.replace(/\/.*/, '') ?? '';
  } finally {
    namespace?.close();
  }
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

function tableOf(cells: ReadonlyMap<string, string>): string {
  const rows = ROWS.map(([name, carried, { encapsulation, layers, underlay }]) => [
    ...[encapsulation, `${layers}`, `IPv${underlay}`, carried],
    cells.get(`${name} ${carried}`) ?? 'not reached',
  ]);
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
