import type { Socket } from 'node:net';
import { errorText } from '../../../model/vinet-error.ts';
import type { Namespace, Watch } from '../../kernel/kernel.ts';
import { FpmDecoder } from './fpm-decoder.ts';
import { createDecisionDecoder, type RouteDecision } from './route-decision.ts';

/** FRR's own port for it. */
export const STREAM_PORT = 2620;

export interface ZebraListenerOptions {
  /** zebra is there and is about to tell all that it has chosen. */
  readonly onConnected: () => void;
  /** @param speaker number of zebra's netlink socket in the network that the route is of */
  readonly onDecision: (decision: RouteDecision, speaker: number) => void;
  /** What came in at once has been told. */
  readonly onRead: () => void;
  readonly onGone: () => void;
  /** The stream broke the format and was closed; zebra connects again within 3 s. */
  readonly onBroken: (reason: string) => void;
}

/** Takes one zebra's stream of decisions at a port of loopback in its namespace. */
export class ZebraListener {
  readonly #options: ZebraListenerOptions;
  readonly #server: Watch;
  #socket: Socket | null = null;

  /** Fails with `kernel` when something else in the namespace has the port. */
  constructor(namespace: Namespace, options: ZebraListenerOptions) {
    this.#options = options;
    this.#server = namespace.listenOnLoopback(STREAM_PORT, (socket) => this.#connected(socket));
  }

  get isConnected(): boolean {
    return this.#socket !== null;
  }

  close(): void {
    this.#server.close();
  }

  /** The latest connection counts: of the one before, its zebra is gone or it was none. */
  #connected(socket: Socket): void {
    const { onConnected, onRead, onGone, onBroken } = this.#options;
    this.#socket?.destroy();
    this.#socket = socket;
    const decoder = new FpmDecoder();
    const decode = createDecisionDecoder();
    onConnected();
    socket.on('data', (bytes) => {
      if (socket !== this.#socket) return;
      try {
        decoder.push(bytes, (buffer, type, start, end) => {
          const decision = decode(buffer, type, start, end);
          // struct nlmsghdr ends with the port of whom the message is from: netlink(7).
          if (decision !== null) this.#options.onDecision(decision, buffer.readUInt32LE(start - 4));
        });
      } catch (error) {
        socket.destroy();
        onBroken(errorText(error));
      }
      onRead();
    });
    socket.on('close', () => {
      if (socket !== this.#socket) return;
      this.#socket = null;
      onGone();
    });
  }
}
