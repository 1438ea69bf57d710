import { randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { VinetError } from '../../model/vinet-error.ts';
import type { FileView } from './kernel.ts';

interface ScratchFile {
  readonly path: string;
  readonly fd: number;
}

/** A mount namespace (mount_namespaces(7)) that processes can be started in, one after the other. */
export class SharedFileView implements FileView {
  readonly fd: number;
  readonly #files: ReadonlyMap<string, ScratchFile>;

  constructor(fd: number, files: ReadonlyMap<string, ScratchFile>) {
    this.fd = fd;
    this.#files = files;
  }

  write(target: string, text: string): void {
    const file = this.#files.get(target);
    if (file === undefined) throw new VinetError('kernel', `${target} is not in this view`);
    ftruncateSync(file.fd);
    writeSync(file.fd, text, 0);
  }

  close(): void {
    closeSync(this.fd);
    for (const { fd } of this.#files.values()) closeSync(fd);
  }
}

/** An empty file that everybody may read. Its name is needed only until it stands somewhere else. */
export function openScratchFile(): ScratchFile {
  const path = `/run/vinet-${randomBytes(8).toString('hex')}`;
  return { path, fd: openSync(path, 'wx', 0o644) };
}
