import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../../src/model/change.ts';
import { namespaceOf } from '../../src/model/names.ts';
import type { LinkState } from '../../src/model/node-state.ts';
import type {
  Observation,
  ObservedDaemon,
  ObservedEnvironment,
  ObservedLink,
  ObservedTransport,
  ObservedVrf,
} from '../../src/model/observation.ts';
import type { SecurityPolicy } from '../../src/model/security.ts';
import { deviceKindOf } from '../../src/model/tunnel.ts';
import { aliasOf } from '../../src/planner/link-alias.ts';
import { usedKeyName } from '../../src/planner/used-keys.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Transport = Mutable<ObservedTransport>;
type Environment = Mutable<Omit<ObservedEnvironment, 'links' | 'daemons'>> & {
  links: Map<string, Mutable<ObservedLink>>;
  daemons: Map<string, Mutable<ObservedDaemon>>;
};

/**
 * A node that does what changes say, in memory: refuses what a kernel would refuse, such as an address on an
 * interface that is not there or a name given twice.
 */
export class SimulatedNode {
  private readonly environments = new Map<string, Environment>();
  private readonly transports = new Map<string | null, Transport>([[null, emptyTransport(null)]]);
  private readonly usedKeys = new Set<string>();
  private nextIndex = 100;
  private nextPid = 1000;

