import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Overlay } from '../../src/model/overlay.ts';
import type { Spec } from '../../src/model/topology.ts';
import { daemonPids, inside, ping, until } from '../machine.ts';
import { type NodeBench, openNodeBench } from './node-bench.ts';

const ROUTERS = [1, 2, 3, 4];
/** Ends of each flow: through the routers between them, and to a router from its neighbour. */
const FLOWS = [
  [1, 3],
  [2, 4],
  [1, 2],
] as const;

/** After which a death counts as over. */
const STEADY_PACKETS = 1_000;

interface Case {
  readonly overlay: string;
  readonly routing: NonNullable<Spec['routing']>;
  /** Whose deaths are counted, one after the other. */
  readonly daemons: readonly string[];
}

/** The kernel keeps its routes, and so do the neighbours. */
const KEPT: readonly Case[] = [
  {
    overlay: 'vtsv',
    routing: { protocol: ['ospf', 'static'], gracefulRestart: true },
    daemons: ['zebra', 'ospfd', 'staticd'],
  },
];

/** What FRR 8.4 cannot keep: neighbours find out, or zebra removes the routes with the daemon that told them. */
const COUNTED: readonly Case[] = [
  { overlay: 'vtsx', routing: { protocol: 'ospf6' }, daemons: ['ospf6d'] },
  { overlay: 'vtsi', routing: { protocol: 'isis' }, daemons: ['isisd'] },
  { overlay: 'vtsg', routing: { protocol: 'bgp', gracefulRestart: true }, daemons: ['bgpd'] },
  { overlay: 'vtsr', routing: { protocol: 'rip' }, daemons: ['ripd'] },
  { overlay: 'vtst', routing: { protocol: 'static' }, daemons: ['zebra', 'staticd'] },
];

const rows: string[][] = [];
let bench: NodeBench | null = null;
afterEach(async () => {
  await bench?.close();
  bench = null;
});
afterAll(() => {
  const table = [['routing', 'killed', 'times', 'packets', 'lost', 'longest gap'], ...rows];
  process.stdout.write(`${table.map((row) => row.map((cell) => cell.padEnd(14)).join('')).join('\n')}\n`);
});

describe('every daemon of every router of a ring, killed one after another under packets 1 ms apart', () => {
  it.each(KEPT)('costs none with $routing.protocol', async (one) => {
    const { overlay, daemons } = one;
    bench = await openBench(one);
    await forEach(ROUTERS, (router) => readyToDie(`${overlay}_r${router}`));
    for (const daemon of daemons)
      expect(
        await countLosses(one, daemon, () =>
          forEach(ROUTERS, (router) => readyToDie(`${overlay}_r${router}`)),
        ),
      ).toBe(0);
  });

  it.each(COUNTED)('is counted with $routing.protocol', async (one) => {
    bench = await openBench(one);
    for (const daemon of one.daemons) await countLosses(one, daemon, async () => {});
  });
});

async function openBench({ overlay, routing }: Case): Promise<NodeBench> {
  const opened = await openNodeBench('vtsv', 1);
  const ring: Overlay = {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name: overlay },
    spec: {
      topology: { kind: 'ring', routers: ROUTERS.length },
      placement: { nodes: ['n1'] },
      addressing: { network: routing.protocol === 'ospf6' ? 'fd00:20::/48' : '10.20.0.0/16' },
      routing,
    },
  };
  opened.deploy([ring]);
  await opened.ready();
  return opened;
}

