import {
  LINK_LAYER,
  linkLayerNamespaceOf,
  MAX_INTERFACE_NAME_BYTES,
  RESERVED_MEMBER_NAMES,
} from '../model/names.ts';
import { linkRange } from '../model/network-range.ts';
import type { EnvironmentState, LinkFilter, LinkState } from '../model/node-state.ts';
import { segmentEndName } from './link-addresses.ts';
import { physicalName, sitesOf } from './tunnel-list.ts';
import { type KeyedFabric, linkLayerAddress, physicalTunnel } from './tunnel-states.ts';
import type { Wiring } from './wiring.ts';

/**
 * `layers: 2`: the environment between a site's network and its members' tunnels, for each site that has tunnels to
 * others. It has one tunnel to each of those, with the addresses of all links between both, and takes a packet only
 * for the address of the link that it came through (RFC 1122, 3.3.4.2, the strong model).
 */
export function linkLayerEnvironments(fabric: KeyedFabric): Map<string, EnvironmentState> {
  const perSite = new Map<string, EnvironmentState>();
  if (fabric.wrapping.layers === 1) return perSite;
  for (const [site, neighbors] of pairUp(fabric)) perSite.set(site, environmentAt(fabric, site, neighbors));
  return perSite;
}

/** Addresses of a link's, or of a segment's, two ends. */
interface AddressPair {
  readonly local: string;
  readonly remote: string;
}

/** By site, and by the site at the far end. */
type Neighbors = Map<string, AddressPair[]>;

function pairUp(fabric: KeyedFabric): Map<string, Neighbors> {
  const { wiring } = fabric;
  const all = new Map<string, Neighbors>();
  const add = (here: string, there: string, pair: AddressPair) => {
    const neighbors = all.get(here) ?? new Map<string, AddressPair[]>();
    all.set(here, neighbors);
    const pairs = neighbors.get(there) ?? [];
    neighbors.set(there, pairs);
    pairs.push(pair);
  };
  for (const { name, ends } of wiring.topology.links) {
    const [one, other] = [wiring.siteOf(ends[0]), wiring.siteOf(ends[1])];
    if (one === other) continue;
    const [first, second] = [linkLayerAddress(fabric, name, 0), linkLayerAddress(fabric, name, 1)];
    add(one, other, { local: first, remote: second });
    add(other, one, { local: second, remote: first });
  }
  for (const { name, members } of wiring.topology.segments) {
    const sites = sitesOf(members, wiring.siteOf);
    const addressAt = (site: string) => linkLayerAddress(fabric, segmentEndName(name, site), 0);
    for (const here of sites)
      for (const there of sites)
        if (here !== there) add(here, there, { local: addressAt(here), remote: addressAt(there) });
  }
  return all;
}

function environmentAt(fabric: KeyedFabric, site: string, neighbors: Neighbors): EnvironmentState {
  const { wiring, physicalMtu } = fabric;
  const family = linkRange(wiring.overlay.spec)?.family ?? 4;
  const links: LinkState[] = [];
  const accept: LinkFilter['accept'][number][] = [];
  for (const [there, pairs] of neighbors) {
    const name = interfaceTo(wiring, site, there);
    links.push({
      ...physicalTunnel(fabric, site, there),
      name,
      link: [site, there].sort().join('--'),
      mtu: physicalMtu,
      addresses: pairs.map(({ local, remote }) => `${local} peer ${remote}/${family === 4 ? 32 : 128}`),
      master: null,
      enabled: true,
      emulation: null,
    });
    for (const { local, remote } of pairs)
      accept.push({ interface: name, source: remote, destination: local });
  }
  return {
    name: LINK_LAYER,
    role: 'link',
    namespace: linkLayerNamespaceOf(wiring.overlay.metadata.name, site),
    vrf: null,
    ipv4: false,
    ipv6: family === 6,
    loopback: [],
    links,
    routes: [],
    filter: { accept },
    otherNames: [],
    routing: null,
  };
}

/** The far site's name, or, where no interface can be called so, the tunnel's number. No name holds a dot. */
function interfaceTo(wiring: Wiring, here: string, there: string): string {
  const isFit = there.length <= MAX_INTERFACE_NAME_BYTES && !RESERVED_MEMBER_NAMES.has(there);
  return isFit ? there : `n.${wiring.numberOf(physicalName(here, there))}`;
}
