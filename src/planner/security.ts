import type { TunnelState } from '../model/node-state.ts';
import type { Protection, SecurityAssociation, SecurityPolicy } from '../model/security.ts';
import { localOf, type Tunnel } from '../model/tunnel.ts';

/** IPsec of a tunnel as the kernel wants it told: associations, and policies that let nothing past in clear. */
export interface Security {
  readonly associations: readonly SecurityAssociation[];
  readonly policies: readonly SecurityPolicy[];
}

export function securityOf(link: TunnelState): Security {
  const local = localOf(link.tunnel);
  if (local === null) return { associations: [], policies: [] };
  return {
    associations: link.protections.flatMap((protection) => associationsOf(protection, local)),
    policies: link.protections.flatMap((protection) => policiesOf(protection, local, link.tunnel)),
  };
}

function associationsOf(protection: Protection, local: string): SecurityAssociation[] {
  const { remote, reqid, cipher, inbound, outbound } = protection;
  const common = { reqid, cipher };
  return [
    ...inbound.map((key) => ({ ...common, ...key, source: remote, destination: local })),
    ...outbound.map((key) => ({ ...common, ...key, source: local, destination: remote })),
  ];
}

function policiesOf({ remote, reqid, sending }: Protection, local: string, tunnel: Tunnel): SecurityPolicy[] {
  const common = { reqid, ...selectorOf(tunnel) };
  return [
    { ...common, direction: 'in', source: remote, destination: local, spi: 0 },
    { ...common, direction: 'out', source: local, destination: remote, spi: sending },
  ];
}

/** What of an outer header, besides addresses, says that a packet is of this tunnel. */
function selectorOf(tunnel: Tunnel): Pick<SecurityPolicy, 'protocol' | 'destinationPort' | 'greKey'> {
  switch (tunnel.kind) {
    case 'vxlan':
    case 'geneve':
    case 'gue':
    case 'wireguard':
      return { protocol: IPPROTO_UDP, destinationPort: tunnel.port, greKey: 0 };
    case 'gre':
      return { protocol: IPPROTO_GRE, destinationPort: 0, greKey: tunnel.key };
    case 'ipip':
      return { protocol: tunnel.carries.includes(6) ? 0 : IPPROTO_IPIP, destinationPort: 0, greKey: 0 };
  }
}

const IPPROTO_IPIP = 4;
const IPPROTO_UDP = 17;
const IPPROTO_GRE = 47;
