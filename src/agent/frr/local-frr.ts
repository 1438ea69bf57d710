import type { ObservedDaemon } from '../../model/observation.ts';
import type { DaemonName, RoutingState } from '../../model/routing-state.ts';
import type { FileView, Namespace } from '../kernel/kernel.ts';
import type { Adjustment } from './bring-up/calm-timers.ts';
import { checkConfig } from './config-check.ts';
import { isDaemonName } from './daemon-catalogue.ts';
import type { Frr } from './frr.ts';
import { FrrDaemon, type FrrDeadlines, type FrrSurroundings } from './frr-daemon.ts';
import type { InstalledFrr } from './installed.ts';
import { NORTHBOUND_FEATURE, type Northbound } from './northbound/northbound.ts';
import { pathspaceOf } from './pathspace.ts';
import { listDaemonsWithFiles, removeFolders } from './pathspace-files.ts';
import { ProcessTable } from './process-table.ts';
import { ProgramWatch } from './program-watch.ts';
import { readsOwnFile, refuseRelease, releaseOf, underMgmtd, warnOfRelease } from './releases.ts';
import type { ConfigTemplates } from './templates.ts';
import type { VrfSet } from './vrf-check.ts';
import { awaitVrfDrained } from './vrf-drain.ts';

/** How old a walk through /proc may be that shows which daemons run. */
const OBSERVED_AGE_MS = 1_000;

type DeathListener = Parameters<Frr['onDeath']>[0];

/** FRR of this machine, as Debian installs it. */
export class LocalFrr implements Frr {
  readonly version: string;
  readonly remark: string;
  readonly installed: readonly DaemonName[];
  readonly features: readonly string[];
  readonly #templates: ConfigTemplates;
  readonly #surroundings: FrrSurroundings;
  readonly #daemons = new Map<string, Map<string, FrrDaemon>>();
  readonly #deathListeners: DeathListener[] = [];
  readonly #programs = new ProgramWatch();

  constructor(
    installed: InstalledFrr,
    templates: ConfigTemplates,
    deadlines: FrrDeadlines,
    northbound: Northbound | null,
  ) {
    this.version = installed.version;
    this.remark = refuseRelease(installed.version) || warnOfRelease(installed.version);
    this.installed = installed.daemons;
    this.features = northbound === null ? [] : [NORTHBOUND_FEATURE];
    this.#templates = templates;
    this.#surroundings = {
      owner: installed,
      deadlines,
      release: releaseOf(installed.version),
      processes: new ProcessTable(),
      northbound,
      onDeath: (pathspace, daemon) => this.#tellDeath(pathspace, daemon),
    };
  }

  render(routing: RoutingState): ReadonlyMap<DaemonName, string> {
    return underMgmtd(this.#templates.render(routing), this.#surroundings.release);
  }

  check(daemon: DaemonName, config: string): Promise<string | null> {
    const { owner, deadlines, release } = this.#surroundings;
    if (!readsOwnFile(daemon, release)) return Promise.resolve(null);
    return checkConfig(daemon, config, owner, deadlines.startMs);
  }

  async observe(pathspace: string, namespace: Namespace | null): Promise<ObservedDaemon[]> {
    const running = await this.#surroundings.processes.find(pathspace, OBSERVED_AGE_MS);
    const withFiles = listDaemonsWithFiles(pathspaceOf(pathspace));
    if (namespace !== null && running.length > 0) await this.#surroundings.northbound?.guard(namespace);
    const names = new Set([...withFiles, ...running.map(({ daemon }) => daemon)]);
    const observed = [...names].map((name) => this.#daemon(pathspace, name).observe(namespace));
    return Promise.all(observed);
  }

  async start(
    pathspace: string,
    daemon: DaemonName,
    config: string,
    namespace: Namespace,
    vrfs?: VrfSet,
    files?: FileView,
  ): Promise<void> {
    return this.#daemon(pathspace, daemon).start(daemon, config, namespace, vrfs, files);
  }

  async prepareRestart(pathspace: string, daemon: DaemonName): Promise<void> {
    return this.#daemon(pathspace, daemon).prepareRestart();
  }

  async sayHello(pathspace: string, headers: readonly string[]): Promise<void> {
    return this.#daemon(pathspace, 'ospfd').sayHello(headers);
  }

  async adjust(pathspace: string, daemon: DaemonName, adjustment: Adjustment): Promise<void> {
    return this.#daemon(pathspace, daemon).adjust(adjustment);
  }

  async restore(pathspace: string, daemon: DaemonName): Promise<void> {
    return this.#daemon(pathspace, daemon).restore();
  }

  async configure(
    pathspace: string,
    daemon: DaemonName,
    commands: readonly string[],
    config: string,
    vrfs?: VrfSet,
  ): Promise<void> {
    return this.#daemon(pathspace, daemon).configure(daemon, commands, config, vrfs);
  }

  async drainVrf(pathspace: string, name: string): Promise<void> {
    const ask = (question: string) => this.ask(pathspace, 'zebra', question);
    await awaitVrfDrained(ask, name).catch(() => undefined);
  }

  async releaseVrf(pathspace: string, name: string): Promise<void> {
    return this.#daemon(pathspace, 'zebra').releaseVrf(name);
  }

  async stop(pathspace: string, daemon: string, how: 'terminate' | 'kill'): Promise<void> {
    return this.#daemon(pathspace, daemon).stop(how);
  }

  async remove(pathspace: string): Promise<void> {
    const place = pathspaceOf(pathspace);
    const running = await this.#surroundings.processes.find(pathspace, 0);
    const known = this.#daemons.get(pathspace)?.keys() ?? [];
    const names = new Set([...known, ...running.map(({ daemon }) => daemon)]);
    await Promise.all([...names].map((name) => this.#daemon(pathspace, name).kill()));
    await removeFolders(place);
    this.#daemons.delete(pathspace);
  }

  async inspect(pathspace: string, daemon: DaemonName): Promise<boolean> {
    return this.#daemon(pathspace, daemon).inspect();
  }

  async ask(pathspace: string, daemon: DaemonName, command: string): Promise<unknown> {
    return this.#daemon(pathspace, daemon).ask(command);
  }

  onDeath(listener: DeathListener): void {
    this.#deathListeners.push(listener);
  }

  onProgramsChange(listener: () => void): void {
    this.#programs.onChange(listener);
  }

  close(): void {
    this.#programs.close();
    for (const daemons of this.#daemons.values()) for (const daemon of daemons.values()) daemon.release();
    this.#daemons.clear();
  }

  #daemon(pathspace: string, name: string): FrrDaemon {
    const place = pathspaceOf(pathspace);
    const daemons = this.#daemons.get(pathspace) ?? new Map<string, FrrDaemon>();
    const daemon = daemons.get(name) ?? new FrrDaemon(place, name, this.#surroundings);
    this.#daemons.set(pathspace, daemons.set(name, daemon));
    return daemon;
  }

  #tellDeath(pathspace: string, daemon: string): void {
    if (!isDaemonName(daemon)) return;
    for (const listener of this.#deathListeners) listener({ pathspace, daemon });
  }
}
