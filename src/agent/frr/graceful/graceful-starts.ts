import { chownSync, closeSync, openSync, readlinkSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { NodeState } from '../../../model/node-state.ts';
import type { Observation } from '../../../model/observation.ts';
import type { DaemonName, OspfInterface, OspfState, RoutingState } from '../../../model/routing-state.ts';
import type { FileView, Kernel, Namespace } from '../../kernel/kernel.ts';
import { questionsFor } from '../../telemetry/neighbor-questions.ts';
import type { Frr } from '../frr.ts';
import { SerialQueue } from '../serial-queue.ts';
import type { VrfSet } from '../vrf-check.ts';
import { encodeGraceUpdate } from './grace-packet.ts';

/** For so long neighbours, and the router itself, wait for each other after its ospfd was started anew. */
export const GRACE_S = 10;
const LOOK_MS = 500;
/** Looks in a row at which a router has the same neighbours before it counts as settled: all of its links', or fewer. */
const STEADY_LOOKS = { all: 2, some: 20 };
/** FRR sends what it has to say to its neighbours a moment after it was told to. */
const FLUSH_AFTER_MS = [200, 1_000];

/** One file for all pathspaces (FRR 8.4): who finds its end of a grace period there goes on where it stopped. */
const STATE_FILE = '/run/frr/ospfd-gr.json';

export interface GracefulStartsOptions {
  readonly kernel: Pick<Kernel, 'openFileView'>;
  readonly frr: Frr;
  readonly find: (namespace: string) => Namespace | null;
}

export interface DaemonStart {
  readonly daemon: DaemonName;
  readonly config: string;
  /** It ran with this configuration before, and the kernel has its routes. */
  readonly resumes: boolean;
}

/**
 * Starts daemons so that packets go on meanwhile (RFC 3623). FRR 8.4 can do so for a restart that it was told of
 * before. So an ospfd that has settled is told of one, which makes zebra keep its routes whatever happens to it; and
 * what it would have said to its neighbours is said for it when it is gone. One that dies earlier starts afresh.
 */
export class GracefulStarts {
  private readonly options: GracefulStartsOptions;
  private readonly resuming = new SerialQueue();
  /** Every ospfd that runs and is looked after: its process, by namespace. */
  private readonly known = new Map<string, number>();
  /** Namespaces whose ospfd may die: zebra keeps its routes, and its neighbours are there to help. */
  private readonly ready = new Set<string>();
  /** Namespaces whose neighbours were told to wait for them, and not yet that it is over. */
  private readonly awaited = new Set<string>();
  private desired: NodeState | null = null;
  private sequence = 0;
  /** What an ospfd finds that starts afresh, and one that goes on. */
  private views: { readonly fresh: FileView; readonly resumed: FileView } | null = null;

  constructor(options: GracefulStartsOptions) {
    this.options = options;
  }

  /** As `Frr.start`. */
  async start(
    held: Namespace,
    { daemon, config, resumes }: DaemonStart,
    routing: RoutingState | null,
    vrfs?: VrfSet,
  ): Promise<void> {
    const { frr } = this.options;
    if (daemon !== 'ospfd' || routing === null || !isGraceful(routing) || vrfs !== undefined)
      return frr.start(held.name, daemon, config, held, vrfs);
    const { fresh, resumed } = this.openViews();
    this.known.delete(held.name);
    if (!this.ready.delete(held.name) || !resumes) {
      if (this.awaited.has(held.name)) this.tellNeighbors(held, routing, 'over');
      return frr.start(held.name, daemon, config, held, undefined, fresh);
    }
    await this.resuming.run(async () => {
      this.tellNeighbors(held, routing, 'begins');
      resumed.write(STATE_FILE, stateUntil(epochS() + GRACE_S));
      try {
        await frr.start(held.name, daemon, config, held, undefined, resumed);
      } finally {
        resumed.write(STATE_FILE, '');
      }
    });
  }

  /** Looks after every ospfd that is new, also after those that were found running. */
  follow(desired: NodeState, { environments }: Observation): void {
    this.desired = desired;
    const running = new Set<string>();
    for (const { namespace, daemons } of environments) {
      const ospfd = daemons.find(({ daemon, healthy }) => daemon === 'ospfd' && healthy);
      const routing = this.routingOf(namespace);
      if (ospfd === undefined || routing === null || !isGraceful(routing) || !isInView(ospfd.pid)) continue;
      running.add(namespace);
      const { pid } = ospfd;
      if (this.known.get(namespace) === pid) continue;
      this.known.set(namespace, pid);
      this.ready.delete(namespace);
      this.prepare(namespace, () => this.known.get(namespace) !== pid).catch(() => {
        // It died meanwhile or hangs, and whoever starts it anew is told of another process.
      });
    }
    for (const namespace of this.known.keys()) if (!running.has(namespace)) this.known.delete(namespace);
  }

  close(): void {
    this.known.clear();
    this.views?.fresh.close();
    this.views?.resumed.close();
  }

  /** Makes an ospfd ready to die once it has settled. */
  private async prepare(namespace: string, isOver: () => boolean): Promise<void> {
    if (!(await this.settles(namespace, isOver))) return;
    this.awaited.add(namespace);
    await this.options.frr.prepareRestart(namespace, 'ospfd');
    if (isOver()) return;
    this.ready.add(namespace);
    // What FRR tells the neighbours at this, that the router is about to restart, is taken back.
    for (const afterMs of FLUSH_AFTER_MS) {
      await delay(afterMs, undefined, { ref: false });
      const held = this.options.find(namespace);
      const routing = this.routingOf(namespace);
      if (isOver() || held === null || routing === null) return;
      this.tellNeighbors(held, routing, 'over');
    }
  }

  /** Resolves once its neighbours are the same for a while, or with false when it is over. */
  private async settles(namespace: string, isOver: () => boolean): Promise<boolean> {
    let before = 0;
    for (let steady = 0; ; ) {
      await delay(LOOK_MS, undefined, { ref: false });
      if (isOver()) return false;
      const { full, expected } = await this.countNeighbors(namespace);
      steady = full > 0 && full === before ? steady + 1 : 0;
      before = full;
      if (steady >= (full >= expected ? STEADY_LOOKS.all : STEADY_LOOKS.some)) return true;
    }
  }

  /** Neighbours with which it is in agreement, 0 while it is finding it with others, and links to have them on. */
  private async countNeighbors(namespace: string): Promise<{ full: number; expected: number }> {
    const routing = this.routingOf(namespace);
    const question = routing === null ? [] : questionsFor(routing).filter(({ daemon }) => daemon === 'ospfd');
    const [ospf] = question;
    if (routing?.ospf == null || ospf === undefined) return { full: 0, expected: 0 };
    const answer: unknown = await this.options.frr.ask(namespace, 'ospfd', ospf.command).catch(() => null);
    const states = ospf.states(answer);
    const full = states.every((state) => state === ospf.full) ? states.length : 0;
    return { full, expected: activeInterfaces(routing.ospf).length };
  }

  private routingOf(namespace: string): RoutingState | null {
    for (const overlay of this.desired?.overlays ?? [])
      for (const environment of overlay.environments)
        if (environment.namespace === namespace) return environment.routing;
    return null;
  }

  private tellNeighbors(held: Namespace, routing: RoutingState, news: 'begins' | 'over'): void {
    if (news === 'begins') this.awaited.add(held.name);
    else this.awaited.delete(held.name);
    const { routerId, ospf } = routing;
    if (ospf === null) return;
    // Of two in one second the later one counts too.
    this.sequence = Math.max(this.sequence + 1, epochS());
    const common = {
      routerId,
      periodS: GRACE_S,
      sequence: this.sequence,
      isOver: news === 'over',
      password: ospf.authentication?.password ?? '',
    };
    for (const { name, area } of activeInterfaces(ospf))
      try {
        held.sendToGroup(name, OSPF, ALL_OSPF_ROUTERS, encodeGraceUpdate({ ...common, area }));
      } catch {
        // A link that is down has no neighbours that could miss the router.
      }
  }

  private openViews() {
    if (this.views === null) {
      makeStateFile();
      const { kernel } = this.options;
      this.views = { fresh: kernel.openFileView([STATE_FILE]), resumed: kernel.openFileView([STATE_FILE]) };
    }
    return this.views;
  }
}

const OSPF = 89;
const ALL_OSPF_ROUTERS = '224.0.0.5';

/**
 * Of a segment of several routers FRR does not say who is to be there. Numbers of packets with digests run ahead of the
 * clock from which a new ospfd takes its first, so that its neighbours would not listen to it.
 */
function isGraceful({ gracefulRestart, ospf }: RoutingState): boolean {
  if (!gracefulRestart || ospf === null || (ospf.authentication?.key ?? '') !== '') return false;
  return activeInterfaces(ospf).every(({ network }) => network === 'point-to-point');
}

function activeInterfaces({ interfaces }: OspfState): OspfInterface[] {
  return interfaces.filter(({ network, passive }) => network !== 'loopback' && !passive);
}

/** One that was started before this was asked of it would write where all others look. */
function isInView(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`) !== readlinkSync('/proc/self/ns/mnt');
  } catch {
    return false;
  }
}

/** The place of it has to be there; it is FRR's, as if FRR had made it. */
function makeStateFile(): void {
  closeSync(openSync(STATE_FILE, 'a', 0o644));
  const { uid, gid } = statSync(dirname(STATE_FILE));
  chownSync(STATE_FILE, uid, gid);
}

function stateUntil(timestamp: number): string {
  return JSON.stringify({ instances: { default: { timestamp } } });
}

function epochS(): number {
  return Math.floor(Date.now() / 1000);
}
