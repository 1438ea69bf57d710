import type { EnvironmentState, OverlayState } from '../model/node-state.ts';

/**
 * The /etc/hosts (hosts(5)) of an overlay's environments: every member as `r1` and as `r1.ring`, so that a person can
 * say `ping r6`. Empty where nobody runs commands: in segments and link layers.
 */
export function hostsFileOf({ name: overlay, names }: OverlayState): string {
  const members = names.map(({ address, name }) => `${address} ${name} ${name}.${overlay}\n`);
  return names.length === 0 ? '' : LOCALHOST + members.join('');
}

/** What an environment's file has besides: members of other overlays, by their long names alone. */
export function otherHostsOf({ otherNames }: EnvironmentState): string {
  return otherNames.map(({ address, name }) => `${address} ${name}\n`).join('');
}

export function wantsHosts({ role }: EnvironmentState): boolean {
  return role === 'router' || role === 'host';
}

const LOCALHOST = '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n';
