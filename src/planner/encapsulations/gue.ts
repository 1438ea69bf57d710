import type { Encapsulation } from './encapsulation.ts';

/** draft-ietf-intarea-gue: UDP 8, GUE 4, and inside it GRE with its key: 8. */
export const gue: Encapsulation = {
  headerBytes: 20,
  carriesEthernet: false,
  port: 'own',
  bindsAddress: true,
  crossesNat: true,
  hasNumber: true,
  tunnel: ({ local, remote, number, port }) => ({ kind: 'gue', key: number, port, local, remote }),
};
