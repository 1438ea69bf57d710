import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { errorText, VinetError } from '../model/vinet-error.ts';
import { type LabNode, type LabPlan, labNodes, labPaths } from './lab-layout.ts';

/** A background process of a lab: the controller, an agent, or the keeper that starts those again. */
export interface LabProcess {
  /** `controller`, `keeper`, or the node's name. */
  readonly name: string;
  /** Arguments after the program: what it is started with, and what it is known again by. */
  readonly argv: readonly string[];
  /** An argument that no other lab's process and no other process of this lab has. */
  readonly mark: string;
}

/** What serves the overlays of a lab: its controller and its agents. */
export function labServers(plan: LabPlan): LabProcess[] {
  return [controllerProcess(plan), ...labNodes(plan).map((node) => agentProcess(plan, node))];
}

export function keeperProcess(plan: LabPlan): LabProcess {
  const mark = `--keep=${plan.directory}`;
  return { name: 'keeper', mark, argv: ['lab', 'keep', mark] };
}

export function controllerProcess(plan: LabPlan): LabProcess {
  const paths = labPaths(plan.directory);
  const mark = `--state-directory=${paths.controllerState}`;
  return {
    name: 'controller',
    mark,
    argv: [
      'controller',
      mark,
      `--listen=127.0.0.1:${plan.restPort}`,
      `--grpc-listen=unix:${paths.socket}`,
      `--token-file=${paths.token}`,
    ],
  };
}

export function agentProcess(plan: LabPlan, node: LabNode): LabProcess {
  const paths = labPaths(plan.directory);
  const mark = `--state-directory=${node.stateDirectory}`;
  return {
    name: node.name,
    mark,
    argv: [
      'agent',
      mark,
      `--node=${node.name}`,
      `--controller=unix:${paths.socket}`,
      `--token-file=${paths.token}`,
      `--underlay-namespace=${node.namespace}`,
      `--underlay-address=${node.address}`,
      `--metrics-listen=127.0.0.1:${node.metricsPort}`,
      `--max-members=${plan.maxMembers}`,
    ],
  };
}

/**
 * Process ids of those that run, by name, from the command lines that /proc shows and not from pid files,
 * whose numbers may be other processes' by now. A zombie shows none, so it counts as gone.
 */
export function findProcesses(processes: readonly LabProcess[]): Map<string, number> {
  const byMark = new Map(processes.map((process) => [process.mark, process]));
  const found = new Map<string, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(entry)) continue;
    const argv = readCommandLine(Number(entry));
    const process = argv.map((word) => byMark.get(word)).find((candidate) => candidate !== undefined);
    if (process !== undefined && isCommandLineOf(process, argv)) found.set(process.name, Number(entry));
  }
  return found;
}

/** Whether this number still stands for that process, also while it is ending and holds its ports and locks. */
export function isProcess(pid: number, process: LabProcess): boolean {
  const argv = readCommandLine(pid);
  return argv.join('') === '' ? isEnding(pid) : isCommandLineOf(process, argv);
}

/** Starts a process that outlives this one, its output appended to the lab's log. Resolves with its pid. */
export async function startProcess(
  plan: LabPlan,
  process: LabProcess,
  program: readonly string[],
): Promise<number> {
  const paths = labPaths(plan.directory);
  const [command = '', ...rest] = program;
  const log = openSync(paths.log(process.name), 'a', 0o600);
  try {
    const child = spawn(command, [...rest, ...process.argv], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', log, log],
      env: environmentOf(globalThis.process.env),
    });
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return child.pid ?? 0;
  } catch (error) {
    throw new VinetError('lab-process', `cannot start ${process.name}: ${errorText(error)}`, {
      cause: error,
    });
  } finally {
    closeSync(log);
  }
}

/** Ends processes: a request first, force for those that do not go in time. Absent is success. */
export async function stopProcesses(processes: readonly LabProcess[], graceMs: number): Promise<void> {
  const found = findProcesses(processes);
  let left = processes.filter(({ name }) => found.has(name));
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const { name } of left) signalProcess(found.get(name) ?? 0, signal);
    const deadline = Date.now() + graceMs;
    const stay = () => left.filter((process) => isProcess(found.get(process.name) ?? 0, process));
    for (left = stay(); left.length > 0 && Date.now() < deadline; left = stay()) await delay(20);
  }
  if (left.length > 0) {
    throw new VinetError('lab-process', `these do not end: ${left.map(({ name }) => name).join(', ')}`);
  }
}

/** The last lines that a process wrote, for the person who must find out why it ended. */
export function lastWords(plan: LabPlan, name: string, lines = 5): string {
  try {
    return readFileSync(labPaths(plan.directory).log(name), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .join('\n');
  } catch {
    return '';
  }
}

/** The caller's own VINET_* variables are meant for its client and must not steer the lab's processes. */
function environmentOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([key]) => !key.startsWith('VINET_')));
}

function isCommandLineOf({ argv, mark }: LabProcess, found: readonly string[]): boolean {
  return found.includes(mark) && found.includes(argv[0] ?? '');
}

/** Whether a process without a command line has not yet given back what it held; proc_pid_stat(5). */
function isEnding(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(')') + 1));
  } catch {
    return false;
  }
}

function readCommandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
