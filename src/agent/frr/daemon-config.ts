import type { ConfigDrift } from '../../model/observation.ts';
import type { DaemonName } from '../../model/routing-state.ts';
import type { VinetError } from '../../model/vinet-error.ts';
import { diffConfig } from '../../planner/config-diff.ts';
import { daemonError } from './daemon-error.ts';
import type { FrrDeadlines } from './frr-daemon.ts';
import type { DaemonChannel } from './northbound/daemon-channel.ts';
import { reopenExchanges } from './open-exchanges.ts';
import { daemonFilesOf, type Pathspace } from './pathspace.ts';
import {
  commitConfig,
  dropStagedConfig,
  type FrrOwner,
  readStagedConfig,
  readTextFile,
  stageConfig,
  writeVtyshConfig,
} from './pathspace-files.ts';
import { sectionsWithoutVrf, swallowedSections } from './shown-config.ts';
import { TakenConfig } from './taken-config.ts';
import { awaitVrfs, type VrfSet } from './vrf-check.ts';

/** A running daemon's configuration: gives it, and reads back what FRR took. Calls may not overlap. */
export class DaemonConfig {
  readonly #pathspace: Pathspace;
  readonly #daemon: string;
  readonly #path: string;
  readonly #owner: FrrOwner;
  readonly #deadlines: FrrDeadlines;
  readonly #taken: TakenConfig;

  constructor(pathspace: Pathspace, daemon: string, owner: FrrOwner, deadlines: FrrDeadlines) {
    this.#pathspace = pathspace;
    this.#daemon = daemon;
    this.#path = daemonFilesOf(pathspace, daemon).config;
    this.#owner = owner;
    this.#deadlines = deadlines;
    this.#taken = new TakenConfig(this.#path, owner);
  }

  /** What the daemon was last given. */
  get text(): string {
    return readTextFile(this.#path);
  }

  /** As last looked at. */
  get drift(): ConfigDrift | null {
    return this.#taken.drift;
  }

  /** Reads what a daemon took that has just read its file. Fails with `swallowed`. */
  async readBack(channel: DaemonChannel): Promise<void> {
    const shown = await this.#show(channel);
    const [swallowed] = swallowedSections(this.text, shown);
    if (swallowed !== undefined) throw this.#swallowed(swallowed);
    this.#taken.accept(shown);
  }

  /** Reads what it holds now; true when that differs otherwise than before from what it took. */
  async inspect(channel: DaemonChannel): Promise<boolean> {
    await this.takeBackUnfinished(channel);
    const before = this.drift;
    this.#taken.look(await this.#show(channel));
    return before?.commands.join() !== this.drift?.commands.join();
  }

  /**
   * The intention is written down before the first command and becomes the record after the last, so that a
   * change that was cut off or refused half-way can be taken back. Fails with `rejected`, `swallowed` or `no-vrf`.
   */
  async tell(
    channel: DaemonChannel,
    name: DaemonName,
    commands: readonly string[],
    config: string,
    vrfs?: VrfSet,
  ): Promise<void> {
    const { startMs, answerMs } = this.#deadlines;
    await this.takeBackUnfinished(channel);
    if (vrfs !== undefined) await awaitVrfs(channel, name, vrfs.names, startMs);
    const taken = this.#taken.recorded();
    const isMending = taken !== null && config === this.text;
    const before = await this.#show(channel);
    stageConfig(this.#path, config, this.#owner);
    const how = vrfs === undefined && !isMending ? 'stop' : 'go-on';
    const [refused] = await channel.configure(commands, how, answerMs);
    // What cannot be mended line by line is told, and nothing is taken back or started anew for it.
    if (refused !== undefined && !isMending) {
      await this.takeBackUnfinished(channel);
      throw this.#error('rejected', `"${refused.line}": ${refused.words}`);
    }
    await reopenExchanges(channel, commands, answerMs, vrfs?.folder === null);
    const after = await this.#show(channel);
    await this.#check(channel, commands, after, vrfs);
    commitConfig(this.#path);
    writeVtyshConfig(this.#pathspace, config, this.#owner);
    if (isMending) this.#taken.mended(after);
    else this.#taken.settle(commands, before, after, taken);
  }

  /** Leads a daemon that has got a part of what was intended back to what is on record. */
  async takeBackUnfinished(channel: DaemonChannel): Promise<void> {
    const intended = readStagedConfig(this.#path);
    if (intended === null) return;
    await channel.configure(diffConfig(intended, this.text), 'go-on', this.#deadlines.answerMs);
    dropStagedConfig(this.#path);
  }

  /** Nothing that the daemon was told may have been swallowed; what was to stand in a VRF must not stand in none. */
  async #check(
    channel: DaemonChannel,
    commands: readonly string[],
    shown: string,
    vrfs: VrfSet | undefined,
  ): Promise<void> {
    const astray = vrfs === undefined ? [] : sectionsWithoutVrf(shown, vrfs.folder === null);
    const [swallowed] = swallowedSections(commands.join('\n'), shown);
    if (astray.length === 0 && swallowed === undefined) return;
    await channel.configure(diffConfig(astray.join('\n'), ''), 'go-on', this.#deadlines.answerMs);
    await this.takeBackUnfinished(channel);
    if (astray.length === 0 && swallowed !== undefined) throw this.#swallowed(swallowed);
    throw this.#error('no-vrf', `"${astray[0]?.split('\n')[0]}" landed in the default VRF`);
  }

  async #show(channel: DaemonChannel): Promise<string> {
    return (await channel.ask('show running-config', this.#deadlines.answerMs)).text;
  }

  #swallowed(section: string): VinetError {
    return this.#error('swallowed', `it took "${section}" without a word, and nothing of that is there`);
  }

  #error(code: string, message: string): VinetError {
    return daemonError(this.#pathspace, this.#daemon, code, message);
  }
}
