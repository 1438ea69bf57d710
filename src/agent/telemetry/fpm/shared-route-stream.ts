import type { RouteBurst } from '../../../model/route-burst.ts';
import type { Namespace } from '../../kernel/kernel.ts';
import { RT_TABLE_MAIN } from '../../kernel/rtnetlink.ts';
import { DecisionLog } from './decision-log.ts';
import type { DecisionTable } from './decision-table.ts';
import { tableOf } from './route-decision.ts';
import type { RouterDecisions } from './route-stream.ts';
import { ZebraListener } from './zebra-listener.ts';

/** How soon it is asked whose routes those are that nobody has claimed. */
const CLAIM_PAUSE_MS = 200;

export interface SharedRouteStreamOptions {
  readonly now: () => number;
  /** The stream broke the format and was closed; zebra connects again within 3 s. */
  readonly onBroken: (reason: string) => void;
}

type Router = Pick<Namespace, 'name' | 'table' | 'readNetlinkPorts'>;

/**
 * A zebra that serves many routers, as it tells its decisions. A message does not say which router it is about; it
 * bears the port of the netlink socket by which zebra programs that router's network, though, and the kernel tells
 * of each network which ports are bound there. Linux gives no two of zebra's sockets the same port. Where the routers are
 * VRFs of one network, the table says whose a decision is.
 */
export class SharedRouteStream {
  readonly #options: SharedRouteStreamOptions;
  readonly #listener: ZebraListener;
  readonly #logs = new Map<number, DecisionLog>();
  readonly #routers = new Set<SharedRouter>();
  /** Speakers of what came in last; a VRF's speaker is its table's number, below zero. */
  readonly #heard = new Set<number>();
  #connectedAt = 0;
  #claimTimer: NodeJS.Timeout | null = null;

  /**
   * @param home the namespace that zebra itself runs in
   * Fails with `kernel` when something else in the namespace has the port.
   */
  constructor(home: Namespace, options: SharedRouteStreamOptions) {
    const { now, onBroken } = options;
    this.#options = options;
    this.#listener = new ZebraListener(home, {
      onConnected: () => {
        this.#connectedAt = now();
        // It may be another zebra, with other sockets.
        this.#logs.clear();
        for (const router of this.#routers) router.lose();
      },
      onDecision: (decision, speaker) => {
        const table = tableOf(decision.key);
        const key = table === RT_TABLE_MAIN ? speaker : -table;
        this.#heard.add(key);
        this.#logOf(key).take(decision);
      },
      onRead: () => this.#settle(),
      onGone: () => {
        for (const router of this.#routers) router.changed();
      },
      onBroken,
    });
  }

  get isConnected(): boolean {
    return this.#listener.isConnected;
  }

  get isUsed(): boolean {
    return this.#routers.size > 0;
  }

  /** @param onChange decisions about this router came in, or zebra connected or went away */
  follow(namespace: Router, onChange: () => void): RouterDecisions {
    const router = new SharedRouter(namespace, onChange, {
      isConnected: () => this.isConnected,
      onClose: (speaker) => {
        this.#routers.delete(router);
        if (speaker !== null) this.#logs.delete(speaker);
      },
    });
    this.#routers.add(router);
    this.#claimSoon();
    return router;
  }

  close(): void {
    if (this.#claimTimer !== null) clearTimeout(this.#claimTimer);
    this.#listener.close();
  }

  #logOf(speaker: number): DecisionLog {
    const known = this.#logs.get(speaker);
    if (known !== undefined) return known;
    const log = new DecisionLog(this.#connectedAt);
    this.#logs.set(speaker, log);
    this.#claimSoon();
    return log;
  }

  #settle(): void {
    for (const speaker of this.#heard) this.#logs.get(speaker)?.settle(this.#options.now());
    for (const router of this.#routers)
      if (router.speaker !== null && this.#heard.has(router.speaker)) router.changed();
    this.#heard.clear();
  }

  #claimSoon(): void {
    this.#claimTimer ??= setTimeout(() => {
      this.#claimTimer = null;
      this.#claim();
    }, CLAIM_PAUSE_MS);
    this.#claimTimer.unref();
  }

  #claim(): void {
    const free = new Set(this.#logs.keys());
    for (const { speaker } of this.#routers) if (speaker !== null) free.delete(speaker);
    for (const router of this.#routers) {
      if (free.size === 0) return;
      if (router.speaker !== null) continue;
      const speaker = router.findAmong(free);
      const log = speaker === null ? undefined : this.#logs.get(speaker);
      if (speaker === null || log === undefined) continue;
      free.delete(speaker);
      router.win(speaker, log);
    }
  }
}

/** One of the routers; without a speaker until zebra has said something about it. */
class SharedRouter implements RouterDecisions {
  readonly #namespace: Router;
  readonly #stream: { isConnected: () => boolean; onClose: (speaker: number | null) => void };
  readonly changed: () => void;
  #speaker: number | null = null;
  #log = new DecisionLog();

  constructor(
    namespace: Router,
    changed: () => void,
    stream: { isConnected: () => boolean; onClose: (speaker: number | null) => void },
  ) {
    this.#namespace = namespace;
    this.changed = changed;
    this.#stream = stream;
  }

  get speaker(): number | null {
    return this.#speaker;
  }

  get isConnected(): boolean {
    return this.#speaker !== null && this.#stream.isConnected();
  }

  get decisions(): DecisionTable {
    return this.#log.decisions;
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

  /** Which of these ports is bound in the router's network; null where none is. */
  findAmong(ports: ReadonlySet<number>): number | null {
    const { table } = this.#namespace;
    if (table !== RT_TABLE_MAIN) return ports.has(-table) ? -table : null;
    try {
      return [...this.#namespace.readNetlinkPorts()].find((port) => ports.has(port)) ?? null;
    } catch {
      // The namespace was closed: whoever closed it unfollows the router.
      return null;
    }
  }

  win(speaker: number, log: DecisionLog): void {
    this.#speaker = speaker;
    this.#log = log;
    this.changed();
  }

  lose(): void {
    this.#speaker = null;
    this.changed();
  }

  close(): void {
    this.#stream.onClose(this.#speaker);
  }
}
