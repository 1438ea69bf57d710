import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { errorText, VinetError } from '../model/vinet-error.ts';

/** The controller takes no more in one request. */
export const MAX_FILE_BYTES = 8 * 1024 * 1024;

export interface OverlayFile {
  /** As the user wrote it, for messages. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Reads a file, or standard input for `-`. Fails with `unreadable-file` or `too-large` before more is read. */
export async function readOverlayFile(
  name: string,
  stdin: Readable,
  maxBytes = MAX_FILE_BYTES,
): Promise<OverlayFile> {
  if (name === '-') {
    return { name: 'standard input', bytes: await readLimited('standard input', stdin, maxBytes) };
  }
  try {
    const found = await stat(name);
    if (found.isDirectory())
      throw new VinetError('unreadable-file', `${name} is a folder; give the files in it`);
    return { name, bytes: await readLimited(name, createReadStream(name), maxBytes) };
  } catch (error) {
    if (error instanceof VinetError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new VinetError(
      'unreadable-file',
      missing ? `there is no file ${name}` : `cannot read ${name}: ${errorText(error)}`,
      {
        cause: error,
      },
    );
  }
}

async function readLimited(name: string, stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer | string>) {
    const part = Buffer.from(chunk as Buffer);
    bytes += part.length;
    if (bytes > maxBytes) {
      stream.destroy();
      throw new VinetError(
        'too-large',
        `${name} is larger than ${maxBytes / 1024 / 1024} MiB, and no more is read`,
      );
    }
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}
