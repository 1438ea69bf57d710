import type { ObservedDaemon } from '../../model/observation.ts';
import type { DaemonName } from '../../model/routing-state.ts';
import type { VinetError } from '../../model/vinet-error.ts';
import { diffConfig } from '../../planner/config-diff.ts';
import type { FileView, Namespace } from '../kernel/kernel.ts';
import type { Adjustment } from './bring-up/calm-timers.ts';
import { helloPrompt } from './bring-up/hello-prompt.ts';
import { PassingLines } from './bring-up/passing-lines.ts';
import { DaemonConfig } from './daemon-config.ts';
import { daemonError } from './daemon-error.ts';
import { DaemonHealth } from './daemon-health.ts';
import { DaemonLink } from './daemon-link.ts';
import { endProcess, findByPidFile, findStrays } from './daemon-process.ts';
import { parseJsonAnswer } from './json-answer.ts';
import { type DaemonChannel, VtyChannel } from './northbound/daemon-channel.ts';
import type { Northbound } from './northbound/northbound.ts';
import { type DaemonFiles, daemonFilesOf, type Pathspace } from './pathspace.ts';
import {
  boundLog,
  type FrrOwner,
  makeFolders,
  readPid,
  removeDaemonFiles,
  removeRuntimeFiles,
  removeScratch,
  writeConfig,
  writeVtyshConfig,
} from './pathspace-files.ts';
import {
  isFrrProcess,
  isOutdated,
  networkNamespaceOf,
  type ProcessTable,
  startTimeOf,
} from './process-table.ts';
import type { FrrRelease } from './releases.ts';
import { SerialQueue } from './serial-queue.ts';
import { startDaemon } from './startup.ts';
import { awaitVrfGone, type VrfSet } from './vrf-check.ts';

/** How long FRR may take, in ms. */
export interface FrrDeadlines {
  /** From a daemon's start to its first answer. */
  readonly startMs: number;
  /** For a command's answer. */
  readonly answerMs: number;
  /** For the answer that shows that a daemon is well. */
  readonly healthMs: number;
  /** Of a processor's time, for a daemon that works and does not answer meanwhile. */
  readonly busyMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly terminateMs: number;
}

/** What all daemons of this machine share. */
export interface FrrSurroundings {
  readonly owner: FrrOwner;
  readonly deadlines: FrrDeadlines;
  readonly release: FrrRelease;
  readonly processes: ProcessTable;
  readonly onDeath: (pathspace: string, daemon: string) => void;
  /** Null where FRR has no gRPC. */
  readonly northbound: Northbound | null;
}

/** One daemon of one pathspace, whether it runs or not. What changes it happens one after the other. */
export class FrrDaemon {
  readonly #pathspace: Pathspace;
  readonly #name: string;
  readonly #files: DaemonFiles;
  readonly #surroundings: FrrSurroundings;
  readonly #turns = new SerialQueue();
  readonly #config: DaemonConfig;
  readonly #health: DaemonHealth;
  readonly #passing: PassingLines;
  #link: DaemonLink | null = null;
  #namespace: Namespace | null = null;
  #opening: Promise<DaemonLink> | null = null;

  constructor(pathspace: Pathspace, name: string, surroundings: FrrSurroundings) {
    this.#pathspace = pathspace;
    this.#name = name;
    this.#files = daemonFilesOf(pathspace, name);
    this.#surroundings = surroundings;
    this.#config = new DaemonConfig(pathspace, name, surroundings.owner, surroundings.deadlines);
    this.#health = new DaemonHealth(surroundings.deadlines);
    this.#passing = new PassingLines(() => this.#connect(), surroundings.deadlines.answerMs);
  }

