import type { GueTunnel } from '../../../model/tunnel.ts';
import { type Encapsulation, finishNothing } from './encapsulation.ts';
import { decodeGre, encodeGre } from './gre-attributes.ts';

/** `ip-fou(8)`. Its packets are received only where the kernel was told the port: see `gue-port.ts`. */
export const gue: Encapsulation<GueTunnel> = {
  devices: ['gre', 'ip6gre'],
  isMoved: true,
  encode: (tunnel) => encodeGre(tunnel, tunnel.port),
  decode(data) {
    const found = decodeGre(data);
    if (found === null || found.guePort === null) return null;
    return { kind: 'gue', ...found.gre, port: found.guePort };
  },
  finish: finishNothing,
};
