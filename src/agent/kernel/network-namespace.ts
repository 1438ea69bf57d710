import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { EnvironmentFilter, KernelRoute } from '../../model/node-state.ts';
import type { ObservedLink, ObservedTransport } from '../../model/observation.ts';
import type { Route } from '../../model/route.ts';
import { VinetError } from '../../model/vinet-error.ts';
import type { DetachedProcesses } from './detached-processes.ts';
import { FilterTable } from './filter-table.ts';
import { type GenericFamilies, GenericNetlink } from './generic-netlink.ts';
import { Guards, isGuardStep } from './guards.ts';
import type {
  DetachedOptions,
  DetachedProcess,
  LinkCounters,
  LinkStep,
  Namespace,
  NamespaceSpawnOptions,
  TransportStep,
  TunnelDrops,
  Watch,
} from './kernel.ts';
import { programLinks } from './link-program.ts';
import { LoopbackServers } from './loopback-servers.ts';
import { NamespaceDumps } from './namespace-dumps.ts';
import { spawnInside } from './namespace-process.ts';
import { NamespaceWatches } from './namespace-watches.ts';
import { NetlinkConnection } from './netlink-connection.ts';
import { readNetlinkPorts } from './netlink-ports.ts';
import type { NetlinkSocket } from './netlink-socket.ts';
import { createNetlinkVisit, type NetlinkVisit } from './netlink-visit.ts';
import type { NetworkThread } from './network-thread.ts';
import { Nft } from './nft.ts';
import { PortGuard } from './port-guard.ts';
import { RT_TABLE_MAIN } from './rtnetlink.ts';
import { readSecurityStatistics } from './security-statistics.ts';
import { readSysctl, writeSysctl } from './sysctl.ts';
import { isSecurityStep, programSecurity, readAssociationDrops, readSecurity } from './transport-security.ts';
import { isGuePortStep, programGuePorts, readGuePorts } from './tunnels/gue-port.ts';
import { WireguardDevices } from './tunnels/wireguard-devices.ts';
import { UpAddresses } from './up-addresses.ts';
import { VrfCommands } from './vrf-commands.ts';
import { createVrfDevice, deleteVrfDevice, markVrfDevice } from './vrf-device.ts';
import { VrfNamespace } from './vrf-namespace.ts';

/** A network namespace held open by its file descriptor, which it owns. */
export class NetworkNamespace implements Namespace {
  readonly name: string;
  readonly inode: number;
  readonly isThere = true;
  readonly table = RT_TABLE_MAIN;
  readonly masterIndex = 0;
  readonly #fd: number;
  readonly #thread: NetworkThread;
  readonly #detached: DetachedProcesses;
  readonly #connection: NetlinkConnection;
  readonly #visit: NetlinkVisit;
  readonly #filter: FilterTable;
  readonly #generic: GenericNetlink;
  readonly #wireguard: WireguardDevices;
  readonly #dumps: NamespaceDumps;
  readonly #guards: Guards;
  readonly #ports: PortGuard;
  readonly #upAddresses: UpAddresses;
  readonly #watches: NamespaceWatches;
  readonly #servers = new LoopbackServers();
  readonly #vrfCommands: VrfCommands;
  #open = true;

