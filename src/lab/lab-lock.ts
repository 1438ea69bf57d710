import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { resolve as resolvePath } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { VinetError } from '../model/vinet-error.ts';

/** The right to start and end a lab's processes: one command or the keeper has it at a time. */
export interface LabLock {
  release(): void;
}

/**
 * Takes the lock of a lab's folder, or resolves with null while another process holds it. It is an abstract
 * Unix socket (unix(7)), which the kernel takes back whenever and however its holder ends.
 */
export function tryLockLab(directory: string): Promise<LabLock | null> {
  const name = createHash('sha256').update(resolvePath(directory)).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen({ path: `\0vinet-lab-${name}` }, () => {
      server.unref();
      resolve({ release: () => server.close() });
    });
  });
}

/** Does work that needs the lock. Fails with `lab-busy` when another command keeps it for long. */
export async function withLabLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  let lock = await tryLockLab(directory);
  while (lock === null) {
    if (Date.now() > deadline) {
      throw new VinetError(
        'lab-busy',
        `another \`vinet lab up\` or \`vinet lab down\` is at work on the lab in ${directory}; wait until it is done`,
      );
    }
    await delay(POLL_MS);
    lock = await tryLockLab(directory);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** The keeper holds the lock only while it starts something. */
const PATIENCE_MS = 2000;
const POLL_MS = 50;
