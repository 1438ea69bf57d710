import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from '../../src/agent/agent.ts';
import { type Frr, openFrr } from '../../src/agent/frr/frr.ts';
import type { Kernel } from '../../src/agent/kernel/kernel.ts';
import { openKernel } from '../../src/agent/kernel/open-kernel.ts';
import { describeSelf } from '../../src/agent/self-description.ts';
import { StateFolder } from '../../src/agent/state-folder.ts';
import type { Node } from '../../src/model/node.ts';
import type { Overlay } from '../../src/model/overlay.ts';
import type { NodeStatus } from '../../src/model/status.ts';
import { NO_BASES } from '../../src/planner/base-sites.ts';
import { compileNodeStates, type PlannedOverlay } from '../../src/planner/node-states.ts';
import { compileOverlay } from '../../src/planner/overlay-plan.ts';
import { needsSecrets, type OverlaySecrets } from '../../src/planner/overlay-secrets.ts';
import { takenBy } from '../../src/planner/tunnel-numbers.ts';
import type { ReportedEvent } from '../../src/rpc/report-codec.ts';
import { until } from '../machine.ts';
import { FRR_MODULES } from './frr/module-folder.ts';

const TEMPLATES = join(import.meta.dirname, '../../frr/templates');

/** Seconds. An emulated machine takes ten to twenty times as long as a real one. */
const PATIENCE_S = 300;
const DEADLINES = { startMs: 120_000, answerMs: 60_000, healthMs: 30_000 };

/** A node of the test: a namespace with an address of its own, and an agent that can be ended and begun again. */
export interface TestNode {
  readonly node: Node;
  readonly reports: { status: NodeStatus | null; events: ReportedEvent[] };
  agent: Agent;
  restart(): Promise<void>;
}

export interface NodeBench {
  readonly nodes: readonly TestNode[];
  /** Compiles the overlays together and tells every node what it should be. */
  deploy(overlays: readonly Overlay[]): void;
  /** Names of what the nodes lack for an overlay. Fails when anything else stands in its way. */
  refusalsOf(overlay: Overlay): string[];
  /** Resolves once every router of every overlay is ready; fails with what is missing. */
  ready(): Promise<void>;
  /** As `ready`, of one overlay. */
  readyOf(overlay: string): Promise<void>;
  close(): Promise<void>;
}

