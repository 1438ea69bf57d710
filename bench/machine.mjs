/** What the stages need of the machine: timed commands, and what processes have used, from /proc. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const CLOCK_TICKS_PER_SECOND = 100;
const running = new Set();
let interrupted = false;

/**
 * Runs a command to its end. Fails with the command's own words, or after `timeoutS`; after an interruption only
 * what cleans up is still run.
 */
export async function run(command, argv, { timeoutS = 300, env = {}, cleaning = false } = {}) {
  if (interrupted && !cleaning) throw new Error('interrupted');
  const begin = performance.now();
  const child = spawn(command, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    detached: true,
  });
  running.add(child);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8');
    child[name].on('data', (text) => {
      output[name] += text;
    });
  }
  const timer = setTimeout(() => endGroup(child), timeoutS * 1000);
  const [status, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    // Not `close`: a daemon that was started may hold the pipes for ever.
    child.once('exit', (...how) => resolve(how));
  });
  const seconds = (performance.now() - begin) / 1000;
  clearTimeout(timer);
  running.delete(child);
  await new Promise((resolve) => setImmediate(resolve));
  child.stdout.destroy();
  child.stderr.destroy();
  if (status !== 0) {
    const words = (output.stderr || output.stdout).trim().split('\n').slice(-8).join('\n');
    throw new Error(
      `${command} ${argv.join(' ')}: ${signal ?? `status ${status}`} after ${seconds.toFixed(1)} s\n${words}`,
    );
  }
  return { seconds, ...output };
}

/** Ends what `run` waits for, with everything those commands started, and keeps it from running more. */
export function interrupt() {
  interrupted = true;
  for (const child of running) endGroup(child);
}

/** Processes whose argument vector satisfies `wanted`. */
export function findProcesses(wanted) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && wanted(readArguments(name)))
    .map(Number);
}

/** FRR's daemons of all pathspaces that begin with `prefix`. */
export function findDaemons(prefix) {
  return findProcesses(
    (argv) => argv[0]?.startsWith('/usr/lib/frr/') && argv[argv.indexOf('-N') + 1]?.startsWith(prefix),
  );
}

/** User and system time that these processes have used, their reaped children's included. */
export function readCpuSeconds(pids) {
  return sum(pids, (pid) => {
    const fields = readStat(pid);
    return (
      [11, 12, 13, 14].reduce((ticks, at) => ticks + Number(fields[at] ?? 0), 0) / CLOCK_TICKS_PER_SECOND
    );
  });
}

/** Seconds from boot until the youngest of these processes was started. */
export function readLastStart(pids) {
  return Math.max(...pids.map((pid) => Number(readStat(pid)[19]) / CLOCK_TICKS_PER_SECOND));
}

/** Seconds since boot, by the clock that `readLastStart` goes by. */
export function readUptime() {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}

/** Proportional set size: shared pages are counted once over all who share them. */
export function readPssMegabytes(pids) {
  return sum(pids, (pid) => Number(/^Pss:\s+(\d+) kB/m.exec(readProc(pid, 'smaps_rollup'))?.[1] ?? 0) / 1024);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function endGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

function readArguments(pid) {
  return readProc(pid, 'cmdline').split('\0');
}

/** The fields of proc(5) from `state` on: those before it may hold spaces. */
function readStat(pid) {
  return readProc(pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ');
}

/** A process that has ended used nothing any more. */
function readProc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function sum(items, measure) {
  return items.reduce((total, item) => total + measure(item), 0);
}
