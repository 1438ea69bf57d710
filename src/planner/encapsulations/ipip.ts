import type { Encapsulation } from './encapsulation.ts';

/** RFC 2003, RFC 4213 and RFC 2473 (without a tunnel encapsulation limit): nothing but the outer header. */
export const ipip: Encapsulation = {
  headerBytes: 0,
  carriesEthernet: false,
  port: null,
  bindsAddress: true,
  crossesNat: false,
  hasNumber: false,
  tunnel: ({ local, remote, carries }) => ({ kind: 'ipip', local, remote, carries }),
};