/** Namespaces joined by a bridge, as many as asked for, each with an agent in this process. */
export async function openNodeBench(
  prefix: string,
  count: number,
  addressesOf: (number: number) => string[] = (number) => [`198.18.7.${number}/24`],
  outsideOf: (number: number) => string[] = () => [],
): Promise<NodeBench> {
  const hub = `${prefix}-hub`;
  const names = Array.from({ length: count }, (_, at) => `${prefix}-n${at + 1}`);
  const folder = mkdtempSync(join(tmpdir(), 'vinet-test-'));
  const remove = () => removeNamespaces([...names, hub]);
  remove();
  buildUnderlay(hub, names, addressesOf);
  const nodes = await Promise.all(
    names.map((name, at) => openTestNode(name, at + 1, folder, outsideOf(at + 1))),
  );
  const known = () => new Map(nodes.map(({ node }) => [node.name, node]));
  let plans: readonly PlannedOverlay[] = [];
  let revision = 0;

  const bench: NodeBench = {
    nodes,
    deploy(overlays) {
      plans = planAll(overlays, plans);
      revision += 1;
      const states = compileNodeStates(plans, known(), revision);
      if (!states.ok) throw new Error(JSON.stringify(states.problems));
      for (const { node, agent } of nodes)
        agent.setDesired(states.value.get(node.name) ?? { revision, overlays: [] });
    },
    refusalsOf(overlay) {
      const states = compileNodeStates(planAll([overlay], []), known(), 1);
      if (states.ok) return [];
      const lacking = states.problems.map(({ code, message }) => {
        const [, capability] = /lacks (\S+),/.exec(message) ?? [];
        if (code !== 'missing-capability' || capability === undefined) throw new Error(message);
        return capability;
      });
      return [...new Set(lacking)];
    },
    readyOf: (overlay) =>
      until(
        () => nodes.every(({ reports }) => isReady(reports.status, revision, overlay)),
        () =>
          JSON.stringify(
            nodes.map(({ reports }) => reports.status?.overlays.find(({ name }) => name === overlay)),
          ),
        PATIENCE_S,
      ),
    ready: () =>
      until(
        () => nodes.every(({ reports }) => isReady(reports.status, revision)),
        () => JSON.stringify(nodes.map(({ reports }) => reports.status)),
        PATIENCE_S,
      ),
    async close() {
      for (const { agent } of nodes) agent.setDesired({ revision: revision + 1, overlays: [] });
      try {
        await until(
          () => nodes.every(({ reports }) => isEmpty(reports.status, revision + 1)),
          () => 'environments are left over',
        );
      } finally {
        for (const { agent } of nodes) await agent.close();
        remove();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
  return bench;
}

/** Packets from strangers that were kept from tunnels in a node's own network, by overlay, as Prometheus is told. */
export async function tunnelDropsOf(
  { nodes }: NodeBench,
  name: string,
): Promise<ReadonlyMap<string, number>> {
  const metrics = await nodes.find(({ node }) => node.name === name)?.agent.metrics.collect();
  const lines = (metrics ?? '').matchAll(
    /^vinet_tunnel_dropped_packets_total\{overlay="(\S+)",node="\S+",environment="",reason="wrong-source"\} (\d+)$/gm,
  );
  return new Map([...lines].map(([, overlay = '', packets]) => [overlay, Number(packets)]));
}

export function ip(...argv: string[]): string {
  return execFileSync('ip', argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export function tryIp(...argv: string[]): void {
  try {
    ip(...argv);
  } catch {
    // What is not there need not be removed.
  }
}

export function removeNamespaces(names: readonly string[]): void {
  for (const name of names) tryIp('netns', 'del', name);
}

function isReady(status: NodeStatus | null, revision: number, only: string | null = null): boolean {
  const overlays = status?.overlays.filter(({ name }) => only === null || name === only) ?? [];
  return (
    status !== null &&
    status.revision === revision &&
    overlays.every(({ environments }) => environments.every(({ phase }) => phase === 'ready'))
  );
}

function isEmpty(status: NodeStatus | null, revision: number): boolean {
  return status !== null && status.revision === revision && status.overlays.length === 0;
}

function planAll(overlays: readonly Overlay[], before: readonly PlannedOverlay[]): PlannedOverlay[] {
  const planned: PlannedOverlay[] = [];
  for (const overlay of overlays) {
    const previous =
      before.find((other) => other.overlay.metadata.name === overlay.metadata.name)?.plan ?? null;
    const plan = compileOverlay({
      overlay,
      previous,
      taken: takenBy(planned.map(({ plan }) => plan)),
      bases: NO_BASES,
    });
    if (!plan.ok) throw new Error(JSON.stringify(plan.problems));
    planned.push({ overlay, plan: plan.value, secrets: needsSecrets(overlay) ? SECRETS : null });
  }
  return planned;
}

const SECRETS: OverlaySecrets = {
  identity: '11'.repeat(32),
  generations: [{ number: 1, secret: '22'.repeat(32) }],
  sending: 1,
};

/** Namespaces with these addresses on `eth0`, joined by a bridge in `hub`. */
export function buildUnderlay(
  hub: string,
  names: readonly string[],
  addressesOf: (number: number) => string[],
): void {
  ip('netns', 'add', hub);
  ip('-n', hub, 'link', 'add', 'br0', 'up', 'type', 'bridge');
  names.forEach((name, at) => {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', `p${at}`, 'netns', hub);
    ip('-n', hub, 'link', 'set', `p${at}`, 'master', 'br0', 'up');
    for (const address of addressesOf(at + 1)) {
      const flags = address.includes(':') ? ['nodad'] : [];
      ip('-n', name, 'addr', 'add', address, 'dev', 'eth0', ...flags);
    }
    ip('-n', name, 'link', 'set', 'eth0', 'up');
  });
}

async function openTestNode(
  namespace: string,
  number: number,
  folder: string,
  outsideAddresses: readonly string[],
): Promise<TestNode> {
  const kernel = await openKernel({ underlay: namespace });
  let frr = await openFrr({ templateDirectories: [TEMPLATES], deadlines: DEADLINES, ...FRR_MODULES });
  const node = await describeSelf(kernel, frr, {
    name: `n${number}`,
    version: 'test',
    underlayAddresses: null,
    outsideAddresses,
    maxMembers: 100,
    metrics: '',
  });
  const start = (frr: Frr, machine: Kernel, test: { status: NodeStatus | null; events: ReportedEvent[] }) =>
    new Agent({
      node,
      kernel: machine,
      frr,
      folder: new StateFolder(join(folder, node.name)),
      startsAtOnce: 2,
      log: () => {},
      onStatus: (status) => {
        test.status = status;
      },
      onEvent: (event) => test.events.push(event),
      isConnected: () => true,
    });
  const reports: { status: NodeStatus | null; events: ReportedEvent[] } = { status: null, events: [] };
  const test: TestNode = {
    node,
    reports,
    agent: start(frr, kernel, reports),
    async restart() {
      await test.agent.close();
      frr.close();
      frr = await openFrr({ templateDirectories: [TEMPLATES], deadlines: DEADLINES, ...FRR_MODULES });
      reports.status = null;
      test.agent = start(frr, await openKernel({ underlay: namespace }), reports);
    },
  };
  return test;
}
