import type { RouteBurst } from '../../../model/route-burst.ts';
import type { Namespace, Watch } from '../../kernel/kernel.ts';
import { DecisionLog } from './decision-log.ts';
import type { DecisionTable } from './decision-table.ts';
import { ZebraListener } from './zebra-listener.ts';

/** What is heard of one router's routes, from whichever zebra. */
export interface RouterDecisions {
  readonly isConnected: boolean;
  readonly decisions: DecisionTable;
  /** When zebra last connected or said something, in ms of the clock. */
  readonly lastHeardAt: number;
  /** Latest changes, in ms of the clock; null when there were none since this object is there. */
  readonly burst: RouteBurst | null;
  /** Decisions that changed something. */
  readonly changes: number;
  close(): void;
}

export interface RouteStreamOptions {
  readonly now: () => number;
  /** Decisions came in, or zebra connected or went away. */
  readonly onChange: () => void;
  /** The stream broke the format and was closed; zebra connects again within 3 s. */
  readonly onBroken: (reason: string) => void;
}

/**
 * One router's own zebra as it tells its decisions: it connects to a port of loopback inside the router, tells all
 * that it has chosen, and then every change at once.
 */
export class RouteStream implements RouterDecisions {
  readonly #options: RouteStreamOptions;
  readonly #namespace: Namespace;
  readonly #log = new DecisionLog();
  readonly #listener: ZebraListener;
  #kernelWatch: Watch | null = null;

  /** Fails with `kernel` when something else in the namespace has the port. */
  constructor(namespace: Namespace, options: RouteStreamOptions) {
    const { now, onChange, onBroken } = options;
    this.#options = options;
    this.#namespace = namespace;
    this.#listener = new ZebraListener(namespace, {
      onConnected: () => {
        this.#log.begin(now());
        this.#unwatchKernel();
        onChange();
      },
      onDecision: (decision) => this.#log.take(decision),
      onRead: () => {
        this.#log.settle(now());
        onChange();
      },
      onGone: onChange,
      onBroken,
    });
  }

  get decisions(): DecisionTable {
    return this.#log.decisions;
  }

  get isConnected(): boolean {
    return this.#listener.isConnected;
  }

  get lastHeardAt(): number {
    return this.#log.lastHeardAt;
  }

  get burst(): RouteBurst | null {
    return this.#log.burst;
  }

  get changes(): number {
    return this.#log.changes;
  }

  /**
   * zebra is about to be started. It connects only 3 s later, when a small network has come to rest already: until
   * then the kernel tells when routes change.
   */
  expectZebra(): void {
    if (this.isConnected) return;
    this.#kernelWatch ??= this.#namespace.watchRoutes(() => {
      this.#log.note(this.#options.now());
      this.#options.onChange();
    });
  }

  close(): void {
    this.#unwatchKernel();
    this.#listener.close();
  }

  #unwatchKernel(): void {
    this.#kernelWatch?.close();
    this.#kernelWatch = null;
  }
}
