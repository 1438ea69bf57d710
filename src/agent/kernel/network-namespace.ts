import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Emulation } from '../../model/emulation.ts';
import type { EnvironmentFilter, KernelRoute } from '../../model/node-state.ts';
import type { ObservedLink, ObservedTransport } from '../../model/observation.ts';
import type { Route } from '../../model/route.ts';
import { VinetError } from '../../model/vinet-error.ts';
import { createAddressDecoder, encodeAddressDump } from './address-message.ts';
import { createCounterDecoder } from './counter-message.ts';
import { FilterTable } from './filter-table.ts';
import { createFloodDecoder, encodeFloodDump } from './flood-message.ts';
import { type GenericFamilies, GenericNetlink } from './generic-netlink.ts';
import { Guards, isGuardStep } from './guards.ts';
import type {
  LinkCounters,
  LinkStep,
  Namespace,
  NamespaceSpawnOptions,
  TransportStep,
  TunnelDrops,
  Watch,
} from './kernel.ts';
import { createLinkDecoder, encodeLinkDump, type LinkMessage } from './link-message.ts';
import { programLinks } from './link-program.ts';
import { LoopbackServers } from './loopback-servers.ts';
import { spawnInside } from './namespace-process.ts';
import { NamespaceWatches } from './namespace-watches.ts';
import { NetlinkConnection } from './netlink-connection.ts';
import { readNetlinkPorts } from './netlink-ports.ts';
import type { NetlinkSocket } from './netlink-socket.ts';
import { createNetlinkVisit, type NetlinkVisit } from './netlink-visit.ts';
import type { NetworkThread } from './network-thread.ts';
import { Nft } from './nft.ts';
import { PortGuard } from './port-guard.ts';
import { createQueueingDecoder, encodeQueueingDump, isEmulating } from './queueing-message.ts';
import { createRouteDecoder, encodeRouteDump, OWN_PROTOCOL } from './route-message.ts';
import { readSecurityStatistics } from './security-statistics.ts';
import { readSysctl, writeSysctl } from './sysctl.ts';
import { groupTexts } from './text-groups.ts';
import { isSecurityStep, programSecurity, readAssociationDrops, readSecurity } from './transport-security.ts';
import { isGuePortStep, programGuePorts, readGuePorts } from './tunnels/gue-port.ts';
import { WireguardDevices } from './tunnels/wireguard-devices.ts';
import { UpAddresses } from './up-addresses.ts';

/** A network namespace held open by its file descriptor, which it owns. */
export class NetworkNamespace implements Namespace {
  readonly name: string;
  readonly inode: number;
  readonly #fd: number;
  readonly #thread: NetworkThread;
  /** As last read: links are dumped under the lock that every change of a route takes, routes are not. */
  #names: ReadonlyMap<number, string> = new Map();
  readonly #connection: NetlinkConnection;
  readonly #visit: NetlinkVisit;
  readonly #filter: FilterTable;
  readonly #generic: GenericNetlink;
  readonly #wireguard: WireguardDevices;
  readonly #guards: Guards;
  readonly #ports: PortGuard;
  readonly #upAddresses: UpAddresses;
  readonly #watches: NamespaceWatches;
  readonly #servers = new LoopbackServers();
  #open = true;

