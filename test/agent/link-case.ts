import { ENCAPSULATIONS, type EncapsulationName, type Overlay } from '../../src/model/overlay.ts';
import type { PortMeaning } from '../packet.ts';

/** A link of the table: how packets are wrapped, and over what. It carries both families. */
export interface LinkCase {
  readonly encapsulation: EncapsulationName;
  readonly layers: 1 | 2;
  readonly underlay: 4 | 6;
}

export const LINK_CASES: readonly LinkCase[] = ENCAPSULATIONS.flatMap((encapsulation) =>
  ([1, 2] as const).flatMap((layers) =>
    ([4, 6] as const).map((underlay) => ({ encapsulation, layers, underlay })),
  ),
);

export function nameOf({ encapsulation, layers, underlay }: LinkCase): string {
  return `${encapsulation}, ${layers === 1 ? 'one layer' : 'two layers'}, over IPv${underlay}`;
}

/** A link that is deployed: from `leaf` to r1 of the overlay. */
export interface DeployedLink {
  readonly link: LinkCase;
  readonly overlay: string;
  readonly leaf: string;
}

/**
 * Overlays that have all these links. n1 has addresses of both families and every r1; n2 and n4 have IPv4 only, n3 and
 * n5 IPv6 only. Links of one layer are a star; those of two layers are one for each encapsulation, which all links of
 * an overlay share between nodes. The star's routers share daemons, for each takes an emulated machine a second to start.
 */
export function overlaysOf(links: readonly LinkCase[]): { overlays: Overlay[]; deployed: DeployedLink[] } {
  const stars = [
    { name: 'vt-one', links: links.filter(({ layers }) => layers === 1) },
    ...ENCAPSULATIONS.map((encapsulation) => ({
      name: `vt-two-${encapsulation}`,
      links: links.filter((link) => link.layers === 2 && link.encapsulation === encapsulation),
    })),
  ].filter((star) => star.links.length > 0);
  return {
    overlays: stars.map((star) => starOf(star.name, star.links)),
    deployed: stars.flatMap((star) =>
      star.links.map((link, at) => ({ link, overlay: star.name, leaf: `r${at + 2}` })),
    ),
  };
}

export function starOf(name: string, links: readonly LinkCase[]): Overlay {
  const [first] = links;
  if (first === undefined) throw new Error('a star needs links');
  const { layers, encapsulation } = first;
  const [over4, over6] = layers === 1 ? ['n2', 'n3'] : ['n4', 'n5'];
  return {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name },
    spec: {
      topology: {
        kind: 'star',
        routers: links.length + 1,
        links: links.map((link, at) => ({
          between: ['r1', `r${at + 2}`],
          encapsulation: link.encapsulation,
        })),
      },
      placement: { nodes: ['n1'] },
      routers: Object.fromEntries(
        links.map(({ underlay }, at) => [`r${at + 2}`, { node: underlay === 4 ? over4 : over6 }]),
      ),
      addressing: { network: ['10.66.0.0/16', 'fd66::/48'] },
      links: { encapsulation, layers },
      routing: { protocol: ['ospf', 'ospf6'], ...(layers === 1 ? { instance: 'shared' as const } : {}) },
    },
  };
}

/** The headers that a ping must have on the wire between the nodes, outermost first. */
export function shapeOnWire({ encapsulation, layers, underlay }: LinkCase, carried: 4 | 6): string {
  const outer = `ethernet ipv${underlay}`;
  const inner = `ipv${carried} protocol${carried === 4 ? 1 : 58}`;
  if (encapsulation === 'wireguard') return `${outer} udp wireguard`;
  const physical = WRAPPINGS[encapsulation];
  if (layers === 1) return `${outer} ${physical} ${inner}`.replace(/ +/g, ' ');
  const link = encapsulation === 'gue' ? WRAPPINGS.gre : physical;
  return `${outer} ${physical} ipv4 ${link} ${inner}`.replace(/ +/g, ' ');
}

const WRAPPINGS = {
  vxlan: 'udp vxlan ethernet',
  geneve: 'udp geneve ethernet',
  gre: 'gre',
  gue: 'udp gue gre',
  ipip: '',
} as const;

/** How long a packet is on the wire, its outermost IP header included: what the README's table says. */
export function bytesOnWire({ encapsulation, layers, underlay }: LinkCase, bytes: number): number {
  const header = HEADER_BYTES[encapsulation];
  const within = layers === 1 ? bytes : bytes + HEADER_BYTES[WITHIN[encapsulation] ?? encapsulation];
  // WireGuard pads to 16 bytes.
  const padded = encapsulation === 'wireguard' ? Math.ceil(within / 16) * 16 : within;
  return padded + header + (underlay === 6 ? 20 : 0);
}

/** Over IPv4, which the link layer has unless its range says otherwise. */
const HEADER_BYTES: Readonly<Record<EncapsulationName, number>> = {
  ...{ vxlan: 50, geneve: 50, gre: 28, gue: 40, ipip: 20, wireguard: 60 },
};
const WITHIN: Readonly<Partial<Record<EncapsulationName, EncapsulationName>>> = {
  gue: 'gre',
  wireguard: 'ipip',
};

/** Links that need a UDP port of their own have it from this range. */
export function meaningOf({ encapsulation }: LinkCase): PortMeaning {
  return (port) => {
    if (port < 10_000 || port > 32_767) return null;
    return encapsulation === 'gue' || encapsulation === 'wireguard' ? encapsulation : null;
  };
}
