import { createServer } from 'node:net';
import { VinetError } from '../model/vinet-error.ts';

/** The first loopback TCP port from `first` on that nobody listens on and that is not among `taken`. */
export async function findFreePort(first: number, taken: readonly number[] = []): Promise<number> {
  for (let port = first; port < 65_536; port++) {
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new VinetError('lab-ports', `no port from ${first} on is free on 127.0.0.1`);
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
