import type { Encapsulation } from './encapsulation.ts';

/** RFC 8926 without options: UDP 8, Geneve 8, inner Ethernet 14; its port by IANA. */
export const geneve: Encapsulation = {
  headerBytes: 30,
  carriesEthernet: true,
  port: 6081,
  bindsAddress: false,
  crossesNat: false,
  hasNumber: true,
  tunnel: ({ remote, number, port }) => ({ kind: 'geneve', vni: number, port, remote }),
};
