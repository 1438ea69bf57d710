import { setTimeout as delay } from 'node:timers/promises';
import { errorText } from '../model/vinet-error.ts';
import { readPlan, writePlan } from './lab-folder.ts';
import type { LabPlan } from './lab-layout.ts';
import { tryLockLab } from './lab-lock.ts';
import { moveTakenPorts } from './lab-ports.ts';
import { findProcesses, isProcess, type LabProcess, labServers, startProcess } from './lab-process.ts';
import { RestartPauses } from './restart-pauses.ts';

export interface KeepOptions {
  readonly directory: string;
  /** What starts vinet: `[node, bin/vinet]`. */
  readonly program: readonly string[];
  /** Ends the keeper; what it kept goes on. */
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
}

/**
 * Starts again what dies of a lab's controller and agents: at once, then with growing pauses while it keeps
 * dying. Ends when the signal says so or the lab's record is gone. It need not be the parent of what it
 * keeps, so it may die itself at any time.
 */
export async function keepLab(options: KeepOptions): Promise<void> {
  const keeper = new Keeper(options);
  while (!options.signal.aborted) {
    const plan = readPlan(options.directory);
    if (plan === null) return options.log('the lab is gone');
    await keeper.look(plan, performance.now());
    await delay(WATCH_MS, undefined, { signal: options.signal }).catch(() => {});
  }
}

const WATCH_MS = 200;

interface Death {
  readonly pauseMs: number;
  readonly dueAt: number;
}

class Keeper {
  private readonly options: KeepOptions;
  private readonly pids = new Map<string, number>();
  private readonly deaths = new Map<string, Death>();
  private readonly pauses = new RestartPauses();

  constructor(options: KeepOptions) {
    this.options = options;
  }

  async look(plan: LabPlan, now: number): Promise<void> {
    const lost = labServers(plan).filter(
      (process) => !isProcess(this.pids.get(process.name) ?? 0, process) && this.mayStart(process.name, now),
    );
    if (lost.length === 0) return;
    const due = this.withoutFound(lost);
    for (const { name } of due) {
      if (this.deaths.has(name)) continue;
      const pauseMs = this.pauses.pauseAfterDeath(name, now);
      this.deaths.set(name, { pauseMs, dueAt: now + pauseMs });
    }
    await this.start(
      due.map(({ name }) => name).filter((name) => this.mayStart(name, now)),
      now,
    );
  }

  private mayStart(name: string, now: number): boolean {
    return (this.deaths.get(name)?.dueAt ?? 0) <= now;
  }

  /** Those that really do not run; the others were started by a command, and are known from now on. */
  private withoutFound(processes: readonly LabProcess[]): LabProcess[] {
    for (const [name, pid] of findProcesses(processes)) {
      this.pids.set(name, pid);
      this.deaths.delete(name);
    }
    return processes.filter((process) => !isProcess(this.pids.get(process.name) ?? 0, process));
  }

  private async start(names: readonly string[], now: number): Promise<void> {
    if (names.length === 0) return;
    const { directory, program, log } = this.options;
    const lock = await tryLockLab(directory);
    // A `lab up` starts them itself, and a `lab down` wants none.
    if (lock === null) return;
    try {
      const recorded = readPlan(directory);
      if (recorded === null) return;
      const plan = await moveTakenPorts(recorded);
      if (plan !== recorded) writePlan(plan);
      const due = labServers(plan).filter(({ name }) => names.includes(name));
      for (const process of this.withoutFound(due)) {
        const { name } = process;
        const pauseMs = this.deaths.get(name)?.pauseMs ?? 0;
        this.pauses.started(name, pauseMs, now);
        this.deaths.delete(name);
        const before = this.pids.get(name);
        const pid = await startProcess(plan, process, program);
        this.pids.set(name, pid);
        log(
          `${name}${before === undefined ? '' : ` (${before})`} was dead; started again as ${pid}${pauseMs === 0 ? '' : ` after ${pauseMs / 1000} s`}`,
        );
      }
    } catch (error) {
      log(errorText(error));
    } finally {
      lock.release();
    }
  }
}