  /** @param socket one that was opened in the namespace */
  constructor(options: {
    name: string;
    fd: number;
    socket: NetlinkSocket;
    thread: NetworkThread;
    detached: DetachedProcesses;
    families: GenericFamilies;
    timeoutMs: number;
  }) {
    const { fd, thread } = options;
    this.name = options.name;
    this.#fd = fd;
    this.inode = fstatSync(fd).ino;
    this.#thread = thread;
    this.#detached = options.detached;
    this.#connection = new NetlinkConnection(options.socket, { timeoutMs: options.timeoutMs });
    this.#visit = createNetlinkVisit(thread, () => this.fd, options.timeoutMs);
    const nft = new Nft((...call) => this.spawn(...call), this.#visit);
    this.#filter = new FilterTable(nft);
    this.#guards = new Guards(nft);
    this.#ports = new PortGuard(nft);
    this.#generic = new GenericNetlink(options.families, this.#visit);
    this.#wireguard = new WireguardDevices(this.#generic);
    this.#upAddresses = new UpAddresses(this.name);
    this.#dumps = new NamespaceDumps(this.#connection, this.#wireguard, this.#upAddresses);
    this.#watches = new NamespaceWatches(thread, () => this.fd);
    this.#vrfCommands = new VrfCommands(this.name);
  }

  /** Fails once closed: the number may be another file's by then, and another namespace would be programmed. */
  get fd(): number {
    if (!this.#open) throw new VinetError('not-found', `namespace ${this.name} was closed`);
    return this.#fd;
  }

  deviceOf(name: string): string {
    return name;
  }

  /** 0 where there is no such interface. */
  indexOf(device: string): number {
    return this.#open
      ? this.#thread.inNamespace(this.fd, () => this.#thread.calls.interfaceIndex(device))
      : 0;
  }

  openVrf(name: string, device: string, table: number): Namespace | null {
    return this.indexOf(device) === 0 ? null : new VrfNamespace(this, name, device, table);
  }

  async createVrf(name: string, device: string, table: number): Promise<Namespace> {
    await createVrfDevice(this, this.#connection, device, table);
    const vrf = new VrfNamespace(this, name, device, table);
    await markVrfDevice(this, vrf.masterIndex);
    return vrf;
  }

  deleteVrf(device: string): Promise<void> {
    return deleteVrfDevice(this, device);
  }

  readLinksTogether(): Promise<ObservedLink[]> {
    return this.#dumps.readLinksTogether();
  }

  readLinks(): Promise<ObservedLink[]> {
    return this.#dumps.readLinks();
  }

  readCounters(): Promise<LinkCounters[]> {
    return this.#dumps.readCounters();
  }

  readRoutes(): Promise<Route[]> {
    return this.#dumps.readRoutes(RT_TABLE_MAIN);
  }

  readRoutesOf(table: number): Promise<Route[]> {
    return this.#dumps.readRoutes(table);
  }

  readOwnRoutes(): Promise<KernelRoute[]> {
    return this.#dumps.readOwnRoutes();
  }

  async readTransport(): Promise<Omit<ObservedTransport, 'namespace'>> {
    return {
      guePorts: await readGuePorts(this.#generic),
      ...(await readSecurity(this.#visit)),
      ...(await this.#guards.read()),
    };
  }

  async programTransport(steps: readonly TransportStep[]): Promise<(Error | null)[]> {
    const security = (await programSecurity(this.#visit, steps.filter(isSecurityStep))).values();
    const guePorts = (await programGuePorts(this.#generic, steps.filter(isGuePortStep))).values();
    const guards = (await this.#guards.program(steps.filter(isGuardStep))).values();
    return steps.map((step) => {
      if (isSecurityStep(step)) return security.next().value ?? null;
      return (isGuePortStep(step) ? guePorts : guards).next().value ?? null;
    });
  }

  readFilter(): Promise<EnvironmentFilter | null> {
    return this.#filter.read();
  }

  writeFilter(filter: EnvironmentFilter | null): Promise<void> {
    return this.#filter.write(filter);
  }

  readTunnelDrops(): Promise<readonly TunnelDrops[]> {
    return this.#guards.readSourceDrops();
  }

  readFilterDrops(): Promise<ReadonlyMap<string, number>> {
    return this.#filter.readDrops();
  }

  async readSecurityDrops(): Promise<ReadonlyMap<string, number>> {
    const statistics = this.#thread.inNamespace(this.fd, readSecurityStatistics);
    const associations = await readAssociationDrops(this.#visit);
    return new Map([...statistics, ...associations, ['in-clear', await this.#guards.readProtectionDrops()]]);
  }

  program(steps: readonly LinkStep[]): Promise<(Error | null)[]> {
    return programLinks(
      {
        inode: this.inode,
        connection: this.#connection,
        wireguard: this.#wireguard,
        upAddresses: this.#upAddresses,
      },
      steps,
    );
  }

  writeSysctls(values: Readonly<Record<string, string>>): void {
    this.#thread.inNamespace(this.fd, () => {
      for (const [key, value] of Object.entries(values)) writeSysctl(key, value);
    });
  }

  readSysctl(key: string): string {
    return this.#thread.inNamespace(this.fd, () => readSysctl(key));
  }

  readNetlinkPorts(): ReadonlySet<number> {
    return this.#thread.inNamespace(this.fd, readNetlinkPorts);
  }

  spawn(command: string, argv: readonly string[], options: NamespaceSpawnOptions): ChildProcess {
    return spawnInside(this.#thread, this.fd, command, argv, options);
  }

  startDetached(program: string, argv: readonly string[], options: DetachedOptions): DetachedProcess {
    return this.#detached.start(this.fd, program, argv, options);
  }

  /** As `spawn`; the sockets that it opens are the VRF's. */
  spawnInVrf(
    device: string,
    command: string,
    argv: readonly string[],
    options: NamespaceSpawnOptions,
  ): ChildProcess {
    return this.#vrfCommands.spawn(device, command, argv, (...call) => this.spawn(...call, options));
  }

  listenOnLoopback(port: number, onConnection: (socket: Socket) => void): Watch {
    const fd = this.#thread.inNamespace(this.fd, () => this.#thread.calls.listenOnLoopback(port));
    return this.#servers.listen(fd, onConnection);
  }

  connectToLoopback(port: number): Socket {
    const fd = this.#thread.inNamespace(this.fd, () => this.#thread.calls.connectToLoopback(port));
    return new Socket({ fd });
  }

  async guardPorts(ports: readonly number[], how: 'renew' | 'keep'): Promise<void> {
    if (how === 'renew' || !(await this.#ports.stands())) await this.#ports.write(ports);
  }

  sendToGroup(device: string, protocol: number, group: string, payload: Uint8Array): void {
    this.#thread.inNamespace(this.fd, () => this.#thread.calls.sendRaw(device, protocol, group, payload));
  }

  watchLinks(onChange: () => void): Watch {
    return this.#watches.links.watch(onChange);
  }

  watchRoutes(onChange: () => void): Watch {
    return this.#watches.routes.watch(onChange);
  }

  /** Calls back after a route of any VRF came or went. */
  watchVrfRoutes(onChange: () => void): Watch {
    return this.#watches.vrfRoutes.watch(onChange);
  }

  watchSecurity(onChange: () => void): Watch {
    return this.#watches.security.watch(onChange);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#connection.close();
    this.#watches.close();
    this.#servers.close();
    closeSync(this.#fd);
  }
}
