import { totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Kernel } from '../agent/kernel/kernel.ts';
import { type ApiClient, apiPath, createApiClient, isTransient } from '../cli/api-client.ts';
import { readClientSettings } from '../cli/client-settings.ts';
import type { Progress } from '../cli/progress.ts';
import type { NodeView } from '../model/api.ts';
import { VinetError } from '../model/vinet-error.ts';
import { findFreePort } from './free-port.ts';
import { holdsForeignFiles, readPlan, writePlan } from './lab-folder.ts';
import {
  checkLabInput,
  FIRST_METRICS_PORT,
  internetNamespace,
  type LabPlan,
  labNodes,
  labPaths,
  membersShare,
} from './lab-layout.ts';
import { withLabLock } from './lab-lock.ts';
import { buildNetwork, foundNamespaces } from './lab-network.ts';
import { FIRST_REST_PORT, moveTakenPorts } from './lab-ports.ts';
import {
  agentProcess,
  findProcesses,
  keeperProcess,
  type LabProcess,
  labServers,
  lastWords,
  startProcess,
  stopProcesses,
} from './lab-process.ts';

export interface LabUpOptions {
  readonly kernel: Kernel;
  readonly directory: string;
  readonly name: string;
  readonly nodes: number;
  /** Null: 1500, or what a running lab has. */
  readonly mtu: number | null;
  /** What starts vinet: `[node, bin/vinet]`. */
  readonly program: readonly string[];
  readonly timeoutMs: number;
  readonly progress: Progress;
}

export interface LabUpReport {
  readonly plan: LabPlan;
  /** Whether a lab was there before. */
  readonly existed: boolean;
  /** Names of the processes that were started. */
  readonly started: readonly string[];
  readonly nodes: readonly NodeView[];
}

/**
 * Brings a lab up, or what is missing of one that was there, and resolves once every agent is connected.
 * Fails with `bad-lab`, `lab-busy`, `lab-exists`, `lab-foreign`, `lab-network`, `lab-process` or `timeout`.
 */
export function bringLabUp(options: LabUpOptions): Promise<LabUpReport> {
  return withLabLock(options.directory, () => bringUpLocked(options));
}

/** The same for a caller that holds the lab's lock. */
export async function bringUpLocked(options: LabUpOptions): Promise<LabUpReport> {
  const { kernel, progress } = options;
  const existing = readPlan(options.directory);
  const plan = await planLab(options, existing);
  refuseForeign(kernel, plan, existing);
  writePlan(plan);

  progress.update(`making ${plan.nodes} namespaces and the network between them`);
  const renewed = await buildNetwork(kernel, plan);
  // An agent that still runs stands in the namespace that is gone.
  await stopProcesses(
    renewed.map((node) => agentProcess(plan, node)),
    STOP_MS,
  );
  const wanted = [...labServers(plan), keeperProcess(plan)];
  const running = findProcesses(wanted);
  const started = wanted.filter((process) => !running.has(process.name));
  for (const process of started) {
    progress.update(`starting ${process.name}`);
    await startProcess(plan, process, options.program);
  }
  const nodes = await untilConnected(plan, wanted, options);
  return { plan, existed: existing !== null, started: started.map((process) => process.name), nodes };
}

/** A client of the lab's own controller. */
export async function connectToLab(plan: LabPlan): Promise<ApiClient> {
  return createApiClient(await readClientSettings({}, [labPaths(plan.directory).client]));
}

export async function readNodes(client: ApiClient): Promise<NodeView[]> {
  const { nodes } = await client.send<{ nodes: NodeView[] }>({
    path: apiPath(['nodes']),
    idleTimeoutMs: 5000,
  });
  return nodes;
}

/** What a lab consists of, as it is now. */
export interface LabPart {
  readonly process: LabProcess;
  readonly pid: number | null;
  /** Empty for keeper and controller, which need none. */
  readonly namespace: string;
  readonly namespaceThere: boolean;
}

