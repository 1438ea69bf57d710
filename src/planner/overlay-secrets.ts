import type { Overlay } from '../model/overlay.ts';

/**
 * What all keys of an overlay are made from. The controller makes and keeps it; nobody else sees anything of it but
 * the keys. Rotation is a change of desired state in three steps, each behind the reconciliation of the one before on
 * every node: add a generation; let `sending` name it; leave the old one away.
 */
export interface OverlaySecrets {
  /** 32 bytes in hexadecimal that never change: WireGuard's private keys come from it. */
  readonly identity: string;
  /** Oldest first. All are accepted. */
  readonly generations: readonly Generation[];
  /** Number of the generation that packets are sent with. */
  readonly sending: number;
}

export interface Generation {
  /** From 1 on, each one more than the one before; at most 15 live together. */
  readonly number: number;
  /** 32 bytes in hexadecimal. */
  readonly secret: string;
}

/** Whether an overlay as declared has keys, also while no link of it leaves a node. */
export function needsSecrets({ spec }: Overlay): boolean {
  const said = (spec.topology.links ?? []).map((link) =>
    Array.isArray(link) ? undefined : link.encapsulation,
  );
  return spec.links?.ipsec !== undefined || [spec.links?.encapsulation, ...said].includes('wireguard');
}
