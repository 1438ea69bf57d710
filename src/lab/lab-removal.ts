import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Kernel } from '../agent/kernel/kernel.ts';
import { apiPath } from '../cli/api-client.ts';
import type { Progress } from '../cli/progress.ts';
import type { OverlaySummary } from '../model/api.ts';
import { errorText, VinetError } from '../model/vinet-error.ts';
import { bringUpLocked, connectToLab } from './lab.ts';
import { hasEnvironments, hasLostState, nodesInFolder, readPlan, removeFolder } from './lab-folder.ts';
import { FIRST_METRICS_PORT, internetNamespace, type LabPlan, labNodes } from './lab-layout.ts';
import { withLabLock } from './lab-lock.ts';
import { foundNamespaces, removeNetwork } from './lab-network.ts';
import { agentProcess, findProcesses, keeperProcess, labServers, stopProcesses } from './lab-process.ts';

export interface LabDownOptions {
  readonly kernel: Kernel;
  readonly directory: string;
  readonly name: string;
  readonly program: readonly string[];
  /** How long overlays may take to go the orderly way before agents are told to purge. */
  readonly timeoutMs: number;
  readonly progress: Progress;
}

/**
 * Ends a lab and leaves nothing of it, whatever is still alive of it. Resolves with false where there was none.
 * Fails with `lab-busy`, and with `lab-purge` when an environment could not be removed: then its record is kept for another attempt.
 */
export function takeLabDown(options: LabDownOptions): Promise<boolean> {
  return withLabLock(options.directory, () => takeDown(options));
}

const STOP_MS = 5000;
const POLL_MS = 100;
const PURGE_MS = 120_000;

async function takeDown(options: LabDownOptions): Promise<boolean> {
  const { kernel, directory, progress } = options;
  const recorded = readPlan(directory);
  const plan = recorded ?? guessPlan(options);
  if (plan === null) return false;

  // Its controller still knows what such an agent made, and lets it delete that the orderly way.
  if (recorded !== null && hasLostState(recorded)) await mend(recorded, options);
  const servers = labServers(plan);
  await stopProcesses([keeperProcess(plan)], STOP_MS);
  if (findProcesses(servers).size === servers.length) await deleteOverlays(plan, options);
  progress.update('ending agents and controller');
  await stopProcesses(servers, STOP_MS);
  await purgeEnvironments(plan, options);

  progress.update('removing namespaces and files');
  const made = new Set([internetNamespace(plan.name), ...labNodes(plan).map((node) => node.namespace)]);
  removeNetwork(
    kernel,
    foundNamespaces(kernel, plan.name).filter((name) => made.has(name)),
  );
  removeFolder(directory);
  return true;
}

async function mend(plan: LabPlan, options: LabDownOptions): Promise<void> {
  try {
    await bringUpLocked({ ...options, nodes: plan.nodes, name: plan.name, mtu: plan.mtu });
  } catch (error) {
    // What cannot be mended is taken down as it is.
    if (!(error instanceof VinetError)) throw error;
  }
}

/** A lab whose record is lost: what its folder still shows of it. */
function guessPlan(options: LabDownOptions): LabPlan | null {
  const nodes = Math.max(0, ...nodesInFolder(options.directory));
  if (nodes === 0) return null;
  return {
    name: options.name,
    nodes,
    mtu: 1500,
    directory: options.directory,
    restPort: 0,
    metricsPorts: Array.from({ length: nodes }, (_, index) => FIRST_METRICS_PORT + index),
    maxMembers: 1,
  };
}

/** The orderly way; what it does not reach in time is purged afterwards. */
async function deleteOverlays(plan: LabPlan, options: LabDownOptions): Promise<void> {
  const client = await connectToLab(plan);
  const path = apiPath(['overlays']);
  const deadline = Date.now() + options.timeoutMs;
  const asked = new Set<string>();
  try {
    while (Date.now() < deadline) {
      const { overlays } = await client.send<{ overlays: OverlaySummary[] }>({ path, idleTimeoutMs: 5000 });
      if (overlays.length === 0) return;
      options.progress.update(`deleting overlays: ${overlays.map((overlay) => overlay.name).join(', ')}`);
      for (const { name } of overlays) {
        if (asked.has(name)) continue;
        asked.add(name);
        await client.send({ method: 'DELETE', path: apiPath(['overlays', name]) });
      }
      await delay(POLL_MS);
    }
  } catch (error) {
    // A controller that fails or says no does not keep a lab alive.
    if (!(error instanceof VinetError)) throw error;
  } finally {
    client.close();
  }
}

async function purgeEnvironments(plan: LabPlan, options: LabDownOptions): Promise<void> {
  const [command = '', ...program] = options.program;
  const failures: string[] = [];
  for (const node of labNodes(plan)) {
    if (!hasEnvironments(node.stateDirectory)) continue;
    options.progress.update(`removing what the agent of ${node.name} left`);
    await promisify(execFile)(command, [...program, ...agentProcess(plan, node).argv, '--purge'], {
      timeout: PURGE_MS,
    }).catch((error: unknown) => failures.push(`${node.name}: ${errorText(error)}`));
    if (hasEnvironments(node.stateDirectory)) failures.push(`${node.name}: environments are left`);
  }
  if (failures.length > 0)
    throw new VinetError('lab-purge', `not everything could be removed: ${failures.join('; ')}`);
}
