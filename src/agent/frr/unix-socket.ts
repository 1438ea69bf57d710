import { connect, type Socket } from 'node:net';

/** Connects to a socket in the file system, unix(7). Fails with the system call's own error. */
export function openUnixSocket(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}

/** Whether somebody listens there; a socket whose owner was killed stays in its folder. */
export async function isListening(path: string): Promise<boolean> {
  try {
    (await openUnixSocket(path)).destroy();
    return true;
  } catch {
    return false;
  }
}
