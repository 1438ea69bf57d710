import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { resolve as resolvePath } from 'node:path';
import { VinetError } from '../model/vinet-error.ts';

/**
 * Holds a state folder for this process: an abstract Unix socket of its name, which the kernel takes back
 * whenever and however the process ends. Fails with `already-running`.
 */
export function lockStateFolder(folder: string): Promise<{ release(): void }> {
  const name = createHash('sha256').update(resolvePath(folder)).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new VinetError('already-running', `another agent already works with ${folder}; end it first`, {
          cause,
        }),
      ),
    );
    server.listen({ path: `\0vinet-agent-${name}` }, () => {
      server.unref();
      resolve({ release: () => server.close() });
    });
  });
}
