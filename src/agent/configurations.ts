import type { NodeState, OverlayState } from '../model/node-state.ts';
import type { DaemonName } from '../model/routing-state.ts';
import type { Configurations } from '../planner/diff.ts';
import { servedRouters, sharedFrrOf } from '../planner/shared-frr.ts';
import type { Frr } from './frr/frr.ts';
import { joinConfigs, type RouterConfig } from './frr/vrf-config.ts';

/**
 * What every daemon of the node is to be told, by the namespace that it runs in: each router's daemons their own
 * router's part, shared ones that of all their routers. Fails with what `render` and `joinConfigs` fail with.
 */
export function renderConfigurations({ overlays }: NodeState, frr: Pick<Frr, 'render'>): Configurations {
  return new Map(overlays.flatMap((overlay) => [...renderOverlay(overlay, frr)]));
}

function renderOverlay(overlay: OverlayState, frr: Pick<Frr, 'render'>): Configurations {
  const rendered = servedRouters(overlay).flatMap(({ name, namespace, routing }) =>
    routing === null ? [] : [{ name, namespace, configs: frr.render(routing) }],
  );
  const shared = sharedFrrOf(overlay);
  if (shared === null) return new Map(rendered.map(({ namespace, configs }) => [namespace, configs]));
  const parts = new Map<DaemonName, RouterConfig[]>();
  for (const { name, configs } of rendered)
    for (const [daemon, config] of configs) {
      const part = { vrf: name, config };
      const before = parts.get(daemon);
      if (before === undefined) parts.set(daemon, [part]);
      else before.push(part);
    }
  const joined = [...parts].map(
    ([daemon, routers]) => [daemon, joinConfigs(shared.namespace, routers)] as const,
  );
  return new Map([[shared.namespace, new Map(joined)]]);
}
