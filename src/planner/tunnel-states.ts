import { formatIpAddress } from '../model/ip-prefix.ts';
import { linkLayerAddressAt } from '../model/link-layout.ts';
import { linkLayerNamespaceOf } from '../model/names.ts';
import { linkRange } from '../model/network-range.ts';
import type { TunnelState } from '../model/node-state.ts';
import type { EncapsulationName } from '../model/overlay.ts';
import type { TopologyLink, TopologySegment } from '../model/topology.ts';
import { VinetError } from '../model/vinet-error.ts';
import { ENCAPSULATION_BY_NAME } from './encapsulations/encapsulations.ts';
import { segmentTunnel } from './encapsulations/vxlan.ts';
import type { Fabric } from './fabric.ts';
import type { Keyring } from './keyring.ts';
import { segmentEndName } from './link-addresses.ts';
import { needsOwnPort, SEGMENT_ENCAPSULATION } from './link-wrapping.ts';
import { protect } from './protections.ts';
import { roadKey } from './roads.ts';
import { physicalName, sitesOf } from './tunnel-list.ts';

/** A fabric, and the keys of its tunnels; null where no tunnel has any. */
export interface KeyedFabric extends Fabric {
  readonly keyring: Keyring | null;
}

/** The part of a link's state that its tunnel is. */
export type TunnelPart = Pick<TunnelState, 'kind' | 'transport' | 'tunnel' | 'protections'>;

/** The tunnel of a link between members of different sites, as one of its ends has it. */
export function linkTunnel(fabric: KeyedFabric, link: TopologyLink, side: 0 | 1): TunnelPart {
  const { wiring, wrapping } = fabric;
  const far = side === 0 ? 1 : 0;
  const [here, there] = [wiring.siteOf(link.ends[side]), wiring.siteOf(link.ends[far])];
  const path: Path =
    wrapping.layers === 1
      ? roadPath(fabric, [here, there].sort(), here, [there])
      : {
          transport: linkLayerNamespaceOf(wiring.overlay.metadata.name, here),
          local: linkLayerAddress(fabric, link.name, side),
          remotes: [{ site: there, address: linkLayerAddress(fabric, link.name, far) }],
        };
  return pointToPoint(fabric, link.name, wrapping.ofLink(link), path, here, wrapping.isProtected);
}

/** `layers: 2`: the tunnel between two sites, which carries the packets of their link layers. */
export function physicalTunnel(fabric: KeyedFabric, here: string, there: string): TunnelPart {
  const path = roadPath(fabric, [here, there].sort(), here, [there]);
  return pointToPoint(fabric, physicalName(here, there), fabric.wrapping.physical, path, here, false);
}

/** One site's end of a segment. */
export function segmentTunnelAt(fabric: KeyedFabric, segment: TopologySegment, here: string): TunnelPart {
  const { wiring, wrapping } = fabric;
  const sites = sitesOf(segment.members, wiring.siteOf);
  const others = sites.filter((site) => site !== here);
  const addressAt = (site: string) => linkLayerAddress(fabric, segmentEndName(segment.name, site), 0);
  const path: Path =
    wrapping.layers === 1
      ? roadPath(fabric, sites, here, others)
      : {
          transport: linkLayerNamespaceOf(wiring.overlay.metadata.name, here),
          local: addressAt(here),
          remotes: others.map((site) => ({ site, address: addressAt(site) })),
        };
  const number = wiring.numberOf(segment.name);
  const port = portOf(fabric, segment.name, SEGMENT_ENCAPSULATION, wrapping.isProtected);
  const remotes = path.remotes.map(({ address }) => address);
  return {
    kind: 'tunnel',
    transport: path.transport,
    tunnel: segmentTunnel({ local: path.local, number, port }, remotes),
    protections: wrapping.isProtected ? protect(fabric, segment.name, here, path) : [],
  };
}

/** An address of the overlay's link layer, without a prefix length. */
export function linkLayerAddress({ wiring }: Fabric, name: string, end: 0 | 1): string {
  const range = linkRange(wiring.overlay.spec);
  if (range === null)
    throw new VinetError('inconsistent-plan', 'the overlay has no range for its link layer');
  return formatIpAddress(linkLayerAddressAt(range, wiring.linkPairOf(name), end));
}

/** The network that carries a tunnel's packets, and the ends of their outer headers there. */
export interface Path {
  readonly transport: string | null;
  readonly local: string;
  readonly remotes: readonly { readonly site: string; readonly address: string }[];
}

function roadPath(
  { sites, roads }: Fabric,
  joined: readonly string[],
  here: string,
  others: readonly string[],
): Path {
  const ends = roads.get(roadKey(joined));
  return {
    transport: sites.get(here)?.transport ?? null,
    local: ends?.addressOf.get(here) ?? '',
    remotes: others.map((site) => ({ site, address: ends?.seenAs.get(site) ?? '' })),
  };
}

function pointToPoint(
  fabric: KeyedFabric,
  name: string,
  encapsulation: EncapsulationName,
  path: Path,
  here: string,
  isProtected: boolean,
): TunnelPart {
  const { wiring, keyring } = fabric;
  const [far = { site: '', address: '' }] = path.remotes;
  const tunnel = ENCAPSULATION_BY_NAME[encapsulation].tunnel({
    local: path.local,
    remote: far.address,
    number: wiring.numberOf(name),
    port: portOf(fabric, name, encapsulation, isProtected),
    carries: carriedBy(fabric, name),
    keys: encapsulation === 'wireguard' ? (keyring?.wireguardKeys(name, here, far.site) ?? null) : null,
  });
  const protections = isProtected ? protect(fabric, name, here, path) : [];
  return { kind: 'tunnel', transport: path.transport, tunnel, protections };
}

/** Tunnels between sites carry packets of the link layer, all others those of the overlay. */
function carriedBy({ wiring, wrapping }: Fabric, name: string): readonly (4 | 6)[] {
  const isPhysical = wrapping.layers === 2 && name.includes(' ');
  return isPhysical ? [linkRange(wiring.overlay.spec)?.family ?? 4] : wiring.book.families;
}

function portOf(
  { wiring }: Fabric,
  name: string,
  encapsulation: EncapsulationName,
  isProtected: boolean,
): number {
  if (needsOwnPort(encapsulation, isProtected)) return wiring.portOf(name);
  const { port } = ENCAPSULATION_BY_NAME[encapsulation];
  return typeof port === 'number' ? port : 0;
}