  /** @param socket one that was opened in the namespace */
  constructor(options: {
    name: string;
    fd: number;
    socket: NetlinkSocket;
    thread: NetworkThread;
    families: GenericFamilies;
    timeoutMs: number;
  }) {
    const { fd, thread } = options;
    this.name = options.name;
    this.#fd = fd;
    this.inode = fstatSync(fd).ino;
    this.#thread = thread;
    this.#connection = new NetlinkConnection(options.socket, { timeoutMs: options.timeoutMs });
    this.#visit = createNetlinkVisit(thread, () => this.fd, options.timeoutMs);
    const nft = new Nft((...call) => this.spawn(...call), this.#visit);
    this.#filter = new FilterTable(nft);
    this.#guards = new Guards(nft);
    this.#ports = new PortGuard(nft);
    this.#generic = new GenericNetlink(options.families, this.#visit);
    this.#wireguard = new WireguardDevices(this.#generic);
    this.#upAddresses = new UpAddresses(this.name);
    this.#watches = new NamespaceWatches(thread, () => this.fd);
  }

  /** Fails once closed: the number may be another file's by then, and another namespace would be programmed. */
  get fd(): number {
    if (!this.#open) throw new VinetError('not-found', `namespace ${this.name} was closed`);
    return this.#fd;
  }

  async readLinks(): Promise<ObservedLink[]> {
    const links = await this.#dumpLinks();
    const addresses = groupTexts(
      await this.#connection.dump(
        { what: 'RTM_GETADDR', message: encodeAddressDump() },
        createAddressDecoder(),
      ),
      (entry) => entry.address,
    );
    const wireguard = await this.#wireguard.read(
      links.filter(({ kind }) => kind === 'wireguard').map(({ index }) => index),
    );
    const remotes = groupTexts(
      links.some(({ tunnel }) => tunnel?.kind === 'vxlan')
        ? await this.#connection.dump(
            { what: 'RTM_GETNEIGH', message: encodeFloodDump() },
            createFloodDecoder(),
          )
        : [],
      (entry) => entry.remote,
    );
    const emulations = await this.#readEmulations(links);
    const names = namesOf(links);
    this.#names = names;
    const observed = links.map((link) => ({
      name: link.name,
      index: link.index,
      kind: link.kind,
      alias: link.alias,
      mtu: link.mtu,
      up: link.up,
      addresses: addresses.get(link.index) ?? [],
      master: names.get(link.masterIndex) ?? null,
      peerIndex: link.kind === 'veth' ? link.lowerIndex : 0,
      tunnel:
        link.tunnel?.kind === 'vxlan'
          ? { ...link.tunnel, remotes: (remotes.get(link.index) ?? []).sort() }
          : (wireguard.get(link.index) ?? link.tunnel),
      emulation: emulations.get(link.index) ?? null,
    }));
    this.#upAddresses.learn(observed);
    return observed;
  }

  async #readEmulations(links: readonly LinkMessage[]): Promise<Map<number, Emulation>> {
    if (!links.some(({ qdisc }) => isEmulating(qdisc))) return new Map();
    const request = { what: 'RTM_GETQDISC', message: encodeQueueingDump() };
    const queueings = await this.#connection.dump(request, createQueueingDecoder());
    return new Map(queueings.map(({ index, emulation }) => [index, emulation]));
  }

  readCounters(): Promise<LinkCounters[]> {
    const request = { what: 'RTM_GETLINK', message: encodeLinkDump(true) };
    return this.#connection.dump(request, createCounterDecoder());
  }

  readRoutes(): Promise<Route[]> {
    return this.#readRoutes(encodeRouteDump());
  }

  async readOwnRoutes(): Promise<KernelRoute[]> {
    const routes = await this.#readRoutes(encodeRouteDump(OWN_PROTOCOL));
    return routes.flatMap(({ prefix, nextHops }) => nextHops.map((hop) => ({ prefix, ...hop })));
  }

  async #readRoutes(message: Buffer): Promise<Route[]> {
    const routes = await this.#dumpRoutes(message);
    const known = routes.every(({ nextHops }) => nextHops.every((hop) => !hop.interface.startsWith('#')));
    if (known) return routes;
    this.#names = namesOf(await this.#dumpLinks());
    return this.#dumpRoutes(message);
  }

  #dumpRoutes(message: Buffer): Promise<Route[]> {
    return this.#connection.dump({ what: 'RTM_GETROUTE', message }, createRouteDecoder(this.#names));
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

  #dumpLinks(): Promise<LinkMessage[]> {
    return this.#connection.dump(
      { what: 'RTM_GETLINK', message: encodeLinkDump(false) },
      createLinkDecoder(),
    );
  }
}

function namesOf(links: readonly LinkMessage[]): Map<number, string> {
  return new Map(links.map((link) => [link.index, link.name]));
}
