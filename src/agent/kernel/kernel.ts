import type { ChildProcess, SpawnOptions } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Emulation } from '../../model/emulation.ts';
import type { Capabilities } from '../../model/node.ts';
import type { EnvironmentFilter, KernelRoute, LinkState } from '../../model/node-state.ts';
import type { GuePort, ObservedLink, ObservedTransport } from '../../model/observation.ts';
import type { Route } from '../../model/route.ts';
import type { ProtectedPackets, SecurityAssociation, SecurityPolicy } from '../../model/security.ts';
import type { TunnelMark, TunnelSource, WireguardTunnel } from '../../model/tunnel.ts';

/**
 * The kernel as the agent needs it: the port between the reconciler and rtnetlink, namespaces and /proc.
 * Errors are `VinetError` with codes `not-found`, `exists`, `interrupted`, `timeout`, `unsupported`, `kernel`;
 * the context names system call or message, errno and object.
 */
export interface Kernel {
  /** rtnetlink kinds that this kernel creates, found by trying in a namespace without a name. */
  readLinkKinds(): Promise<string[]>;
  /**
   * Those of `KERNEL_FEATURES` that this kernel has, found by trying in a namespace without a name. Loads the modules
   * of those that no kernel loads by itself.
   */
  readFeatures(): Promise<string[]>;
  readRelease(): Capabilities['kernel'];

  /** Names in /run/netns, with whether a namespace is mounted there (a file without one is a remnant). */
  listNamespaces(): { name: string; mounted: boolean }[];
  /** Makes a namespace, marks it, brings `lo` up, and only then gives it its name. Fails with `exists`. */
  createNamespace(name: string): Promise<Namespace>;
  /** Enters a namespace that exists; null where none bears the name. */
  openNamespace(name: string): Namespace | null;
  /**
   * Gives a namespace that is still open its lost name back; its devices and processes never noticed.
   * Fails with `exists` when the name is another namespace's meanwhile.
   */
  renameBack(namespace: Namespace): void;
  /** Unmounts and removes the name; devices go once nothing else holds the namespace. Absent is success. */
  deleteNamespace(name: string): void;
  /** Calls back soon after a name came or went. */
  watchNamespaces(onChange: (name: string) => void): Watch;

  readonly vrfFolders: VrfFolders;

  /** Files, empty at first, that stand over these for processes that are started with the view. */
  openFileView(targets: readonly string[]): FileView;

  /** The namespace in which outer packets of tunnels travel: the node's own network. */
  readonly underlay: Namespace;

  /**
   * Closes the underlay, and asks no more how detached processes end, which go on. Other namespaces are closed by
   * whoever opened them.
   */
  close(): void;
}

/**
 * Folders of namespaces under names of their own: what a set of daemons that serves several routers sees of the node.
 * One folder a set, `/run/vinet/vrf/SET`, with a file for each namespace mounted on it.
 */
export interface VrfFolders {
  pathOf(set: string): string;
  /** Every set with its names and the namespaces' inode numbers; 0 where a name has no namespace. */
  list(): ReadonlyMap<string, readonly { readonly name: string; readonly inode: number }[]>;
  /** What bore the name in the folder gives way. */
  bind(set: string, name: string, namespace: Pick<Namespace, 'fd'>): void;
  /** Absent is success. */
  unbind(set: string, name: string): void;
  /** Removes the folder with all that is in it. Absent is success. */
  remove(set: string): void;
}

export interface Watch {
  close(): void;
}

/**
 * An open namespace: a file descriptor, a netlink socket, and one more for each kind of watch while it lasts;
 * all closed by `close`.
 */
export interface Namespace {
  readonly name: string;
  readonly fd: number;
  /** Identity of the namespace itself, the inode number of nsfs. */
  readonly inode: number;
  /** False when it is a VRF and somebody took its device away. */
  readonly isThere: boolean;
  /** The table in which routes of its interfaces stand: the main one but in a VRF. */
  readonly table: number;
  /** Index of the device that all interfaces are enslaved to; 0 but in a VRF. */
  readonly masterIndex: number;
  /** What the kernel calls an interface: VRFs share the names of a namespace. */
  deviceOf(name: string): string;

