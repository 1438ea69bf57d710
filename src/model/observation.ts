import type { Emulation } from './emulation.ts';
import type { EnvironmentFilter, KernelRoute } from './node-state.ts';
import type { ProtectedPackets, SecurityAssociation, SecurityPolicy } from './security.ts';
import type { Tunnel, TunnelSource } from './tunnel.ts';

/** What an agent sees of its own environments: the same words as `node-state.ts`, read from kernel and processes. */
export interface Observation {
  readonly environments: readonly ObservedEnvironment[];
  /** Networks that carry tunnels' packets: the node's own, and environments that other overlays ride on. */
  readonly transports: readonly ObservedTransport[];
  /** Names of the IPsec keys that this node ever used; what is not in its kernel any more must not come back. */
  readonly usedKeys: ReadonlySet<string>;
}

/** What tunnels need, besides their devices, in the network that carries their packets; only what is ours. */
export interface ObservedTransport {
  /** Null: the node's own network. */
  readonly namespace: string | null;
  /** UDP ports at which GUE is received. */
  readonly guePorts: readonly GuePort[];
  readonly associations: readonly SecurityAssociation[];
  readonly policies: readonly SecurityPolicy[];
  /** From where packets of tunnels are taken; null where the node cannot tell them apart. */
  readonly sources: readonly TunnelSource[] | null;
  /** What is kept from coming in in clear, besides by policies; null where the node has no means for it. */
  readonly protectedPackets: readonly ProtectedPackets[] | null;
}

export interface GuePort {
  readonly family: 4 | 6;
  readonly port: number;
}

export interface ObservedEnvironment {
  readonly namespace: string;
  /** Overlay and member that the environment was made for. */
  readonly overlay: string;
  readonly name: string;
  /** False when only remains are left: a folder, a daemon, but no namespace. */
  readonly exists: boolean;
  /** The namespace that it is a VRF of; null where it is a namespace. */
  readonly vrfOf: string | null;
  /** False when the namespace still lives but its name in /run/netns was taken from it. */
  readonly named: boolean;
  readonly ipv4Forwarding: boolean;
  readonly ipv6Forwarding: boolean;
  readonly links: readonly ObservedLink[];
  /** Those that the agent programmed itself. */
  readonly routes: readonly KernelRoute[];
  readonly filter: EnvironmentFilter | null;
  /** Text of the environment's own /etc/hosts; empty where it has none. */
  readonly hosts: string;
  readonly daemons: readonly ObservedDaemon[];
  /** Namespaces that shared daemons find here as their VRFs; none elsewhere. */
  readonly vrfs: readonly ObservedVrf[];
}

export interface ObservedVrf {
  /** The router's. */
  readonly name: string;
  /** False when the router has another namespace by now. */
  readonly current: boolean;
}

export interface ObservedLink {
  readonly name: string;
  readonly index: number;
  /** rtnetlink kind; empty for `lo`. */
  readonly kind: string;
  /** IFLA_IFALIAS: what we made says `vinet …`; empty where there is none. */
  readonly alias: string;
  readonly mtu: number;
  readonly up: boolean;
  readonly addresses: readonly string[];
  readonly master: string | null;
  /** veth: index of the other end in its own namespace; 0 when unknown. */
  readonly peerIndex: number;
  /** Null for what is no tunnel, and for a tunnel that is none of those that we make. */
  readonly tunnel: Tunnel | null;
  /** Null where the queueing is not ours. */
  readonly emulation: Emulation | null;
}

export interface ObservedDaemon {
  readonly daemon: string;
  readonly pid: number;
  /** When the process was started, in clock ticks since the machine's boot, proc_pid_stat(5); 0 when it does not run. */
  readonly startedAt: number;
  /** Answers on its VTY socket and runs in the environment's present namespace. */
  readonly healthy: boolean;
  /** It runs another program than the one that is installed now. */
  readonly outdated: boolean;
  /** Text of the configuration that the daemon was last given. */
  readonly config: string;
  /** Null while it holds what it took of that. */
  readonly drift: ConfigDrift | null;
}

/** Somebody else has changed what a daemon holds. */
export interface ConfigDrift {
  /** What leads it back, for FRR's configuration mode. */
  readonly commands: readonly string[];
  /** False when these commands were given and did not help. */
  readonly mendable: boolean;
}
