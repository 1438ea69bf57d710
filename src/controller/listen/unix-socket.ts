import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { VinetError } from '../../model/vinet-error.ts';

/**
 * Clears the way for a socket: makes its folder and removes what a server that is gone left there. Fails with
 * `address-in-use` when a server answers, and when the path is something other than a socket.
 */
export async function clearStaleSocket(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw inUse(path, 'something that is no socket is there: move it away');
  if (await answers(path)) throw inUse(path, 'another server listens there: stop it, or give another path');
  rmSync(path, { force: true });
}

/** To be called once it listens. Until then the usual umask has kept others from writing, hence connecting. */
export function restrictSocket(path: string): void {
  chmodSync(path, 0o600);
}

function inUse(path: string, why: string): VinetError {
  return new VinetError('address-in-use', `cannot listen on unix:${path}: ${why}`, { context: { path } });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
