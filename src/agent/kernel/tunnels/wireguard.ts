import type { WireguardTunnel } from '../../../model/tunnel.ts';
import type { Encapsulation } from './encapsulation.ts';

/** `wg(8)`. rtnetlink knows only that there is such a device; the rest is said and read by `wireguard-devices.ts`. */
export const wireguard: Encapsulation<WireguardTunnel> = {
  devices: ['wireguard'],
  isMoved: false,
  encode: () => [],
  decode: () => null,
  finish: (tunnel, index) => [{ step: 'set-wireguard-keys', index, tunnel }],
};