  /** A VRF of this namespace by its device's name, as a namespace; null where there is none. */
  openVrf(name: string, device: string, table: number): Namespace | null;
  /**
   * Makes a VRF, up and marked, from which no packet gets into another routing table. What is left of a former one of that name goes.
   */
  createVrf(name: string, device: string, table: number): Promise<Namespace>;
  /** Removes a VRF with its interfaces. Absent is success. */
  deleteVrf(device: string): Promise<void>;

  /** All links with their addresses. An interrupted dump is repeated, never returned. */
  readLinks(): Promise<ObservedLink[]>;
  readCounters(): Promise<LinkCounters[]>;
  /** Unicast routes of the main table, without `local` ones. */
  readRoutes(): Promise<Route[]>;

  /** Routes of the main table that `add-route` made: they bear a routing protocol number of their own. */
  readOwnRoutes(): Promise<KernelRoute[]>;

  /** What of ours tunnels need here, besides their devices. */
  readTransport(): Promise<Omit<ObservedTransport, 'namespace'>>;
  /** Resolves with one entry a step: null, or the error of that step. */
  programTransport(steps: readonly TransportStep[]): Promise<(Error | null)[]>;

  /** The link layer's filter as it stands, in any order; null where there is none or it is not as `writeFilter` leaves it. */
  readFilter(): Promise<EnvironmentFilter | null>;
  /** Replaces the filter as a whole, in one transaction; null takes it away. */
  writeFilter(filter: EnvironmentFilter | null): Promise<void>;
  /** Packets that came for a tunnel from elsewhere than its far ends, since the tunnel is there. */
  readTunnelDrops(): Promise<readonly TunnelDrops[]>;
  /** Packets that the filter dropped since it was first written, by reason; empty where there is none. */
  readFilterDrops(): Promise<ReadonlyMap<string, number>>;

  /**
   * Packets that IPsec dropped here, by reason: the kernel's own names of the namespace's sums (`XfrmInNoPols`, since
   * it was made), `replayed`, `outside-window`, `integrity-failed` of our associations that are there now, and
   * `in-clear` of packets that may come in only through ESP.
   */
  readSecurityDrops(): Promise<ReadonlyMap<string, number>>;

  /** Sends all steps in few system calls. Resolves with one entry a step: null, or the error of that step. */
  program(steps: readonly LinkStep[]): Promise<(Error | null)[]>;

  /** Writes below /proc/sys/net of this namespace. Keys with slashes: `net/ipv4/ip_forward`. */
  writeSysctls(values: Readonly<Record<string, string>>): void;
  readSysctl(key: string): string;

  /** Ports of the rtnetlink sockets that are bound here, of whatever process. */
  readNetlinkPorts(): ReadonlySet<number>;

  /** Starts a process inside; the same contract as child_process.spawn. */
  spawn(command: string, argv: readonly string[], options: NamespaceSpawnOptions): ChildProcess;

  /**
   * Starts a process inside that outlives this one: in a session of its own, at `/`, at normal priority, with nothing of
   * ours but `log`. Unlike `spawn` it takes no longer when this process has much memory. Fails with `not-found` or
   * `kernel` when the program, which is a path, cannot be run.
   */
  startDetached(program: string, argv: readonly string[], options: DetachedOptions): DetachedProcess;

  /**
   * Takes TCP connections to 127.0.0.1 inside, which nobody outside of the namespace can make. Closing it, or the
   * namespace, ends them too. Fails with `kernel` when the port is taken.
   */
  listenOnLoopback(port: number, onConnection: (socket: Socket) => void): Watch;

  /**
   * Begins a TCP connection to 127.0.0.1 inside. Where nobody listens, or the guard of the port stands in the way, the
   * socket tells so as an error.
   */
  connectToLoopback(port: number): Socket;

  /**
   * From now on only root's connections over loopback reach these TCP ports. `keep` writes that only where nothing of
   * the kind stands. Fails with `unsupported` or `kernel`: then the ports are open to everybody.
   */
  guardPorts(ports: readonly number[], how: 'renew' | 'keep'): Promise<void>;

  /**
   * Sends an IPv4 packet out of an interface, to a group of the link (224.0.0.0/24), with the interface's own address
   * as its source. Fails with `kernel`.
   * @param protocol of IP, such as 89 for OSPF
   */
  sendToGroup(device: string, protocol: number, group: string, payload: Uint8Array): void;

