import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { errorText, VinetError } from '../model/vinet-error.ts';

/** What is in the kernel is never forgotten; of what is not, this is more than a hundred rotations of any node. */
const CAPACITY = 50_000;

/**
 * Names of the IPsec keys that this node ever had in its kernel, by `usedKeyName`. They outlive the agent and the
 * machine: a key is written down before the kernel gets it.
 */
export class UsedKeys {
  private readonly file: string;
  /** Those used last come last. Never changed in place: whoever asked has what was true then. */
  private used: ReadonlySet<string>;

  constructor(file: string) {
    this.file = file;
    this.used = readNames(file);
  }

  get names(): ReadonlySet<string> {
    return this.used;
  }

  /** They are on the disk when it returns. Fails with `state-folder`. */
  note(names: readonly string[]): void {
    if (names.length === 0) return;
    const isNew = names.some((name) => !this.used.has(name));
    const latest = new Set(names);
    const used = [...[...this.used].filter((name) => !latest.has(name)), ...latest].slice(-CAPACITY);
    if (isNew) writeDurably(this.file, used.map((name) => `${name}\n`).join(''));
    this.used = new Set(used);
  }

  /** Of keys that the kernel did not take after all; the file is told with the next one that it takes. */
  forget(names: readonly string[]): void {
    this.used = new Set([...this.used].filter((name) => !names.includes(name)));
  }
}

function readNames(file: string): Set<string> {
  try {
    return new Set(
      readFileSync(file, 'latin1')
        .split('\n')
        .filter((line) => NAME.test(line)),
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Set();
    throw new VinetError('state-folder', `cannot read ${file}: ${errorText(error)}`, { cause: error });
  }
}

const NAME = /^[\w-]{22}$/;

function writeDurably(path: string, text: string): void {
  const draft = `${path}.new`;
  try {
    const fd = openSync(draft, 'w', 0o600);
    try {
      writeSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
  } catch (error) {
    throw new VinetError('state-folder', `cannot write ${path}: ${errorText(error)}`, { cause: error });
  }
}
