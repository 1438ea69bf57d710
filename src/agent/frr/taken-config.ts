import { createHash } from 'node:crypto';
import type { ConfigDrift } from '../../model/observation.ts';
import { diffConfig } from '../../planner/config-diff.ts';
import { type FrrOwner, readTextFile, takenPathOf, writeConfig } from './pathspace-files.ts';
import { canonicalConfig, configWithoutDrift, withLateLines } from './shown-config.ts';

const NOTE = '! What FRR shows of the configuration';

/**
 * What one daemon showed of its configuration right after it was given ours, and what it has shown since. Stands in
 * a file beside the configuration, so that what is changed while no agent runs is seen as well.
 */
export class TakenConfig {
  readonly #path: string;
  readonly #configPath: string;
  readonly #owner: FrrOwner;
  /** The daemon's own text when last looked at: most looks see the same. */
  #seen = '';
  #drift: ConfigDrift | null = null;

  constructor(configPath: string, owner: FrrOwner) {
    this.#path = takenPathOf(configPath);
    this.#configPath = configPath;
    this.#owner = owner;
  }

  /** As last looked at. */
  get drift(): ConfigDrift | null {
    return this.#drift;
  }

  /** All that it shows is ours: it was started with our configuration a moment ago. */
  accept(shown: string): void {
    this.#record(canonicalConfig(shown));
    this.#compare(shown, canonicalConfig(shown));
  }

  /** What it shows now. Without a record for this configuration, what is seen first is taken for ours. */
  look(shown: string): void {
    if (shown === this.#seen) return;
    const taken = this.#taken();
    if (taken === null) this.accept(shown);
    else this.#compare(shown, taken);
  }

  /** What it shows after `commands` have made our configuration another, and before them. The new one is in its file. */
  settle(commands: readonly string[], before: string, after: string, taken: string | null): void {
    const held = canonicalConfig(before);
    const holds = canonicalConfig(after);
    const ours = taken === null || taken === held ? holds : configWithoutDrift(taken, held, holds, commands);
    this.#record(ours);
    this.#compare(after, ours);
  }

  /** What it shows after it was given the commands that its drift says. */
  mended(shown: string): void {
    const tried = this.#drift?.commands.join('\n');
    this.#seen = '';
    this.look(shown);
    const left = this.#drift;
    if (left !== null && left.commands.join('\n') === tried) this.#drift = { ...left, mendable: false };
  }

  /** The record as it stands; null when it is not that of the present configuration. */
  recorded(): string | null {
    return this.#taken();
  }

  #compare(shown: string, taken: string): void {
    this.#seen = shown;
    const holds = canonicalConfig(shown);
    const ours = withLateLines(taken, holds, readTextFile(this.#configPath));
    if (ours !== taken) this.#record(ours);
    const commands = diffConfig(holds, ours);
    this.#drift = commands.length === 0 ? null : { commands, mendable: true };
  }

  #taken(): string | null {
    const text = readTextFile(this.#path);
    const [first = ''] = text.split('\n', 1);
    return first === this.#heading() ? text.slice(first.length + 1) : null;
  }

  #record(taken: string): void {
    writeConfig(this.#path, `${this.#heading()}\n${taken}`, this.#owner);
  }

  /** Says of which configuration it is, should one be written and the other not. */
  #heading(): string {
    return `${NOTE} ${createHash('sha256').update(readTextFile(this.#configPath)).digest('hex')}`;
  }
}