  /** Calls back after a link, an address or forwarding changed, also when notifications were lost. */
  watchLinks(onChange: () => void): Watch;
  /** Calls back after a route of the main table came or went. */
  watchRoutes(onChange: () => void): Watch;
  /** Calls back after an association or a policy of IPsec came or went. Fails where the kernel has no IPsec. */
  watchSecurity(onChange: () => void): Watch;

  close(): void;
}

/** What a process finds in the file system that others do not; what is undefined is as for everybody. */
export interface NamespaceView {
  /** A folder whose files the process finds in place of those of the same name in /etc (ip-netns(8)). */
  readonly etc?: string | undefined;
  /** A folder of `Kernel.vrfFolders` that the process finds in place of /run/netns. */
  readonly netns?: string | undefined;
  /** Of `Kernel.openFileView`; not together with the others. */
  readonly files?: FileView | undefined;
}

/** Files that processes find in place of others; nobody else sees them, and these processes cannot write them. */
export interface FileView {
  /** What the file that stands over `target` says from now on. */
  write(target: string, text: string): void;
  /** Processes that have the view keep it. */
  close(): void;
}

export type NamespaceSpawnOptions = SpawnOptions & Pick<NamespaceView, 'etc'>;

export interface DetachedOptions extends Pick<NamespaceView, 'netns' | 'files'> {
  /** Descriptor that standard output and error go to; the caller closes its own. */
  readonly log: number;
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
}

export interface DetachedProcess {
  readonly pid: number;
  /** How it ended, `exit status 1` or `signal SIGKILL`; null while it runs. */
  ended(): string | null;
}

/**
 * What one rtnetlink message does; `create` takes several. `index` is the interface's index in the namespace
 * that programs it.
 */
export type LinkStep =
  /**
   * Creates an interface, down, in `into` with the given index; a tunnel's outer packets travel in the
   * namespace that programs it. A veth's other end is created with it. Both ends get their alias, a VXLAN
   * device its remotes, a WireGuard device its keys and peer. Before Linux 6.13 the index must be free in the
   * programming namespace as well.
   */
  | {
      readonly step: 'create';
      readonly link: LinkState;
      readonly into: Namespace;
      readonly index: number;
      readonly peer: { readonly link: LinkState; readonly into: Namespace; readonly index: number } | null;
    }
  | { readonly step: 'delete'; readonly index: number }
  | { readonly step: 'set-mtu'; readonly index: number; readonly mtu: number }
  | { readonly step: 'set-up'; readonly index: number; readonly up: boolean }
  | { readonly step: 'set-alias'; readonly index: number; readonly alias: string }
  | { readonly step: 'set-master'; readonly index: number; readonly master: number }
  | { readonly step: 'add-address'; readonly index: number; readonly address: string }
  | { readonly step: 'remove-address'; readonly index: number; readonly address: string }
  /** An entry of a VXLAN device's flood list: all-zero MAC address towards a remote node. */
  | { readonly step: 'add-remote'; readonly index: number; readonly remote: string }
  | { readonly step: 'remove-remote'; readonly index: number; readonly remote: string }
  | { readonly step: 'set-emulation'; readonly index: number; readonly emulation: Emulation | null }
  /** Sessions go on where the preshared key alone is another. */
  | { readonly step: 'set-wireguard-keys'; readonly index: number; readonly tunnel: WireguardTunnel }
  | { readonly step: 'add-route'; readonly index: number; readonly route: KernelRoute }
  | { readonly step: 'remove-route'; readonly index: number; readonly route: KernelRoute };

/**
 * A change of what `readTransport` reads. Adding what is there and removing what is not are success; only where an
 * association's SPI is taken, it fails with `exists`.
 */
export type TransportStep =
  | { readonly step: 'add-gue-port' | 'remove-gue-port'; readonly guePort: GuePort }
  | { readonly step: 'add-association' | 'remove-association'; readonly association: SecurityAssociation }
  | { readonly step: 'set-tunnel-sources'; readonly sources: readonly TunnelSource[] }
  | { readonly step: 'set-protected-packets'; readonly packets: readonly ProtectedPackets[] }
  | { readonly step: 'set-policy' | 'remove-policy'; readonly policy: SecurityPolicy };

/** Packets of one tunnel that were dropped. */
export interface TunnelDrops extends TunnelMark {
  readonly packets: number;
}

/** Counters of one interface since it was created. */
export interface LinkCounters {
  readonly name: string;
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  readonly receivedErrors: number;
  readonly receivedDropped: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly sentErrors: number;
  readonly sentDropped: number;
}