/** Kills the daemon of each router once everything has settled after the last death. */
async function countLosses(
  { overlay, routing }: Case,
  daemon: string,
  settle: () => Promise<void>,
): Promise<number> {
  const network = routing.protocol === 'ospf6' ? 'fd00:20::' : '10.20.0.';
  await neighborsAreThere();
  await until(
    () => FLOWS.every(([from, to]) => ping(`${overlay}_r${from}`, `${network}${to}`)),
    () => `all routers of ${overlay} are reached`,
  );
  const flows = FLOWS.map(([from, to]) => startFlow(`${overlay}_r${from}`, `${network}${to}`));
  const allPass = async () => {
    for (const flow of flows) flow.run = 0;
    await until(
      () => flows.every(({ run }) => run >= STEADY_PACKETS),
      () => `packets pass between all routers of ${overlay}, whose ${daemon} dies`,
    );
  };
  let sent = 0;
  try {
    await allPass();
    for (const router of ROUTERS) {
      await killAndWait(`${overlay}_r${router}`, daemon);
      await allPass();
      await settle();
    }
  } finally {
    for (const flow of flows) sent += await flow.stop();
  }
  const lost = flows.reduce((sum, flow) => sum + flow.lost, 0);
  const gap = Math.max(...flows.map(({ longestGap }) => longestGap));
  rows.push([
    [routing.protocol].flat().join('+'),
    daemon,
    String(ROUTERS.length),
    String(sent),
    String(lost),
    String(gap),
  ]);
  return lost;
}

async function killAndWait(namespace: string, daemon: string): Promise<void> {
  const pidOf = () => daemonPids(namespace).get(`${namespace} /usr/lib/frr/${daemon}`) ?? 0;
  await until(
    () => pidOf() !== 0,
    () => `${daemon} of ${namespace} runs`,
  );
  const before = pidOf();
  expect(before).toBeGreaterThan(0);
  process.kill(before, 'SIGKILL');
  await until(
    () => ![0, before].includes(pidOf()),
    () => `${daemon} of ${namespace} is back`,
  );
  await bench?.ready();
  await neighborsAreThere();
}

async function neighborsAreThere(): Promise<void> {
  const environments = () =>
    bench?.nodes.flatMap(({ reports }) => reports.status?.overlays.flatMap((one) => one.environments) ?? []);
  await until(
    () =>
      environments()?.every(
        ({ phase, neighbors, daemons }) =>
          phase === 'ready' && neighbors.have === neighbors.want && daemons.every(({ pid }) => pid !== 0),
      ) === true,
    () => JSON.stringify(environments()),
  );
}

/** Neighbours are there and do not wait for it any more, and zebra keeps the routes. */
async function readyToDie(namespace: string): Promise<void> {
  const isReady = () =>
    (ask(namespace, 'ospfd', 'show ip ospf neighbor').match(/ Full\//g) ?? []).length === 2 &&
    (ask(namespace, 'zebra', 'show zebra client')
      .split(/^Client: /m)
      .find((client) => client.startsWith('ospf'))
      ?.includes('Graceful Restart(') ??
      false);
  await until(isReady, () => `${namespace} may lose its ospfd`);
}

function ask(namespace: string, daemon: string, question: string): string {
  return inside(namespace, 'vtysh', '-N', namespace, '-d', daemon, '-c', question) ?? '';
}

interface Flow {
  /** Packets answered without a gap since the last one, or since it was begun anew. */
  run: number;
  lost: number;
  longestGap: number;
  stop(): Promise<number>;
}

function startFlow(namespace: string, address: string): Flow {
  const argv = ['netns', 'exec', namespace, 'ping', '-n', '-i', '0.001', '-W', '1', address];
  const child = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  let last = 0;
  const flow: Flow = {
    run: 0,
    lost: 0,
    longestGap: 0,
    stop: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve(last));
        child.kill('SIGINT');
      }),
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    const number = Number(/icmp_seq=(\d+) ttl/.exec(line)?.[1] ?? 0);
    if (number <= last) return;
    const gap = last === 0 ? 0 : number - last - 1;
    last = number;
    flow.lost += gap;
    flow.longestGap = Math.max(flow.longestGap, gap);
    flow.run = gap === 0 ? flow.run + 1 : 0;
  });
  return flow;
}

async function forEach<T>(list: readonly T[], task: (one: T) => Promise<void>): Promise<void> {
  for (const one of list) await task(one);
}
