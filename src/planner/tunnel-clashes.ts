import type { NodeState } from '../model/node-state.ts';
import type { Problem } from '../model/problem.ts';
import type { IpipTunnel } from '../model/tunnel.ts';

/**
 * Tunnels that a node's kernel could not tell apart, in any of its networks. Numbers and ports are unique, so it can
 * only be those that have none: two ends have one ipip tunnel in one network, over all overlays.
 */
export function checkTunnelsApart({ overlays }: NodeState): Problem[] {
  const seen = new Map<string, Owner>();
  const problems = new Map<string, Problem>();
  for (const { name: overlay, environments } of overlays)
    for (const { links } of environments)
      for (const link of links) {
        if (link.kind !== 'tunnel' || link.tunnel.kind !== 'ipip') continue;
        const { tunnel, transport } = link;
        const key = `${transport} ${tunnel.local} ${tunnel.remote}`;
        const owner = { overlay, link: link.link };
        const other = seen.get(key);
        if (other === undefined) seen.set(key, owner);
        else problems.set(`${overlay} ${other.overlay}`, clash(tunnel, owner, other));
      }
  return [...problems.values()];
}

interface Owner {
  readonly overlay: string;
  readonly link: string;
}

function clash(tunnel: IpipTunnel, { overlay, link }: Owner, other: Owner): Problem {
  const whose = other.overlay === overlay ? 'of the same overlay' : `of overlay ${other.overlay}`;
  return {
    code: 'tunnels-not-apart',
    path: 'spec.links.encapsulation',
    message: `link ${link} of overlay ${overlay} and link ${other.link} ${whose} would both be ipip tunnels from ${tunnel.local} to ${tunnel.remote}, and ipip cannot tell them apart`,
    hint: 'use layers: 2, or an encapsulation with a number of its own such as gre',
  };
}
