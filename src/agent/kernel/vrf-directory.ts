import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  statfsSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { constants as os } from 'node:os';
import { dirname } from 'node:path';
import { VinetError } from '../../model/vinet-error.ts';
import type { Namespace, VrfFolders } from './kernel.ts';
import { fileError } from './kernel-error.ts';
import { NSFS_MAGIC } from './namespace-directory.ts';
import { MS_BIND, MS_PRIVATE, MS_REC, MS_SHARED, type SystemCalls } from './system-calls.ts';

/**
 * Folders of namespaces below a root that is a shared mount: daemons hold a copy of their folder in a mount
 * namespace of their own, and what is mounted here later appears there. The root comes with the first folder
 * of a machine and goes with the last; agents take turns by a lock on the folder above.
 */
export class VrfDirectory implements VrfFolders {
  readonly #calls: SystemCalls;
  readonly #root: string;

  constructor(calls: SystemCalls, root = '/run/vinet/vrf') {
    this.#calls = calls;
    this.#root = root;
  }

  pathOf(set: string): string {
    return this.#pathOf(set);
  }

  list(): Map<string, { name: string; inode: number }[]> {
    return new Map(
      entriesOf(this.#root).map((set) => {
        const folder = `${this.#root}/${set}`;
        return [set, entriesOf(folder).map((name) => ({ name, inode: inodeOf(`${folder}/${name}`) }))];
      }),
    );
  }

  bind(set: string, name: string, namespace: Pick<Namespace, 'fd'>): void {
    const path = this.#pathOf(set, name);
    this.#locked(() => {
      this.#share();
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      this.#take(path);
      closeSync(openSync(path, constants.O_RDONLY | constants.O_CREAT | constants.O_EXCL, 0o444));
      this.#calls.mount(`/proc/self/fd/${namespace.fd}`, path, MS_BIND);
    });
  }

  unbind(set: string, name: string): void {
    this.#take(this.#pathOf(set, name));
  }

  remove(set: string): void {
    const folder = this.#pathOf(set);
    if (!entriesOf(this.#root).includes(set)) return;
    this.#locked(() => {
      for (const name of entriesOf(folder)) this.#take(`${folder}/${name}`);
      unlessErrno('ENOENT', () => rmdirSync(folder));
      if (entriesOf(this.#root).length > 0) return;
      this.#detach(this.#root);
      unlessErrno('ENOENT', () => rmdirSync(this.#root));
    });
  }

  #locked(work: () => void): void {
    const above = dirname(this.#root);
    mkdirSync(above, { recursive: true, mode: 0o755 });
    const lock = openSync(above, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      this.#calls.lock(lock);
      work();
    } catch (error) {
      throw fileError(error, this.#root);
    } finally {
      closeSync(lock);
    }
  }

  /** Of no group but its own: below a mount that is shared already, all would come twice. */
  #share(): void {
    mkdirSync(this.#root, { recursive: true, mode: 0o755 });
    try {
      this.#calls.mount('', this.#root, MS_SHARED);
    } catch (error) {
      // Only a mount point can be shared.
      if (!(error instanceof VinetError && error.context.errno === os.errno.EINVAL)) throw error;
      this.#calls.mount(this.#root, this.#root, MS_BIND | MS_REC);
      this.#calls.mount('', this.#root, MS_PRIVATE);
      this.#calls.mount('', this.#root, MS_SHARED);
    }
  }

  #take(path: string): void {
    this.#detach(path);
    unlessErrno('ENOENT', () => unlinkSync(path));
  }

  #detach(path: string): void {
    for (let depth = 0; depth < MAX_MOUNTS && this.#calls.detach(path); depth++);
  }

  #pathOf(...names: readonly string[]): string {
    for (const name of names)
      if (!/^[a-z][a-z0-9_-]{0,99}$/.test(name))
        throw new VinetError('kernel', `not a name of a VRF: ${JSON.stringify(name)}`);
    return [this.#root, ...names].join('/');
  }
}

const MAX_MOUNTS = 16;

function entriesOf(folder: string): string[] {
  return unlessErrno('ENOENT', () => readdirSync(folder)) ?? [];
}

/** 0 where no namespace is mounted. */
function inodeOf(path: string): number {
  return unlessErrno('ENOENT', () => (statfsSync(path).type === NSFS_MAGIC ? statSync(path).ino : 0)) ?? 0;
}

/** Undefined when it fails with that error of the system. */
function unlessErrno<T>(code: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === code) return undefined;
    throw error;
  }
}
