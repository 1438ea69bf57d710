import { closeSync, existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonName } from '../../model/routing-state.ts';
import { errorText, VinetError } from '../../model/vinet-error.ts';
import type { DetachedProcess, FileView, Namespace } from '../kernel/kernel.ts';
import { DAEMON_FLAGS } from './daemon-catalogue.ts';
import { endProcess, hasDied } from './daemon-process.ts';
import { type DaemonFiles, daemonFilesOf, type Pathspace } from './pathspace.ts';
import { type FrrOwner, openLog, readTextFile } from './pathspace-files.ts';
import { findRejections, lastWords } from './rejections.ts';
import { type FrrRelease, readsOwnFile } from './releases.ts';
import { isListening } from './unix-socket.ts';
import { VtyClient } from './vty-client.ts';

export interface StartOptions {
  /** Until the daemon has to answer, in ms. */
  readonly deadlineMs: number;
  readonly owner: FrrOwner;
  readonly release: FrrRelease;
  /** Folder of the namespaces that are the daemon's VRFs; null where it has none but its own. */
  readonly netns: string | null;
  /** What the daemon is given besides what all of its kind are. */
  readonly flags: readonly string[];
  readonly files: FileView | undefined;
}

export interface StartedDaemon {
  readonly pid: number;
  readonly client: VtyClient;
}

/**
 * Starts a daemon whose configuration lies ready, in the foreground and detached, so that it outlives us, and
 * waits until it answers. Fails with `daemon-failed` and FRR's words when it ends, keeps silent or refuses a
 * line of its configuration; then it does not run.
 */
export async function startDaemon(
  pathspace: Pathspace,
  daemon: DaemonName,
  namespace: Namespace,
  options: StartOptions,
): Promise<StartedDaemon> {
  const until = performance.now() + options.deadlineMs;
  const files = daemonFilesOf(pathspace, daemon);
  let pid = 0;
  try {
    if (daemon !== 'zebra') await waitForZebra(pathspace, until);
    const child = spawnDetached(pathspace, daemon, namespace, options);
    pid = child.pid;
    const client = await waitForAnswer(files, child, until);
    const rejections = findRejections(readTextFile(files.log));
    if (rejections === null) return { pid, client };
    client.close();
    throw new Error(rejections);
  } catch (error) {
    if (pid !== 0) await endProcess(pid, daemon, pathspace.name, 'kill', 0);
    throw failure(pathspace, daemon, error, files);
  }
}

function spawnDetached(
  pathspace: Pathspace,
  daemon: DaemonName,
  namespace: Namespace,
  { owner, release, netns, files: view, flags }: StartOptions,
): DetachedProcess {
  const files = daemonFilesOf(pathspace, daemon);
  const log = openLog(files.log, owner);
  // The short form of this flag has another letter in newer releases.
  const isTold = daemon === 'zebra' || (daemon === 'mgmtd' && release.mgmtdHasVrfs);
  const vrfs = netns !== null && isTold ? ['--vrfwnetns'] : [];
  try {
    const argv = [...commandLine(pathspace, daemon, files, release), ...vrfs, ...flags];
    return namespace.startDetached(files.program, argv, {
      log,
      netns: netns ?? undefined,
      files: view,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
    });
  } finally {
    closeSync(log);
  }
}

/** Warnings go to standard output, which is the log file: there may be no syslog. No telnet (`-P 0`). */
function commandLine(
  pathspace: Pathspace,
  daemon: DaemonName,
  files: DaemonFiles,
  release: FrrRelease,
): string[] {
  const file = readsOwnFile(daemon, release) ? ['-f', files.config] : [];
  const place = ['-N', pathspace.name, ...file, '-i', files.pid, '-P', '0'];
  return [...place, '--log', 'stdout', '--log-level', 'warnings', ...DAEMON_FLAGS[daemon]];
}

/**
 * A daemon that finds no zebra tries again only after 10 s, so zebra has to be there before; one that died is not
 * waited for.
 */
async function waitForZebra(pathspace: Pathspace, until: number): Promise<void> {
  for await (const _ of looks(until)) {
    // Looked at first: the socket of one that is just dying still listens.
    if (hasDied(pathspace, 'zebra')) break;
    if (await isListening(pathspace.zebraSocket)) return;
  }
  throw new Error('zebra does not run');
}

async function waitForAnswer(files: DaemonFiles, child: DetachedProcess, until: number): Promise<VtyClient> {
  for await (const leftMs of looks(until)) {
    const ended = child.ended();
    if (ended !== null) throw new Error(`it ended at once (${ended})`);
    if (!existsSync(files.vty)) continue;
    const client = await VtyClient.connect(files.vty).catch(() => null);
    if (client === null) continue;
    if (await client.answersWithin(leftMs)) return client;
    client.close();
  }
  throw new Error('it did not answer in time');
}

/** A daemon starts in some 50 ms of processor time; hundreds start one after the other, so none may be waited for longer. */
const LOOK_MS = 8;

/** Comes back every few milliseconds with what is left of the time. */
async function* looks(until: number): AsyncGenerator<number> {
  for (;;) {
    const leftMs = until - performance.now();
    if (leftMs <= 0) return;
    yield leftMs;
    await delay(LOOK_MS);
  }
}

function failure(pathspace: Pathspace, daemon: DaemonName, error: unknown, files: DaemonFiles): VinetError {
  const log = readTextFile(files.log);
  const words = findRejections(log) ?? lastWords(log);
  const reason = errorText(error);
  const said = words === '' || words === reason ? '' : `: ${words}`;
  return new VinetError('daemon-failed', `${daemon} of ${pathspace.name}: ${reason}${said}`, {
    cause: error,
    context: { pathspace: pathspace.name, daemon },
  });
}