  observe(): Observation {
    return {
      environments: [...this.environments.values()].map((environment) => ({
        ...environment,
        links: [...environment.links.values()].map((link) => structuredClone(link)),
        daemons: [...environment.daemons.values()].map((daemon) => ({ ...daemon })),
      })),
      transports: [...this.transports.values()].map((transport) => structuredClone(transport)),
      usedKeys: new Set(this.usedKeys),
    };
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) this.applyOne(change);
  }

  /** Takes something away, as a person or an accident would. */
  damage(pick: (count: number) => number): void {
    const all = [...this.environments.values()];
    const environment = all[pick(all.length)];
    if (environment === undefined) return;
    const links = [...environment.links.values()].filter(({ name }) => name !== 'lo');
    const link = links[pick(links.length)];
    const daemon = [...environment.daemons.keys()][pick(environment.daemons.size)];
    switch (pick(6)) {
      case 0:
        return this.removeNamespace(environment.namespace);
      case 1:
        if (link !== undefined) this.removeLink(environment, link.name);
        return;
      case 2:
        if (link !== undefined) link.addresses = [];
        return;
      case 3:
        if (daemon !== undefined) environment.daemons.delete(daemon);
        return;
      case 4:
        environment.named = false;
        return;
      default:
        if (link !== undefined) link.up = false;
    }
  }

  /** As a reboot would, or somebody with `ip xfrm state flush`. */
  loseAssociations(): void {
    for (const transport of this.transports.values()) transport.associations = [];
  }

  private applyOne(change: Change): void {
    if (change.kind === 'create-namespace') return this.createNamespace(change);
    if ('transport' in change) return this.changeTransport(change);
    const environment = this.require(change.namespace);
    switch (change.kind) {
      case 'delete-namespace':
        return this.removeNamespace(change.namespace);
      case 'restore-namespace-name':
        environment.named = true;
        return;
      case 'set-forwarding':
        environment.ipv4Forwarding = change.ipv4;
        environment.ipv6Forwarding = change.ipv6;
        return;
      case 'set-hosts':
        environment.hosts = change.text;
        return;
      case 'set-filter':
        environment.filter = change.filter;
        return;
      case 'add-route':
        environment.routes = [...environment.routes, change.route];
        return;
      case 'remove-route':
        environment.routes = environment.routes.filter((route) => !isDeepStrictEqual(route, change.route));
        return;
      case 'set-vrf':
        this.require(change.of);
        environment.vrfs = [...withoutVrf(environment, change.name), { name: change.name, current: true }];
        return;
      case 'remove-vrf':
        environment.vrfs = withoutVrf(environment, change.name);
        return;
      case 'create-link':
        return this.createLink(environment, change.link, change.peer);
      case 'delete-link':
        return this.removeLink(environment, change.name);
      case 'start-daemon':
        environment.daemons.set(change.daemon, {
          daemon: change.daemon,
          pid: this.nextPid,
          startedAt: this.nextPid++,
          healthy: true,
          config: change.config,
          outdated: false,
          drift: null,
        });
        return;
      case 'configure-daemon': {
        const daemon = environment.daemons.get(change.daemon);
        if (daemon === undefined) throw new Error(`${change.daemon} does not run`);
        daemon.config = change.config;
        return;
      }
      case 'stop-daemon':
        environment.daemons.delete(change.daemon);
        return;
      default:
        return this.updateLink(environment, change);
    }
  }

  private updateLink(environment: Environment, change: Change & { readonly name: string }): void {
    const link = environment.links.get(change.name);
    if (link === undefined) throw new Error(`there is no ${change.name} in ${environment.namespace}`);
    if (change.kind === 'set-link-mtu') link.mtu = change.mtu;
    else if (change.kind === 'set-link-alias') link.alias = change.alias;
    else if (change.kind === 'set-link-master') link.master = change.master;
    else if (change.kind === 'set-link-up') link.up = true;
    else if (change.kind === 'set-link-down') link.up = false;
    else if (change.kind === 'set-emulation') link.emulation = change.emulation;
    else if (change.kind === 'set-wireguard-keys') link.tunnel = change.tunnel;
    else if (change.kind === 'add-address') link.addresses = [...link.addresses, change.address];
    else if (change.kind === 'remove-address')
      link.addresses = link.addresses.filter((address) => address !== change.address);
    else if (link.tunnel?.kind === 'vxlan' && change.kind === 'add-remote')
      link.tunnel = { ...link.tunnel, remotes: [...link.tunnel.remotes, change.remote] };
    else if (link.tunnel?.kind === 'vxlan' && change.kind === 'remove-remote')
      link.tunnel = {
        ...link.tunnel,
        remotes: link.tunnel.remotes.filter((remote) => remote !== change.remote),
      };
  }

  private changeTransport(change: Extract<Change, { transport: string | null }>): void {
    const namespace = change.transport;
    if (namespace !== null) this.require(namespace);
    const transport = this.transports.get(namespace) ?? emptyTransport(namespace);
    this.transports.set(namespace, transport);
    switch (change.kind) {
      case 'set-tunnel-sources':
        transport.sources = change.sources;
        return;
      case 'set-protected-packets':
        transport.protectedPackets = change.packets;
        return;
      case 'add-gue-port':
        transport.guePorts = [...transport.guePorts, change.guePort];
        return;
      case 'remove-gue-port':
        transport.guePorts = transport.guePorts.filter((one) => !isDeepStrictEqual(one, change.guePort));
        return;
      case 'add-association':
        if (this.usedKeys.has(usedKeyName(namespace, change.association)))
          throw new Error('a key has one life');
        this.usedKeys.add(usedKeyName(namespace, change.association));
        transport.associations = [...transport.associations, change.association];
        return;
      case 'remove-association':
        transport.associations = transport.associations.filter(
          ({ destination, spi }) =>
            destination !== change.association.destination || spi !== change.association.spi,
        );
        return;
      case 'set-policy':
        transport.policies = [...transport.policies.filter(isOther(change.policy)), change.policy];
        return;
      case 'remove-policy':
        transport.policies = transport.policies.filter(isOther(change.policy));
    }
  }

  private createNamespace({
    namespace,
    vrf,
    ipv4,
    ipv6,
  }: Extract<Change, { kind: 'create-namespace' }>): void {
    if (this.environments.has(namespace)) throw new Error(`${namespace} is there already`);
    const lo = emptyLink('lo', 1, '', 65_536);
    this.environments.set(namespace, {
      namespace,
      overlay: '',
      name: '',
      exists: true,
      vrfOf: vrf?.of ?? null,
      named: true,
      ipv4Forwarding: ipv4,
      ipv6Forwarding: ipv6,
      routes: [],
      filter: null,
      hosts: '',
      vrfs: [],
      links: new Map([['lo', { ...lo, up: true }]]),
      daemons: new Map(),
    });
  }

  private createLink(
    environment: Environment,
    link: LinkState,
    peer: { readonly namespace: string; readonly link: LinkState } | null,
  ): void {
    const index = this.addLink(environment, link);
    if (peer === null) return;
    const far = this.require(peer.namespace);
    const farIndex = this.addLink(far, peer.link);
    const [near, other] = [environment.links.get(link.name), far.links.get(peer.link.name)];
    if (near !== undefined) near.peerIndex = farIndex;
    if (other !== undefined) other.peerIndex = index;
  }

  private addLink(environment: Environment, link: LinkState): number {
    if (environment.links.has(link.name))
      throw new Error(`${link.name} is in ${environment.namespace} already`);
    if (link.master !== null && !environment.links.has(link.master))
      throw new Error(`no bridge ${link.master}`);
    const index = this.nextIndex++;
    environment.links.set(link.name, {
      ...emptyLink(
        link.name,
        index,
        link.kind === 'tunnel' ? deviceKindOf(link.tunnel) : link.kind,
        link.mtu,
      ),
      alias: aliasOf(link),
      addresses: [...link.addresses],
      master: link.master,
      // The executor brings up what it created.
      up: link.enabled,
      tunnel: link.kind === 'tunnel' ? structuredClone(link.tunnel) : null,
      emulation: link.emulation,
    });
    return index;
  }

  private removeLink(environment: Environment, name: string): void {
    const link = environment.links.get(name);
    environment.links.delete(name);
    if (link?.kind !== 'veth') return;
    for (const other of this.environments.values())
      for (const peer of other.links.values())
        if (peer.index === link.peerIndex && peer.peerIndex === link.index) other.links.delete(peer.name);
  }

  private removeNamespace(namespace: string): void {
    const environment = this.require(namespace);
    for (const name of [...environment.links.keys()]) this.removeLink(environment, name);
    this.environments.delete(namespace);
    for (const other of this.environments.values())
      other.vrfs = other.vrfs.map((vrf) =>
        namespaceOf(overlayOf(other.namespace), vrf.name) === namespace ? { ...vrf, current: false } : vrf,
      );
    this.transports.delete(namespace);
  }

  private require(namespace: string): Environment {
    const environment = this.environments.get(namespace);
    if (environment === undefined) throw new Error(`there is no ${namespace}`);
    return environment;
  }
}

function withoutVrf({ vrfs }: Environment, name: string): readonly ObservedVrf[] {
  return vrfs.filter((vrf) => vrf.name !== name);
}

function overlayOf(namespace: string): string {
  return namespace.split('_')[0] ?? '';
}

/** The kernel has one policy for the same packets and direction. */
function isOther(policy: SecurityPolicy): (other: SecurityPolicy) => boolean {
  const keyOf = ({ spi: _spi, reqid: _reqid, ...selector }: SecurityPolicy) => selector;
  return (other) => !isDeepStrictEqual(keyOf(other), keyOf(policy));
}

function emptyTransport(namespace: string | null): Transport {
  return { namespace, guePorts: [], associations: [], policies: [], sources: [], protectedPackets: [] };
}

function emptyLink(name: string, index: number, kind: string, mtu: number): ObservedLink {
  return {
    name,
    index,
    kind,
    alias: '',
    mtu,
    up: false,
    addresses: [],
    master: null,
    peerIndex: 0,
    tunnel: null,
    emulation: null,
  };
}
