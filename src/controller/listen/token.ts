import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { errorText, VinetError } from '../../model/vinet-error.ts';

/** The secret of REST and of agents that come by TCP. A file that is not there yet is made, mode 0600. */
export function readOrCreateToken(file: string): string {
  try {
    return readToken(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(file, error);
  }
  try {
    const token = randomBytes(32).toString('hex');
    const descriptor = openSync(file, 'wx', 0o600);
    writeSync(descriptor, `${token}\n`);
    fsyncSync(descriptor);
    closeSync(descriptor);
    return token;
  } catch (error) {
    throw unusable(file, error);
  }
}

/** Whether an `authorization` header bears the token; takes as long for a good guess as for a bad one. */
export function bearsToken(authorization: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`));
}

function readToken(file: string): string {
  const token = readFileSync(file, 'utf8').trim();
  if (!/^[\x21-\x7e]{16,}$/.test(token)) {
    throw new Error('it must hold one word of at least 16 printable characters');
  }
  return token;
}

function unusable(file: string, cause: unknown): VinetError {
  if (cause instanceof VinetError) return cause;
  return new VinetError('token-unusable', `cannot use the token file ${file}: ${errorText(cause)}`, {
    cause,
  });
}
