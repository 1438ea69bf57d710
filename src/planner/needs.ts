import type { Emulation } from '../model/emulation.ts';
import type { EnvironmentState } from '../model/node-state.ts';
import { deviceKindOf } from '../model/tunnel.ts';

/** What environments ask of their node, by the names of its `Capabilities`. */
export interface Needs {
  readonly linkKinds: ReadonlySet<string>;
  readonly features: ReadonlySet<string>;
  readonly daemons: ReadonlySet<string>;
}

export function needsOf(environments: readonly EnvironmentState[]): Needs {
  const linkKinds = new Set<string>();
  const features = new Set<string>();
  const daemons = new Set<string>();
  for (const { links, routing, filter, vrf } of environments) {
    if (vrf !== null) linkKinds.add('vrf');
    if (filter !== null) features.add('nftables');
    for (const daemon of routing?.daemons ?? []) daemons.add(daemon);
    for (const link of links) {
      const tunnel = link.kind === 'tunnel' ? link.tunnel : null;
      linkKinds.add(tunnel === null ? link.kind : deviceKindOf(tunnel));
      if (tunnel?.kind === 'gue') features.add(tunnel.remote.includes(':') ? 'gue6' : 'gue');
      if (link.emulation !== null) features.add(queueingOf(link.emulation));
      for (const { cipher, remote } of link.kind === 'tunnel' ? link.protections : []) {
        features.add(`esp-${cipher}`);
        // Policies alone let pass what has extension headers.
        if (remote.includes(':')) features.add('nftables');
      }
    }
  }
  return { linkKinds, features, daemons };
}

/** netem does all of it; a rate alone is a token bucket. */
export function queueingOf({ delayUs, jitterUs, lossPpm }: Emulation): 'netem' | 'tbf' {
  return delayUs === 0 && jitterUs === 0 && lossPpm === 0 ? 'tbf' : 'netem';
}