export function inspectLab(kernel: Kernel, plan: LabPlan): LabPart[] {
  const mounted = new Set(kernel.listNamespaces().flatMap((found) => (found.mounted ? [found.name] : [])));
  const namespaces = new Map(labNodes(plan).map((node) => [node.name, node.namespace]));
  const processes = [keeperProcess(plan), ...labServers(plan)];
  const running = findProcesses(processes);
  return processes.map((process) => {
    const namespace = namespaces.get(process.name) ?? '';
    return {
      process,
      pid: running.get(process.name) ?? null,
      namespace,
      namespaceThere: namespace === '' || mounted.has(namespace),
    };
  });
}

const DEFAULT_MTU = 1500;
const STOP_MS = 5000;
const POLL_MS = 100;

async function planLab(options: LabUpOptions, existing: LabPlan | null): Promise<LabPlan> {
  const { directory, name } = options;
  const mtu = options.mtu ?? existing?.mtu ?? DEFAULT_MTU;
  checkLabInput(name, options.nodes, mtu);
  if (existing !== null && (existing.name !== name || existing.mtu !== mtu)) {
    throw new VinetError(
      'lab-exists',
      `${directory} holds the lab "${existing.name}" with an MTU of ${existing.mtu}; end it with \`vinet lab down\` first, or give --dir and --name`,
    );
  }
  const nodes = Math.max(options.nodes, existing?.nodes ?? 0);
  const metricsPorts = [...(existing?.metricsPorts ?? [])];
  while (metricsPorts.length < nodes) {
    metricsPorts.push(await findFreePort(FIRST_METRICS_PORT + metricsPorts.length, metricsPorts));
  }
  const maxMembers = existing?.maxMembers ?? membersShare(totalmem(), nodes);
  const restPort = existing?.restPort ?? (await findFreePort(FIRST_REST_PORT, metricsPorts));
  const plan = { name, nodes, mtu, directory, metricsPorts, maxMembers, restPort };
  return existing === null ? plan : moveTakenPorts(plan);
}

/** Names that are wanted and stand for something that this lab did not make. */
function refuseForeign(kernel: Kernel, plan: LabPlan, existing: LabPlan | null): void {
  if (existing === null && holdsForeignFiles(plan.directory)) {
    throw new VinetError('lab-foreign', `${plan.directory} holds files that no lab made; give another --dir`);
  }
  const ours = new Set(existing === null ? [] : [internetNamespace(existing.name)]);
  for (const node of existing === null ? [] : labNodes(existing)) ours.add(node.namespace);
  const wanted = new Set([internetNamespace(plan.name), ...labNodes(plan).map((node) => node.namespace)]);
  const foreign = foundNamespaces(kernel, plan.name).filter((name) => wanted.has(name) && !ours.has(name));
  if (foreign.length > 0) {
    throw new VinetError(
      'lab-foreign',
      `there are network namespaces of these names that the lab in ${plan.directory} did not make: ${foreign.join(', ')}; give another --name`,
    );
  }
}

async function untilConnected(
  plan: LabPlan,
  wanted: readonly LabProcess[],
  options: LabUpOptions,
): Promise<NodeView[]> {
  const names = labNodes(plan).map((node) => node.name);
  const deadline = Date.now() + options.timeoutMs;
  const client = await connectToLab(plan);
  try {
    for (;;) {
      const nodes = await readNodes(client).catch((error: unknown) => {
        if (isTransient(error)) return [];
        throw error;
      });
      const connected = nodes.filter((node) => node.connected && names.includes(node.name));
      if (connected.length === names.length) return nodes;
      options.progress.update(`agents connected ${connected.length}/${names.length}`);
      refuseDead(plan, wanted);
      if (Date.now() > deadline) {
        const missing = names.filter((name) => !connected.some((node) => node.name === name));
        throw new VinetError(
          'timeout',
          `not connected after ${options.timeoutMs / 1000} s: ${missing.join(', ')}; see ${labPaths(plan.directory).log(missing[0] ?? '')}`,
        );
      }
      await delay(POLL_MS);
    }
  } finally {
    client.close();
  }
}

function refuseDead(plan: LabPlan, wanted: readonly LabProcess[]): void {
  const running = findProcesses(wanted);
  for (const process of wanted) {
    if (running.has(process.name)) continue;
    throw new VinetError(
      'lab-process',
      `${process.name} ended by itself; the end of ${labPaths(plan.directory).log(process.name)}: ${lastWords(plan, process.name)}`,
    );
  }
}
