import type { GreTunnel } from '../../../model/tunnel.ts';
import { type Encapsulation, finishNothing } from './encapsulation.ts';
import { decodeGre, encodeGre } from './gre-attributes.ts';

export const gre: Encapsulation<GreTunnel> = {
  devices: ['gre', 'ip6gre'],
  isMoved: true,
  encode: (tunnel) => encodeGre(tunnel, null),
  decode(data) {
    const found = decodeGre(data);
    return found?.guePort === null ? { kind: 'gre', ...found.gre } : null;
  },
  finish: finishNothing,
};
