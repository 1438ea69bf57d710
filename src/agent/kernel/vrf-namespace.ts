import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { vrfDeviceOf } from '../../model/names.ts';
import type { EnvironmentFilter, KernelRoute } from '../../model/node-state.ts';
import type { ObservedLink, ObservedTransport } from '../../model/observation.ts';
import type { Route } from '../../model/route.ts';
import { VinetError } from '../../model/vinet-error.ts';
import type {
  DetachedProcess,
  LinkCounters,
  LinkStep,
  Namespace,
  NamespaceSpawnOptions,
  TransportStep,
  TunnelDrops,
  Watch,
} from './kernel.ts';
import { PASSING_NAME_PREFIX } from './link-message.ts';
import type { NetworkNamespace } from './network-namespace.ts';

/**
 * A VRF of a namespace, seen as if it were a namespace of its own: interfaces that are enslaved to its device, by the
 * names that they would have there, with the device itself as `lo`, and the routes of its table. It carries no tunnels
 * and has no filter.
 */
export class VrfNamespace implements Namespace {
  readonly name: string;
  readonly table: number;
  readonly masterIndex: number;
  readonly #home: NetworkNamespace;
  readonly #router: string;

  /** @param router name of the VRF's device, which is there */
  constructor(home: NetworkNamespace, name: string, router: string, table: number) {
    this.#home = home;
    this.name = name;
    this.#router = router;
    this.table = table;
    this.masterIndex = home.indexOf(router);
  }

  get fd(): number {
    return this.#home.fd;
  }

  get inode(): number {
    return this.#home.inode;
  }

  get isThere(): boolean {
    return this.#home.isThere && this.#home.indexOf(this.#router) === this.masterIndex;
  }

  deviceOf(name: string): string {
    return vrfDeviceOf(this.#router, name);
  }

  openVrf(): Namespace | null {
    throw this.#unsupported();
  }

  async createVrf(): Promise<Namespace> {
    throw this.#unsupported();
  }

  async deleteVrf(): Promise<void> {
    throw this.#unsupported();
  }

  async readLinks(): Promise<ObservedLink[]> {
    const links = await this.#home.readLinksTogether();
    return links.flatMap((link) => {
      const name = this.#nameOf(link.name);
      if (name === null) return [];
      if (name === 'lo') return [{ ...link, name, kind: '', master: null }];
      return [{ ...link, name, master: link.master === this.#router ? null : (link.master ?? NO_MASTER) }];
    });
  }

  async readCounters(): Promise<LinkCounters[]> {
    const counters = await this.#home.readCounters();
    return counters.flatMap((counter) => {
      const name = this.#nameOf(counter.name);
      return name === null ? [] : [{ ...counter, name }];
    });
  }

  async readRoutes(): Promise<Route[]> {
    const routes = await this.#home.readRoutesOf(this.table);
    return routes.map((route) => ({
      ...route,
      nextHops: route.nextHops.map((hop) => ({
        ...hop,
        interface: this.#nameOf(hop.interface) ?? hop.interface,
      })),
    }));
  }

  async readOwnRoutes(): Promise<KernelRoute[]> {
    return [];
  }

  async readTransport(): Promise<Omit<ObservedTransport, 'namespace'>> {
    return { guePorts: [], associations: [], policies: [], sources: [], protectedPackets: [] };
  }

  async programTransport(steps: readonly TransportStep[]): Promise<(Error | null)[]> {
    return steps.map(() => this.#unsupported());
  }

  async readFilter(): Promise<EnvironmentFilter | null> {
    return null;
  }

  async writeFilter(filter: EnvironmentFilter | null): Promise<void> {
    if (filter !== null) throw this.#unsupported();
  }

  async readTunnelDrops(): Promise<readonly TunnelDrops[]> {
    return [];
  }

  async readFilterDrops(): Promise<ReadonlyMap<string, number>> {
    return new Map();
  }

  async readSecurityDrops(): Promise<ReadonlyMap<string, number>> {
    return new Map();
  }

  program(steps: readonly LinkStep[]): Promise<(Error | null)[]> {
    return this.#home.program(steps.map((step) => this.#inHome(step)));
  }

  writeSysctls(values: Readonly<Record<string, string>>): void {
    this.#home.writeSysctls(values);
  }

  readSysctl(key: string): string {
    return this.#home.readSysctl(key);
  }

  readNetlinkPorts(): ReadonlySet<number> {
    return this.#home.readNetlinkPorts();
  }

  spawn(command: string, argv: readonly string[], options: NamespaceSpawnOptions): ChildProcess {
    return this.#home.spawnInVrf(this.#router, command, argv, options);
  }

  startDetached(): DetachedProcess {
    throw this.#unsupported();
  }

  listenOnLoopback(): Watch {
    throw this.#unsupported();
  }

  connectToLoopback(): Socket {
    throw this.#unsupported();
  }

  async guardPorts(): Promise<void> {
    throw this.#unsupported();
  }

  sendToGroup(): void {
    throw this.#unsupported();
  }

  watchLinks(onChange: () => void): Watch {
    return this.#home.watchLinks(onChange);
  }

  /** Also for routes of other VRFs. */
  watchRoutes(onChange: () => void): Watch {
    return this.#home.watchVrfRoutes(onChange);
  }

  watchSecurity(onChange: () => void): Watch {
    return this.#home.watchSecurity(onChange);
  }

  /** The namespace belongs to whoever opened it. */
  close(): void {}

  /** What an interface is called in a router's own namespace; null where it is none of this router's. */
  #nameOf(device: string): string | null {
    if (device === this.#router) return 'lo';
    if (device.startsWith(`${this.#router}.`)) return device.slice(this.#router.length + 1);
    // Whose it is nobody can tell; who left it there looks for it.
    return device.startsWith(PASSING_NAME_PREFIX) ? device : null;
  }

  /** Loopback, which has index 1 in every namespace, is the VRF's device, and the master of those that have none. */
  #inHome(step: LinkStep): LinkStep {
    if (step.step === 'create') return step;
    if (step.index === LOOPBACK_INDEX) return { ...step, index: this.masterIndex };
    return step.step === 'set-master' && step.master === 0 ? { ...step, master: this.masterIndex } : step;
  }

  #unsupported(): VinetError {
    return new VinetError('unsupported', `${this.name} is a VRF`);
  }
}

const LOOPBACK_INDEX = 1;

/** No interface is called so. */
const NO_MASTER = '';
