import type { Socket } from 'node:net';
import { extendBurst, type RouteBurst } from '../../../model/route-burst.ts';
import { errorText } from '../../../model/vinet-error.ts';
import type { Namespace, Watch } from '../../kernel/kernel.ts';
import { DecisionTable } from './decision-table.ts';
import { FpmDecoder } from './fpm-decoder.ts';
import { createDecisionDecoder } from './route-decision.ts';

/** FRR's own port for it. */
export const STREAM_PORT = 2620;

/** What zebra knew before it connected arrives in one go; it tells of no change. */
const REPLAY_MS = 1_000;

export interface RouteStreamOptions {
  readonly now: () => number;
  /** Decisions came in, or zebra connected or went away. */
  readonly onChange: () => void;
  /** The stream broke the format and was closed; zebra connects again within 3 s. */
  readonly onBroken: (reason: string) => void;
}

/**
 * One router's zebra as it tells its decisions: it connects to a port of loopback inside the router, tells all
 * that it has chosen, and then every change at once.
 */
export class RouteStream {
  readonly decisions = new DecisionTable();
  readonly #options: RouteStreamOptions;
  readonly #namespace: Namespace;
  readonly #server: Watch;
  #socket: Socket | null = null;
  #connectedAt = 0;
  #lastDecisionAt = 0;
  #kernelWatch: Watch | null = null;
  #burst: RouteBurst | null = null;
  #changes = 0;

  /** Fails with `kernel` when something else in the namespace has the port. */
  constructor(namespace: Namespace, options: RouteStreamOptions) {
    this.#options = options;
    this.#namespace = namespace;
    this.#server = namespace.listenOnLoopback(STREAM_PORT, (socket) => this.#connected(socket));
  }

  get isConnected(): boolean {
    return this.#socket !== null;
  }

  /** When zebra last connected or said something, in ms of the clock. */
  get lastHeardAt(): number {
    return Math.max(this.#connectedAt, this.#lastDecisionAt);
  }

  /** Latest changes, in ms of the clock; null when there were none since this object is there. */
  get burst(): RouteBurst | null {
    return this.#burst;
  }

  /** Decisions that changed something. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * zebra is about to be started. It connects only 3 s later, when a small network has come to rest already: until
   * then the kernel tells when routes change.
   */
  expectZebra(): void {
    if (this.#socket === null) this.#kernelWatch ??= this.#namespace.watchRoutes(() => this.#note());
  }

  close(): void {
    this.#unwatchKernel();
    this.#server.close();
  }

  /** The latest connection counts: of the one before, its zebra is gone or it was none. */
  #connected(socket: Socket): void {
    this.#socket?.destroy();
    this.#socket = socket;
    this.#connectedAt = this.#options.now();
    this.decisions.clear();
    this.#unwatchKernel();
    const decoder = new FpmDecoder();
    const decode = createDecisionDecoder();
    socket.on('data', (bytes) => {
      if (socket !== this.#socket) return;
      const isReplay = this.#options.now() - this.#connectedAt < REPLAY_MS;
      let changes = 0;
      try {
        decoder.push(bytes, (buffer, type, start, end) => {
          const decision = decode(buffer, type, start, end);
          if (decision !== null && this.decisions.take(decision)) changes += 1;
        });
      } catch (error) {
        socket.destroy();
        this.#options.onBroken(errorText(error));
      }
      this.#lastDecisionAt = this.#options.now();
      if (changes === 0 || isReplay) return this.#options.onChange();
      this.#changes += changes;
      this.#note();
    });
    socket.on('close', () => {
      if (socket !== this.#socket) return;
      this.#socket = null;
      this.#options.onChange();
    });
    this.#options.onChange();
  }

  #note(): void {
    this.#burst = extendBurst(this.#burst, this.#options.now());
    this.#options.onChange();
  }

  #unwatchKernel(): void {
    this.#kernelWatch?.close();
    this.#kernelWatch = null;
  }
}
