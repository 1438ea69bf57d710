import type { TunnelState } from '../model/node-state.ts';
import type { Protection, SecurityAssociation, SecurityPolicy } from '../model/security.ts';
import { deviceKindOf, type Tunnel } from '../model/tunnel.ts';

/** IPsec of a tunnel as the kernel wants it told: associations, and policies that let nothing past in clear. */
export interface Security {
  readonly associations: readonly SecurityAssociation[];
  readonly policies: readonly SecurityPolicy[];
}

export function securityOf({ tunnel, protections }: TunnelState): Security {
  return {
    associations: protections.flatMap(associationsOf),
    policies: protections.flatMap((protection) => policiesOf(protection, tunnel)),
  };
}

function associationsOf({
  local,
  remote,
  reqid,
  cipher,
  inbound,
  outbound,
}: Protection): SecurityAssociation[] {
  const common = { reqid, cipher };
  return [
    ...inbound.map((key) => ({ ...common, ...key, source: remote, destination: local })),
    ...outbound.map((key) => ({ ...common, ...key, source: local, destination: remote })),
  ];
}

function policiesOf({ local, remote, reqid, sending }: Protection, tunnel: Tunnel): SecurityPolicy[] {
  const received = { direction: 'in', source: remote, destination: local, reqid, spi: 0 } as const;
  const sent = { direction: 'out', source: local, destination: remote, reqid, spi: sending } as const;
  return [
    ...receivingSelectorsOf(tunnel).map((selector) => ({ ...received, ...selector })),
    ...sendingSelectorsOf(tunnel).map((selector) => ({ ...sent, ...selector })),
  ];
}

/** What of an outer header, besides addresses, says that a packet is of this tunnel. */
type Selector = Pick<SecurityPolicy, 'protocol' | 'destinationPort' | 'greKey'>;

function selectorsOf(tunnel: Tunnel): Selector[] {
  switch (tunnel.kind) {
    case 'vxlan':
    case 'geneve':
    case 'gue':
    case 'wireguard':
      return [{ protocol: IPPROTO_UDP, destinationPort: tunnel.port, greKey: 0 }];
    case 'gre':
      return [{ protocol: IPPROTO_GRE, destinationPort: 0, greKey: tunnel.key }];
    case 'ipip': {
      // What the device takes, not what is sent: a packet in clear of the other family would be let in.
      const protocols = deviceKindOf(tunnel) === 'ipip' ? [IPPROTO_IPIP] : [IPPROTO_IPIP, IPPROTO_IPV6];
      return protocols.map((protocol) => ({ protocol, destinationPort: 0, greKey: 0 }));
    }
  }
}

/** A device of GUE takes the GRE packet also where it comes without GUE. */
function receivingSelectorsOf(tunnel: Tunnel): Selector[] {
  return tunnel.kind === 'gue'
    ? [...selectorsOf(tunnel), ...sendingSelectorsOf(tunnel)]
    : selectorsOf(tunnel);
}

/** What the kernel looks a packet up by before it sends it: of GUE, the GRE packet that is still to be wrapped. */
function sendingSelectorsOf(tunnel: Tunnel): Selector[] {
  return tunnel.kind === 'gue' ? selectorsOf({ ...tunnel, kind: 'gre' }) : selectorsOf(tunnel);
}

const IPPROTO_IPIP = 4;
const IPPROTO_UDP = 17;
const IPPROTO_IPV6 = 41;
const IPPROTO_GRE = 47;
