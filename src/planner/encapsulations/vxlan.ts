import type { VxlanTunnel } from '../../model/tunnel.ts';
import type { Encapsulation, TunnelEnd } from './encapsulation.ts';

/** RFC 7348: UDP 8, VXLAN 8, inner Ethernet 14; its port by IANA (Linux's own default is an older one). */
export const vxlan: Encapsulation = {
  headerBytes: 30,
  carriesEthernet: true,
  port: 4789,
  bindsAddress: true,
  crossesNat: false,
  hasNumber: true,
  tunnel: vxlanTunnel,
};

function vxlanTunnel({ local, remote, number, port }: TunnelEnd): VxlanTunnel {
  return { kind: 'vxlan', vni: number, port, local, remotes: [remote], learning: false };
}

/** One site's end of a segment: each broadcast goes to every other site with members (head-end replication). */
export function segmentTunnel(
  end: Pick<TunnelEnd, 'local' | 'number' | 'port'>,
  remotes: readonly string[],
): VxlanTunnel {
  return { kind: 'vxlan', vni: end.number, port: end.port, local: end.local, remotes, learning: true };
}
