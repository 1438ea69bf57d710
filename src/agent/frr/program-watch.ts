import { type FSWatcher, watch } from 'node:fs';
import { FRR_PROGRAM_DIRECTORY } from './daemon-catalogue.ts';

/** A package is unpacked file by file. */
const REST_MS = 1_000;

/** Watches the folder of FRR's programs, by inotify(7). Where there is none nothing is ever told. */
export class ProgramWatch {
  readonly #listeners: (() => void)[] = [];
  readonly #watcher: FSWatcher | null;
  #timer: NodeJS.Timeout | null = null;

  constructor() {
    this.#watcher = open(() => this.#changed());
  }

  /** Calls back once nothing has changed for a second. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#watcher?.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #changed(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const listener of this.#listeners) listener();
    }, REST_MS);
    this.#timer.unref();
  }
}

function open(onChange: () => void): FSWatcher | null {
  try {
    const watcher = watch(FRR_PROGRAM_DIRECTORY, { persistent: false }, onChange);
    // A folder that is taken away is looked at again with everything else, once a minute.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}
