import { namespaceOf, routerOfDevice } from '../../model/names.ts';
import type { NodeState } from '../../model/node-state.ts';
import type {
  Observation,
  ObservedEnvironment,
  ObservedLink,
  ObservedTransport,
} from '../../model/observation.ts';
import { usedKeyName } from '../../planner/used-keys.ts';
import type { Frr } from '../frr/frr.ts';
import { readHostsFile } from '../hosts-file.ts';
import type { Kernel, Namespace } from '../kernel/kernel.ts';
import type { Mark, StateFolder } from '../state-folder.ts';
import type { Environments } from './environments.ts';
import { readForwarding } from './forwarding.ts';

/**
 * Reads what there is of the agent's own environments. What was read stays valid until something says that
 * it changed: a node with 200 routers is read once, not every time.
 */
export class Observer {
  private readonly kernel: Kernel;
  private readonly frr: Frr;
  private readonly folder: StateFolder;
  private readonly environments: Environments;
  private readonly known = new Map<string, ObservedEnvironment>();
  /** By namespace; the node's own network is ''. */
  private readonly transports = new Map<string, ObservedTransport>();
  /** Networks that carried tunnels when last looked at: what is left there is ours to remove. */
  private carriers: ReadonlySet<string> | null = null;
  /** Read at the moment; removed when something changes meanwhile, so that the answer is not kept. */
  private readonly reading = new Set<string>();
  private readonly readingTransports = new Set<string>();
  /** Networks with IPsec, which say themselves when it changes. */
  private readonly watched = new WeakSet<Namespace>();
  private readonly onChange: (namespace: string) => void;

  /** @param onChange something changed in a network that carries tunnels */
  constructor(
    kernel: Kernel,
    frr: Frr,
    folder: StateFolder,
    environments: Environments,
    onChange: (namespace: string) => void,
  ) {
    this.onChange = onChange;
    this.kernel = kernel;
    this.frr = frr;
    this.folder = folder;
    this.environments = environments;
  }

  /** Forgets what was read of a namespace; it is read again when next observed. */
  invalidate(namespace: string): void {
    this.known.delete(namespace);
    this.transports.delete(namespace);
    this.reading.delete(namespace);
    this.readingTransports.delete(namespace);
  }

  /** Its hosts file was written; all else that is known of it stays. */
  hostsChanged(namespace: string): void {
    this.reading.delete(namespace);
    const known = this.known.get(namespace);
    if (known !== undefined) this.known.set(namespace, { ...known, hosts: readHostsFile(namespace) });
  }

  invalidateAll(): void {
    this.known.clear();
    this.transports.clear();
    this.reading.clear();
    this.readingTransports.clear();
  }

  /** @param desired says in which networks tunnels are to be carried */
  async observe(desired: NodeState): Promise<Observation> {
    const named = new Set(
      this.kernel.listNamespaces().flatMap((entry) => (entry.mounted ? [entry.name] : [])),
    );
    const environments = await Promise.all(
      this.folder
        .marks()
        .map((mark) => this.observeEnvironment(mark, mark.vrf !== null || named.has(mark.namespace))),
    );
    const folders = this.kernel.vrfFolders.list();
    return {
      environments: environments.map((one) => this.withVrfs(one, folders.get(one.namespace) ?? [])),
      transports: await this.observeTransports(desired),
      usedKeys: this.folder.usedKeys.names,
    };
  }

  /** Never remembered: whose namespaces they are depends on environments other than this one. */
  private withVrfs(
    environment: ObservedEnvironment,
    bound: readonly { readonly name: string; readonly inode: number }[],
  ): ObservedEnvironment {
    if (bound.length === 0) return environment;
    const vrfs = bound.map(({ name, inode }) => {
      const router = this.environments.find(namespaceOf(environment.overlay, name));
      return { name, current: inode === router?.inode };
    });
    return { ...environment, vrfs };
  }

  /** Those that are to carry tunnels, and those that did; all of them once after a start. */
  private async observeTransports(desired: NodeState): Promise<ObservedTransport[]> {
    const before = this.carriers ?? this.folder.marks().map(({ namespace }) => namespace);
    const names = new Set(['', ...before, ...carriersOf(desired)]);
    const found = await Promise.all([...names].map((name) => this.observeTransport(name)));
    const transports = found.filter((transport) => transport !== null);
    this.carriers = new Set(transports.filter(isUsed).map(({ namespace }) => namespace ?? ''));
    return transports;
  }

  private async observeTransport(name: string): Promise<ObservedTransport | null> {
    const known = this.transports.get(name);
    if (known !== undefined) return known;
    const network = name === '' ? this.kernel.underlay : this.environments.find(name);
    if (network === null) return null;
    this.readingTransports.add(name);
    const transport = { namespace: name === '' ? null : name, ...(await network.readTransport()) };
    if (this.readingTransports.delete(name)) this.transports.set(name, transport);
    const isProtected = transport.associations.length + transport.policies.length > 0;
    if (isProtected && !this.watched.has(network)) {
      this.watched.add(network);
      network.watchSecurity(() => this.onChange(name));
    }
    this.folder.usedKeys.note(transport.associations.map((one) => usedKeyName(transport.namespace, one)));
    return transport;
  }

  private async observeEnvironment(mark: Mark, named: boolean): Promise<ObservedEnvironment> {
    const known = this.known.get(mark.namespace);
    if (known !== undefined && known.named === named) return known;
    const namespace = this.environments.find(mark.namespace);
    this.reading.add(mark.namespace);
    const seen = await this.read(mark, named, namespace);
    if (this.reading.delete(mark.namespace)) this.known.set(mark.namespace, seen);
    return seen;
  }

  private async read(mark: Mark, named: boolean, namespace: Namespace | null): Promise<ObservedEnvironment> {
    const { vrf, ...owner } = mark;
    const daemons = await this.frr.observe(mark.namespace, namespace);
    const hosts = readHostsFile(mark.namespace);
    const base = { ...owner, vrfOf: vrf?.of ?? null, named, daemons, hosts };
    if (namespace === null)
      return {
        ...base,
        exists: false,
        ipv4Forwarding: false,
        ipv6Forwarding: false,
        links: [],
        routes: [],
        filter: null,
        vrfs: [],
      };
    return {
      ...base,
      exists: true,
      ...readForwarding(namespace),
      links: this.withoutVrfs(mark, await namespace.readLinks()),
      routes: await namespace.readOwnRoutes(),
      filter: await namespace.readFilter(),
      vrfs: [],
    };
  }

  /** What VRFs hold is told as theirs. */
  private withoutVrfs({ namespace }: Mark, links: ObservedLink[]): ObservedLink[] {
    const routers = new Set(
      this.folder.marks().flatMap(({ vrf, name }) => (vrf?.of === namespace ? [name] : [])),
    );
    return routers.size === 0 ? links : links.filter(({ name }) => !routers.has(routerOfDevice(name)));
  }
}

function carriersOf({ overlays }: NodeState): string[] {
  return overlays.flatMap(({ environments }) =>
    environments.flatMap(({ links }) =>
      links.flatMap((link) => (link.kind === 'tunnel' && link.transport !== null ? [link.transport] : [])),
    ),
  );
}

function isUsed({ namespace: _namespace, ...lists }: ObservedTransport): boolean {
  return Object.values(lists).some((list) => (list?.length ?? 0) > 0);
}
