import type { Emulation } from '../../model/emulation.ts';
import type { KernelRoute } from '../../model/node-state.ts';
import type { ObservedLink } from '../../model/observation.ts';
import type { Route } from '../../model/route.ts';
import { createAddressDecoder, encodeAddressDump } from './address-message.ts';
import { createCounterDecoder } from './counter-message.ts';
import { createFloodDecoder, encodeFloodDump } from './flood-message.ts';
import type { LinkCounters } from './kernel.ts';
import { createLinkDecoder, encodeLinkDump, type LinkMessage } from './link-message.ts';
import type { NetlinkConnection } from './netlink-connection.ts';
import { createQueueingDecoder, encodeQueueingDump, isEmulating } from './queueing-message.ts';
import { createRouteDecoder, encodeRouteDump, OWN_PROTOCOL } from './route-message.ts';
import { RT_TABLE_MAIN } from './rtnetlink.ts';
import { groupTexts } from './text-groups.ts';
import type { WireguardDevices } from './tunnels/wireguard-devices.ts';
import type { UpAddresses } from './up-addresses.ts';

/** What one namespace has of links and routes, as the kernel dumps it. */
export class NamespaceDumps {
  readonly #connection: NetlinkConnection;
  readonly #wireguard: WireguardDevices;
  readonly #upAddresses: UpAddresses;
  /** As last read: links are dumped under the lock that every change of a route takes, routes are not. */
  #names: ReadonlyMap<number, string> = new Map();
  #linksComing: Promise<ObservedLink[]> | null = null;

  constructor(connection: NetlinkConnection, wireguard: WireguardDevices, upAddresses: UpAddresses) {
    this.#connection = connection;
    this.#wireguard = wireguard;
    this.#upAddresses = upAddresses;
  }

  /** As `readLinks`; one look serves everybody who asks before it begins. */
  readLinksTogether(): Promise<ObservedLink[]> {
    this.#linksComing ??= new Promise((resolve) => setImmediate(resolve)).then(() => {
      this.#linksComing = null;
      return this.readLinks();
    });
    return this.#linksComing;
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

  readRoutes(table: number): Promise<Route[]> {
    return this.#readRoutesBy(encodeRouteDump({ table }), table);
  }

  async readOwnRoutes(): Promise<KernelRoute[]> {
    const dump = encodeRouteDump({ table: RT_TABLE_MAIN, protocol: OWN_PROTOCOL });
    const routes = await this.#readRoutesBy(dump, RT_TABLE_MAIN);
    return routes.flatMap(({ prefix, nextHops }) => nextHops.map((hop) => ({ prefix, ...hop })));
  }

  async #readRoutesBy(message: Buffer, table: number): Promise<Route[]> {
    const routes = await this.#dumpRoutes(message, table);
    const known = routes.every(({ nextHops }) => nextHops.every((hop) => !hop.interface.startsWith('#')));
    if (known) return routes;
    this.#names = namesOf(await this.#dumpLinks());
    return this.#dumpRoutes(message, table);
  }

  #dumpRoutes(message: Buffer, table: number): Promise<Route[]> {
    return this.#connection.dump({ what: 'RTM_GETROUTE', message }, createRouteDecoder(this.#names, table));
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
