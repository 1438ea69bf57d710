import { VinetError } from '../../model/vinet-error.ts';
import type { Encapsulation } from './encapsulation.ts';

/**
 * UDP 8, header of a transport data message 16, authentication tag 16. WireGuard pads packets to a multiple of 16
 * bytes, but never beyond the device's MTU.
 */
export const wireguard: Encapsulation = {
  headerBytes: 40,
  carriesEthernet: false,
  port: 'own',
  bindsAddress: false,
  crossesNat: true,
  hasNumber: true,
  tunnel({ remote, port, keys }) {
    if (keys === null) throw new VinetError('missing-secrets', 'a WireGuard tunnel has no keys');
    return { kind: 'wireguard', port, remote, remotePort: port, ...keys };
  },
};
