import type { Tunnel, VxlanTunnel } from '../model/tunnel.ts';

/**
 * In which a tunnel that is there differs from the one that is wanted, such that it has to be made anew: the first
 * field that does, in words; empty when it can be changed into it.
 */
export function differenceOfTunnels(wanted: Tunnel, found: Tunnel | null): string {
  if (found === null) return `is no ${wanted.kind} tunnel of ours`;
  if (found.kind !== wanted.kind) return `${found.kind} becomes ${wanted.kind}`;
  const present = new Map(Object.entries(found));
  for (const [field, value] of Object.entries(wanted)) {
    if (isChangeable(wanted, field) || String(present.get(field)) === String(value)) continue;
    return `${field} ${present.get(field)} becomes ${value}`;
  }
  return '';
}

/**
 * Remotes of a segment come and go; the keys of WireGuard are renewed, and may not be shown either; its endpoint the
 * kernel itself moves to where the peer's packets come from.
 */
function isChangeable(wanted: Tunnel, field: string): boolean {
  if (wanted.kind === 'vxlan') return field === 'remotes' && wanted.learning;
  return wanted.kind === 'wireguard' && WIREGUARD_SETTINGS.some((setting) => setting === field);
}

const WIREGUARD_SETTINGS = ['privateKey', 'peerPublicKey', 'presharedKey', 'remote', 'remotePort'] as const;

export function haveSameKeys(wanted: Tunnel, found: Tunnel | null): boolean {
  if (wanted.kind !== 'wireguard' || found?.kind !== 'wireguard') return true;
  return WIREGUARD_SETTINGS.every((setting) => wanted[setting] === found[setting]);
}

/** Remotes that a segment's tunnel has to gain and to lose. */
export function diffRemotes(
  wanted: VxlanTunnel,
  present: readonly string[],
): { gained: string[]; lost: string[] } {
  return {
    gained: wanted.remotes.filter((remote) => !present.includes(remote)),
    lost: present.filter((remote) => !wanted.remotes.includes(remote)),
  };
}
