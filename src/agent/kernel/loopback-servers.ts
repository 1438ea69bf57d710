import { createServer, type Server, type Socket } from 'node:net';
import type { Watch } from './kernel.ts';

/** Listening TCP sockets of a namespace with their connections, each of which would keep the namespace alive. */
export class LoopbackServers {
  readonly #servers = new Map<Server, Set<Socket>>();

  /** Takes connections to a listening socket and owns its descriptor from now on. It keeps no process alive. */
  listen(fd: number, onConnection: (socket: Socket) => void): Watch {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.unref();
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
      onConnection(socket);
    });
    // Such as EMFILE while accepting: whoever connects tries again.
    server.on('error', () => undefined);
    server.listen({ fd });
    server.unref();
    this.#servers.set(server, sockets);
    return { close: () => this.#close(server) };
  }

  close(): void {
    for (const server of [...this.#servers.keys()]) this.#close(server);
  }

  #close(server: Server): void {
    for (const socket of this.#servers.get(server) ?? []) socket.destroy();
    this.#servers.delete(server);
    server.close();
  }
}
