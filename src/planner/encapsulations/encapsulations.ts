import type { EncapsulationName } from '../../model/overlay.ts';
import type { Encapsulation } from './encapsulation.ts';
import { geneve } from './geneve.ts';
import { gre } from './gre.ts';
import { gue } from './gue.ts';
import { ipip } from './ipip.ts';
import { vxlan } from './vxlan.ts';
import { wireguard } from './wireguard.ts';

/** By the names that overlay files give them. */
export const ENCAPSULATION_BY_NAME: Readonly<Record<EncapsulationName, Encapsulation>> = {
  vxlan,
  ipip,
  gre,
  geneve,
  gue,
  wireguard,
};
