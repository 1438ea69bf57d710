import type { Tunnel, TunnelKind } from '../../../model/tunnel.ts';
import type { AttributeTable } from '../netlink-message.ts';
import type { Encapsulation } from './encapsulation.ts';
import { geneve } from './geneve.ts';
import { gre } from './gre.ts';
import { gue } from './gue.ts';
import { ipip } from './ipip.ts';
import { vxlan } from './vxlan.ts';
import { wireguard } from './wireguard.ts';

export function encapsulationOf(tunnel: Tunnel): Encapsulation {
  return BY_KIND[tunnel.kind];
}

/**
 * What a device is a tunnel of; null for what is none of ours.
 * @param device its rtnetlink kind
 * @param data its attributes of IFLA_INFO_DATA
 */
export function decodeTunnel(device: string, data: AttributeTable): Tunnel | null {
  for (const encapsulation of ALL) {
    if (!encapsulation.devices.includes(device)) continue;
    const tunnel = encapsulation.decode(data, device);
    if (tunnel !== null) return tunnel;
  }
  return null;
}

const ENCAPSULATIONS: { readonly [Kind in TunnelKind]: Encapsulation<Extract<Tunnel, { kind: Kind }>> } = {
  vxlan,
  geneve,
  gre,
  gue,
  ipip,
  wireguard,
};

const BY_KIND: Readonly<Record<TunnelKind, Encapsulation>> = ENCAPSULATIONS;
const ALL: readonly Encapsulation[] = Object.values(BY_KIND);
