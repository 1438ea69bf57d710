import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { FRR_PROGRAM_DIRECTORY } from './daemon-catalogue.ts';
import { isProgramName } from './pathspace.ts';

/** A daemon of FRR as /proc shows it. */
export interface FrrProcess {
  readonly pid: number;
  readonly daemon: string;
  readonly pathspace: string;
}

/**
 * All of FRR's processes that were started with `-N`. One walk through /proc serves everybody who asks before
 * it begins, and those who accept an answer of some age: 200 pathspaces cost one walk.
 */
export class ProcessTable {
  #coming: Promise<readonly FrrProcess[]> | null = null;
  #last: { readonly at: number; readonly processes: readonly FrrProcess[] } = {
    at: Number.NEGATIVE_INFINITY,
    processes: [],
  };

  /** Processes of a pathspace as they were at most `maxAgeMs` ago. */
  async find(pathspace: string, maxAgeMs: number): Promise<FrrProcess[]> {
    const isFresh = performance.now() - this.#last.at < maxAgeMs;
    const processes = isFresh ? this.#last.processes : await this.#walkSoon();
    return processes.filter((process) => process.pathspace === pathspace);
  }

  #walkSoon(): Promise<readonly FrrProcess[]> {
    this.#coming ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#coming = null;
        this.#last = { at: performance.now(), processes: walkProcesses() };
        resolve(this.#last.processes);
      });
    });
    return this.#coming;
  }
}

/**
 * Whether this process lives and is that daemon of that pathspace, by its command line and its program file.
 * A zombie has neither and counts as dead; a number that another process bears by now never matches.
 */
export function isFrrProcess(pid: number, daemon: string, pathspace: string): boolean {
  const found = readFrrProcess(pid);
  return found !== null && found.daemon === daemon && found.pathspace === pathspace && runsProgram(found);
}

/** Whether its main thread has work and waits for a processor or has one: state `R`, proc_pid_stat(5). */
export function isRunnable(pid: number): boolean {
  return statFields(`${pid}`)[0] === 'R';
}

/** Processor time that its main thread has used, in ms (fields 14 and 15, proc_pid_stat(5)); 0 when it is gone. */
export function processorTimeOf(pid: number): number {
  const [user = 0, system = 0] = statFields(`${pid}/task/${pid}`).slice(11, 13).map(Number);
  return (user + system) * MS_PER_TICK;
}

/** USER_HZ, in which /proc counts, is 100 on every architecture that Debian has (time(7)). */
const MS_PER_TICK = 10;

/** When the process was started, in clock ticks since boot: field 22, proc_pid_stat(5); 0 when it is gone. */
export function startTimeOf(pid: number): number {
  return Number(statFields(`${pid}`)[19] ?? 0);
}

/** From the third field of proc_pid_stat(5) on: the second is a name in parentheses that may hold anything, spaces too. */
function statFields(task: string): string[] {
  const stat = readText(`/proc/${task}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/**
 * Whether the process runs another file than the one that is installed under its name: a package's new files have new
 * inodes. Where nothing is installed there is nothing that it could run instead.
 */
export function isOutdated(pid: number, daemon: string): boolean {
  const installed = statSync(`${FRR_PROGRAM_DIRECTORY}/${daemon}`, { throwIfNoEntry: false });
  const running = statSync(`/proc/${pid}/exe`, { throwIfNoEntry: false });
  if (installed === undefined || running === undefined) return false;
  return installed.ino !== running.ino || installed.dev !== running.dev;
}

/** The number of the network namespace that a process runs in (nsfs inode); 0 when it is gone. */
export function networkNamespaceOf(pid: number): number {
  return statSync(`/proc/${pid}/ns/net`, { throwIfNoEntry: false })?.ino ?? 0;
}

function walkProcesses(): FrrProcess[] {
  const processes: FrrProcess[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(entry)) continue;
    const found = readFrrProcess(Number(entry));
    if (found !== null && runsProgram(found)) processes.push(found);
  }
  return processes;
}

/** What a living process says it is; null when it is none of FRR's. */
export function readFrrProcess(pid: number): FrrProcess | null {
  const [program = '', ...argv] = readArguments(pid);
  if (!program.startsWith(`${FRR_PROGRAM_DIRECTORY}/`)) return null;
  const daemon = program.slice(FRR_PROGRAM_DIRECTORY.length + 1);
  const pathspace = argv[argv.indexOf('-N') + 1];
  if (!argv.includes('-N') || pathspace === undefined || !isProgramName(daemon)) return null;
  return { pid, daemon, pathspace };
}

/** The command line of a process, with its program first; nothing of one that is gone. */
export function readArguments(pid: number): string[] {
  return readText(`/proc/${pid}/cmdline`).split('\0');
}

/** Any process may choose its command line, but not its program. */
function runsProgram(process: FrrProcess): boolean {
  try {
    const program = readlinkSync(`/proc/${process.pid}/exe`);
    return program.replace(/ \(deleted\)$/, '') === `${FRR_PROGRAM_DIRECTORY}/${process.daemon}`;
  } catch {
    return false;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
