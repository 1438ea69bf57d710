import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { errorText, VinetError } from '../model/vinet-error.ts';
import { type LabNode, type LabPlan, labPaths } from './lab-layout.ts';

/** A background process of a lab: a controller or an agent. */
export interface LabProcess {
  /** `controller`, or the node's name. */
  readonly name: string;
  /** Arguments after the program: what it is started with, and what it is known again by. */
  readonly argv: readonly string[];
  /** An argument that no other lab's process and no other process of this lab has. */
  readonly mark: string;
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
 * Process ids of a lab's process, by the command line that /proc shows and not by a pid file, whose
 * number may be another process's by now. A zombie shows none, so it counts as gone.
 */
export function findProcess(process: LabProcess): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^[0-9]+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      const argv = readCommandLine(pid);
      return argv.includes(process.mark) && argv.includes(process.argv[0] ?? '');
    });
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
    const pid = child.pid ?? 0;
    writeFileSync(paths.pid(process.name), `${pid}\n`, { mode: 0o600 });
    return pid;
  } catch (error) {
    throw new VinetError('lab-process', `cannot start ${process.name}: ${errorText(error)}`, {
      cause: error,
    });
  } finally {
    closeSync(log);
  }
}

/** Ends a process: a request first, force when it does not go in time. Absent is success. */
export async function stopProcess(process: LabProcess, graceMs: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const pid of findProcess(process)) signalProcess(pid, signal);
    const deadline = Date.now() + graceMs;
    while (findProcess(process).length > 0 && Date.now() < deadline) await delay(20);
    if (findProcess(process).length === 0) return;
  }
  throw new VinetError('lab-process', `${process.name} does not end`);
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
