/** What an agent sees of its own environments: the same words as `node-state.ts`, read from kernel and processes. */
export interface Observation {
  readonly environments: readonly ObservedEnvironment[];
}

export interface ObservedEnvironment {
  readonly namespace: string;
  /** Overlay and member that the environment was made for. */
  readonly overlay: string;
  readonly name: string;
  /** False when only remains are left: a folder, a daemon, but no namespace. */
  readonly exists: boolean;
  /** False when the namespace still lives but its name in /run/netns was taken from it. */
  readonly named: boolean;
  readonly ipv4Forwarding: boolean;
  readonly ipv6Forwarding: boolean;
  readonly links: readonly ObservedLink[];
  readonly daemons: readonly ObservedDaemon[];
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
  readonly vxlan: ObservedVxlan | null;
}

export interface ObservedVxlan {
  readonly vni: number;
  readonly port: number;
  readonly local: string;
  readonly remotes: readonly string[];
  readonly learning: boolean;
}

export interface ObservedDaemon {
  readonly daemon: string;
  readonly pid: number;
  /** When the process was started, in clock ticks since the machine's boot, proc_pid_stat(5); 0 when it does not run. */
  readonly startedAt: number;
  /** Answers on its VTY socket and runs in the environment's present namespace. */
  readonly healthy: boolean;
  /** Text of the configuration that the daemon was last given. */
  readonly config: string;
}
