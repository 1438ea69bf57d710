import type { Encapsulation } from './encapsulation.ts';

/** RFC 2784: 4, and the key of RFC 2890: 4. */
export const gre: Encapsulation = {
  headerBytes: 8,
  carriesEthernet: false,
  port: null,
  bindsAddress: true,
  crossesNat: false,
  hasNumber: true,
  tunnel: ({ local, remote, number }) => ({ kind: 'gre', key: number, local, remote }),
};
