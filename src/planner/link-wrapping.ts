import type { EncapsulationName } from '../model/overlay.ts';
import type { Spec, TopologyLink } from '../model/topology.ts';
import { ENCAPSULATION_BY_NAME } from './encapsulations/encapsulations.ts';

/** What the headers of an overlay's tunnels are, by what its file says of links. */
export interface LinkWrapping {
  /** 2: members' tunnels run between addresses of a link layer, whose own tunnels run between sites. */
  readonly layers: 1 | 2;
  /** Of the tunnels between the sites' link layers. */
  readonly physical: EncapsulationName;
  /** Of a member's own tunnel. */
  ofLink(link: Pick<TopologyLink, 'encapsulation'>): EncapsulationName;
  /** Of members' own tunnels: the physical header is never protected. */
  readonly isProtected: boolean;
}

/** Only VXLAN takes a packet to several remotes. */
export const SEGMENT_ENCAPSULATION: EncapsulationName = 'vxlan';

export function wrappingOf({ links = {} }: Pick<Spec, 'links'>): LinkWrapping {
  const { layers = 1, encapsulation = 'vxlan', ipsec } = links;
  return {
    layers: layers === 2 ? 2 : 1,
    physical: encapsulation,
    ofLink: (link) => (layers === 2 ? WITHIN[link.encapsulation] : link.encapsulation),
    isProtected: ipsec !== undefined,
  };
}

/** Whether a tunnel has a UDP port that no other tunnel has. */
export function needsOwnPort(encapsulation: EncapsulationName, isProtected: boolean): boolean {
  const { port } = ENCAPSULATION_BY_NAME[encapsulation];
  return port === 'own' || (port !== null && isProtected);
}

/** The link header inside a physical one: what crosses NAT or encrypts does so once. */
const WITHIN: Readonly<Record<EncapsulationName, EncapsulationName>> = {
  vxlan: 'vxlan',
  geneve: 'geneve',
  gre: 'gre',
  ipip: 'ipip',
  gue: 'gre',
  wireguard: 'ipip',
};
