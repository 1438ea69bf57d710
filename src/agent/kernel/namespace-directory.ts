import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statfsSync,
  statSync,
  unlinkSync,
  watch,
} from 'node:fs';
import { constants as os } from 'node:os';
import { VinetError } from '../../model/vinet-error.ts';
import type { Watch } from './kernel.ts';
import { fileError } from './kernel-error.ts';
import { MS_BIND, MS_REC, MS_SHARED, type SystemCalls } from './system-calls.ts';

/**
 * Names of network namespaces, as `ip netns` keeps them (ip-netns(8)): a file each, with the namespace
 * mounted on it. The folder is a shared mount, so that other mount namespaces see names come and go.
 */
export class NamespaceDirectory {
  readonly #calls: SystemCalls;
  readonly #folder: string;
  #prepared = false;

  constructor(calls: SystemCalls, folder = '/run/netns') {
    this.#calls = calls;
    this.#folder = folder;
  }

  list(): { name: string; mounted: boolean }[] {
    try {
      return readdirSync(this.#folder).map((name) => ({ name, mounted: this.#isMounted(name) }));
    } catch (error) {
      if (isAbsent(error)) return [];
      throw fileError(error, `read ${this.#folder}`);
    }
  }

  /** A descriptor of what bears the name, which need not be a namespace; null when nothing does. */
  open(name: string): number | null {
    const path = this.#pathOf(name);
    try {
      return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (isAbsent(error)) return null;
      throw fileError(error, `open ${path}`);
    }
  }

  /** Whether the name is already a namespace's. */
  isTaken(name: string): boolean {
    this.#pathOf(name);
    return this.#isMounted(name);
  }

  /**
   * Gives an open namespace a name; a file left without a namespace is used. Doing it twice is doing it once.
   * Fails with `exists` when the name is another namespace's.
   */
  give(name: string, fd: number): void {
    const path = this.#pathOf(name);
    this.#locked(() => {
      this.#prepare();
      if (this.#isMounted(name)) {
        if (statSync(path).ino === fstatSync(fd).ino) return;
        throw namespaceExists(name);
      }
      createFile(path);
      this.#calls.mount(`/proc/self/fd/${fd}`, path, MS_BIND);
    });
  }

  /** Takes a name away, however often something was mounted on it. Absent is success. */
  take(name: string): void {
    const path = this.#pathOf(name);
    for (let depth = 0; depth < MAX_MOUNTS && this.#calls.detach(path); depth++);
    try {
      unlinkSync(path);
    } catch (error) {
      if (!isAbsent(error)) throw fileError(error, `unlink ${path}`);
    }
  }

  /** Calls back with each name that came or went; keeps no process alive. */
  watch(onChange: (name: string) => void): Watch {
    this.#locked(() => this.#prepare());
    const watcher = watch(this.#folder, { persistent: false }, (_event, name) => {
      if (name !== null) onChange(name);
    });
    // An error ends the notifications, not the process: whoever watches looks at the whole from time to time.
    watcher.on('error', () => watcher.close());
    return watcher;
  }

  /** As iproute2: whoever mounts holds the folder's lock, or two would mount it over each other. */
  #locked(work: () => void): void {
    let folder: number | null = null;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o755 });
      folder = openSync(this.#folder, constants.O_RDONLY | constants.O_DIRECTORY);
      this.#calls.lock(folder);
      work();
    } catch (error) {
      throw fileError(error, this.#folder);
    } finally {
      if (folder !== null) closeSync(folder);
    }
  }

  #prepare(): void {
    if (this.#prepared) return;
    if (!this.#share()) {
      this.#calls.mount(this.#folder, this.#folder, MS_BIND | MS_REC);
      this.#share();
    }
    this.#prepared = true;
  }

  /** Only a mount point can be shared; false when the folder is none. */
  #share(): boolean {
    try {
      this.#calls.mount('', this.#folder, MS_SHARED | MS_REC);
      return true;
    } catch (error) {
      if (error instanceof VinetError && error.context.errno === os.errno.EINVAL) return false;
      throw error;
    }
  }

  #isMounted(name: string): boolean {
    try {
      return statfsSync(`${this.#folder}/${name}`).type === NSFS_MAGIC;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw fileError(error, `statfs ${name}`);
    }
  }

  #pathOf(name: string): string {
    if (!/^[^/\0]{1,255}$/.test(name) || name === '.' || name === '..')
      throw new VinetError('kernel', `not a namespace's name: ${JSON.stringify(name)}`);
    return `${this.#folder}/${name}`;
  }
}

export function namespaceExists(name: string): VinetError {
  return new VinetError('exists', `namespace ${name} exists`, { context: { namespace: name } });
}

export const NSFS_MAGIC = 0x6e736673;
const MAX_MOUNTS = 16;

function createFile(path: string): void {
  closeSync(openSync(path, constants.O_RDONLY | constants.O_CREAT, 0o444));
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
