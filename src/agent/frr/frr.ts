import type { ObservedDaemon } from '../../model/observation.ts';
import type { DaemonName, RoutingState } from '../../model/routing-state.ts';
import type { FileView, Namespace } from '../kernel/kernel.ts';
import type { Adjustment } from './bring-up/calm-timers.ts';
import { removeStaleChecks } from './config-check.ts';
import type { FrrDeadlines } from './frr-daemon.ts';
import { readInstalledFrr, usualModuleFolders } from './installed.ts';
import { LocalFrr } from './local-frr.ts';
import { Northbound } from './northbound/northbound.ts';
import { speaksYang } from './northbound/yang-words.ts';
import { openTemplates } from './templates.ts';
import type { VrfSet } from './vrf-check.ts';

/**
 * FRR as the agent needs it: the daemons of each pathspace (`-N NAME`), one pathspace an environment.
 * Daemons are processes of their own that outlive the agent; what runs from before is adopted.
 */
export interface Frr {
  readonly version: string;
  /** What is to be known of this release; empty where there is nothing. */
  readonly remark: string;
  readonly installed: readonly DaemonName[];
  /** What it can besides; of the words that a node's `features` may hold. */
  readonly features: readonly string[];

  /** Renders what each daemon of a router is to be told. Pure but for the template files. */
  render(routing: RoutingState): ReadonlyMap<DaemonName, string>;

  /** Checks a configuration with the daemon's own parser (`-C`) without starting it; null or FRR's words. */
  check(daemon: DaemonName, config: string): Promise<string | null>;

  /** Daemons of a pathspace that run now or left their files, adopting those that answer. */
  observe(pathspace: string, namespace: Namespace | null): Promise<ObservedDaemon[]>;

  /**
   * Writes the configuration, starts the daemon in the namespace and resolves once it answers on its VTY
   * socket. Files and sockets stand where `vtysh -N` looks. Fails with `daemon-failed` and FRR's own words.
   * @param vrfs namespaces that the daemon serves besides: it is configured once it knows them all
   * @param files what it finds in place of some files, where it serves no VRFs
   */
  start(
    pathspace: string,
    daemon: DaemonName,
    config: string,
    namespace: Namespace,
    vrfs?: VrfSet,
    files?: FileView,
  ): Promise<void>;

  /**
   * Has an ospfd say that it will be started anew, and zebra keep its routes when it ends, however it does so
   * (`graceful-restart prepare`). What is configured otherwise, or is so already, is success.
   */
  prepareRestart(pathspace: string, daemon: DaemonName): Promise<void>;

  /** Has ospfd say hello at once. @param headers of the interfaces' sections, such as `interface r2 vrf r1` */
  sayHello(pathspace: string, headers: readonly string[]): Promise<void>;

  /**
   * Gives a running daemon lines for a while: nothing of it goes on record, nor counts as drift, and `undo` is given to
   * it by `restore`, before it is next configured, or when it is looked at a minute later. Fails with `not-running` or `timeout`.
   */
  adjust(pathspace: string, daemon: DaemonName, adjustment: Adjustment): Promise<void>;

  /** Takes back what it was given for a while; nothing is success. */
  restore(pathspace: string, daemon: DaemonName): Promise<void>;

  /**
   * Gives a running daemon these lines in configuration mode, then records `config` as its configuration.
   * @param vrfs as in `start`; what landed in no VRF is taken back, and the call fails with `no-vrf`
   */
  configure(
    pathspace: string,
    daemon: DaemonName,
    commands: readonly string[],
    config: string,
    vrfs?: VrfSet,
  ): Promise<void>;

  /**
   * Resolves once zebra has no route of a VRF in the kernel that a protocol told it of, nor one on its way: FRR 8.4's
   * zebra dies when its module for the agent comes to a decision about a VRF that is gone. After a while also otherwise.
   */
  drainVrf(pathspace: string, name: string): Promise<void>;

  /** Resolves once no daemon's zebra holds a VRF any more, also where none runs. Fails with `no-vrf`. */
  releaseVrf(pathspace: string, name: string): Promise<void>;

  /** Ends a daemon; one that does not run is success. `kill` leaves it no time to withdraw its routes. */
  stop(pathspace: string, daemon: string, how: 'terminate' | 'kill'): Promise<void>;

  /** Ends what still runs in the pathspace and removes its folders. */
  remove(pathspace: string): Promise<void>;

  /**
   * Reads what the daemon holds; true when it differs otherwise than before from what it took of its configuration,
   * which `observe` tells from then on. Fails with `not-running` or `timeout`.
   */
  inspect(pathspace: string, daemon: DaemonName): Promise<boolean>;

  /** Asks a `show …`: the answer's text, parsed where it ends with ` json`. Fails with `not-running`, `rejected` or `timeout`. */
  ask(pathspace: string, daemon: DaemonName, command: string): Promise<unknown>;

  /** Calls back at once when a daemon that was started or adopted here died without being asked to. */
  onDeath(listener: (death: { pathspace: string; daemon: DaemonName }) => void): void;

  /** Calls back when FRR's programs were replaced, perhaps, and at rest since. */
  onProgramsChange(listener: () => void): void;

  /** Lets go of all daemons without ending them. */
  close(): void;
}

export interface FrrOptions {
  /** Folders with `DAEMON.conf.liquid`; the first that has a template wins: the operator's, then ours. */
  readonly templateDirectories: readonly string[];
  readonly deadlines?: Partial<FrrDeadlines>;
  /** Where FRR's gRPC module is looked for, instead of where distributions put it; nowhere: all goes by VTY. */
  readonly moduleFolders?: readonly string[];
  readonly log?: (message: string) => void;
}

const DEADLINES: FrrDeadlines = {
  startMs: 10_000,
  answerMs: 10_000,
  healthMs: 2_000,
  busyMs: 30_000,
  terminateMs: 2_000,
};

/** FRR of this machine; where it is not installed, `version` is empty. Fails with `template`. */
export async function openFrr(options: FrrOptions): Promise<Frr> {
  const templates = openTemplates(options.templateDirectories);
  const installed = await readInstalledFrr(options.moduleFolders ?? usualModuleFolders());
  await removeStaleChecks();
  const { grpcModule, version } = installed;
  const log = options.log ?? (() => undefined);
  const northbound = grpcModule !== null && speaksYang(version) ? new Northbound(grpcModule, log) : null;
  return new LocalFrr(installed, templates, { ...DEADLINES, ...options.deadlines }, northbound);
}