  /** Looks at it and adopts it if it runs; `pid` is 0 when it does not. */
  async observe(namespace: Namespace | null): Promise<ObservedDaemon> {
    this.#namespace = namespace;
    boundLog(this.#files.log);
    const pid = await this.#findProcess();
    const healthy = pid !== 0 && networkNamespaceOf(pid) === namespace?.inode && (await this.#answers(pid));
    const startedAt = pid === 0 ? 0 : startTimeOf(pid);
    const drift = pid === 0 ? null : this.#config.drift;
    const outdated = pid !== 0 && isOutdated(pid, this.#name);
    return { daemon: this.#name, pid, startedAt, healthy, outdated, config: this.#config.text, drift };
  }

  start(
    name: DaemonName,
    config: string,
    namespace: Namespace,
    vrfs?: VrfSet,
    files?: FileView,
  ): Promise<void> {
    return this.#turns.run(async () => {
      const { owner, deadlines, northbound, release } = this.#surroundings;
      this.#namespace = namespace;
      await this.#end('kill');
      this.#passing.forget();
      removeRuntimeFiles(this.#pathspace, name);
      makeFolders(this.#pathspace, owner);
      writeVtyshConfig(this.#pathspace, config, owner);
      // Of VRFs it knows nothing while it reads its file.
      writeConfig(this.#files.config, vrfs === undefined ? config : '', owner);
      const flags = (await northbound?.argumentsOf(name, namespace)) ?? [];
      const options = {
        deadlineMs: deadlines.startMs,
        owner,
        release,
        netns: vrfs?.folder ?? null,
        files,
        flags,
      };
      const { pid, client } = await startDaemon(this.#pathspace, name, namespace, options);
      this.#link?.release();
      const link = new DaemonLink(pid, this.#files.vty, client, () => this.#reportDeath());
      this.#link = link;
      const channel = this.#channelOf(link);
      try {
        await this.#config.readBack(channel);
      } catch (error) {
        await this.#end('kill');
        throw error;
      }
      if (vrfs !== undefined) await this.#config.tell(channel, name, diffConfig('', config), config, vrfs);
    });
  }

  /** As `Frr.prepareRestart`. */
  prepareRestart(): Promise<void> {
    return this.#turns.run(async () => {
      const { client } = await this.#connect();
      await client.ask('graceful-restart prepare ip ospf', this.#surroundings.deadlines.answerMs);
    });
  }

  /** As `Frr.sayHello`. */
  sayHello(headers: readonly string[]): Promise<void> {
    return this.adjust({ commands: helloPrompt(this.#config.text, headers), undo: [] });
  }

  /** As `Frr.adjust`. */
  adjust(adjustment: Adjustment): Promise<void> {
    return this.#turns.run(() => this.#passing.give(adjustment));
  }

  /** As `Frr.restore`. */
  restore(): Promise<void> {
    return this.#turns.run(() => this.#passing.takeBack());
  }

  /** As `Frr.inspect`. */
  inspect(): Promise<boolean> {
    return this.#turns.run(async () => {
      if (this.#passing.inForce) return false;
      await this.#passing.takeBack();
      return this.#config.inspect(await this.#channel());
    });
  }

  configure(name: DaemonName, commands: readonly string[], config: string, vrfs?: VrfSet): Promise<void> {
    return this.#turns.run(async () => {
      await this.#passing.takeBack();
      await this.#config.tell(await this.#channel(), name, commands, config, vrfs);
    });
  }

  releaseVrf(name: string): Promise<void> {
    return this.#turns.run(async () => {
      const link = await this.#connect().catch(() => null);
      if (link !== null)
        await awaitVrfGone(this.#channelOf(link), name, this.#surroundings.deadlines.answerMs);
    });
  }

  async ask(command: string): Promise<unknown> {
    if (!command.startsWith('show ')) throw this.#error('rejected', `"${command}" is no question`);
    const { client } = await this.#connect();
    const reply = await client.ask(command, this.#surroundings.deadlines.answerMs);
    if (reply.code !== 0) throw this.#error('rejected', `"${command}": ${reply.text.trim()}`);
    return command.endsWith(' json') ? parseJsonAnswer(reply.text) : reply.text;
  }

  stop(how: 'terminate' | 'kill'): Promise<void> {
    return this.#turns.run(async () => {
      if (how === 'terminate') await this.#withdraw();
      await this.#end(how);
      removeDaemonFiles(this.#pathspace, this.#name);
    });
  }

  /** Ends it and leaves its files to whoever removes the whole pathspace. */
  kill(): Promise<void> {
    return this.#turns.run(async () => {
      const pid = readPid(this.#files);
      await this.#end('kill');
      removeScratch(this.#name, pid);
    });
  }

  release(): void {
    this.#link?.release();
    this.#link = null;
  }

  /** An ospfd that is ready to be restarted would leave its routes with zebra. */
  async #withdraw(): Promise<void> {
    if (this.#name !== 'ospfd') return;
    const link = await this.#connect().catch(() => null);
    const { healthMs } = this.#surroundings.deadlines;
    await link?.client.configure(['no router ospf'], 'go-on', healthMs).catch(() => undefined);
  }

  async #answers(pid: number): Promise<boolean> {
    const link = await this.#connect().catch(() => null);
    return link !== null && (await this.#health.isWell(pid, link.client));
  }

  /** The way to the running daemon; fails with `not-running`. */
  async #channel(): Promise<DaemonChannel> {
    return this.#channelOf(await this.#connect());
  }

  /** By what it was started with. */
  #channelOf(link: DaemonLink): DaemonChannel {
    const vty = () => link.client;
    const { northbound } = this.#surroundings;
    return northbound?.channelTo(this.#name, link.pid, this.#namespace, vty) ?? new VtyChannel(vty);
  }

  /** The connection to the running daemon; fails with `not-running`. */
  async #connect(): Promise<DaemonLink> {
    if (this.#link !== null) return this.#link;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #open(): Promise<DaemonLink> {
    const pid = await this.#findProcess();
    if (pid === 0) throw this.#error('not-running', 'it does not run');
    try {
      const link = await DaemonLink.open(pid, this.#files.vty, () => this.#reportDeath());
      this.#link?.release();
      this.#link = link;
      // A former agent may have ended in the middle of a change; nobody waits for this, least of all who looks.
      this.#turns.run(() => this.#config.takeBackUnfinished(this.#channelOf(link))).catch(() => undefined);
      return link;
    } catch (error) {
      throw this.#error('not-running', 'nobody listens on its socket', error);
    }
  }

  async #findProcess(): Promise<number> {
    const linked = this.#link?.pid ?? 0;
    if (linked !== 0 && isFrrProcess(linked, this.#name, this.#pathspace.name)) return linked;
    const named = findByPidFile(this.#pathspace, this.#name);
    return named !== 0 ? named : ((await this.#findStrays())[0] ?? 0);
  }

  #findStrays(): Promise<number[]> {
    return findStrays(this.#surroundings.processes, this.#pathspace, this.#name);
  }

  /** Ends whatever runs as this daemon, also a second one that nobody remembers. */
  async #end(how: 'terminate' | 'kill'): Promise<void> {
    const pids = new Set([await this.#findProcess(), ...(await this.#findStrays())]);
    this.release();
    pids.delete(0);
    const { terminateMs } = this.#surroundings.deadlines;
    const endings = [...pids].map((pid) =>
      endProcess(pid, this.#name, this.#pathspace.name, how, terminateMs),
    );
    await Promise.all(endings);
  }

  #reportDeath(): void {
    this.#link = null;
    this.#surroundings.onDeath(this.#pathspace.name, this.#name);
  }

  #error(code: string, message: string, cause?: unknown): VinetError {
    return daemonError(this.#pathspace, this.#name, code, message, cause);
  }
}
