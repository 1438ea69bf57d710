import { vrfDeviceOf } from '../model/names.ts';
import type { EnvironmentState, NodeState, OverlayState } from '../model/node-state.ts';
import type { DaemonName } from '../model/routing-state.ts';
import type { Configurations } from '../planner/diff.ts';
import { servedRouters, sharedFrrOf } from '../planner/shared-frr.ts';
import type { Frr } from './frr/frr.ts';
import { joinConfigs, type RouterConfig } from './frr/vrf-config.ts';

/** Renders nodes one after the other, and of each only the routers that are not as they were in the one before. */
export class ConfigurationRenderer {
  private readonly frr: Pick<Frr, 'render'>;
  /** What the routers of the last node were rendered to, by what they were rendered from. */
  private rendered: ReadonlyMap<string, ReturnType<Frr['render']>> = new Map();

  constructor(frr: Pick<Frr, 'render'>) {
    this.frr = frr;
  }

  /** As `renderConfigurations`. */
  render(node: NodeState): Configurations {
    const rendered = new Map<string, ReturnType<Frr['render']>>();
    const configurations = renderConfigurations(node, {
      render: (routing) => {
        const key = JSON.stringify(routing);
        const configs = this.rendered.get(key) ?? this.frr.render(routing);
        rendered.set(key, configs);
        return configs;
      },
    });
    this.rendered = rendered;
    return configurations;
  }
}

/**
 * What every daemon of the node is to be told, by the namespace that it runs in: each router's daemons their own
 * router's part, shared ones that of all their routers. Fails with what `render` and `joinConfigs` fail with.
 */
export function renderConfigurations({ overlays }: NodeState, frr: Pick<Frr, 'render'>): Configurations {
  return new Map(overlays.flatMap((overlay) => [...renderOverlay(overlay, frr)]));
}

function renderOverlay(overlay: OverlayState, frr: Pick<Frr, 'render'>): Configurations {
  const rendered = servedRouters(overlay).flatMap((router) =>
    router.routing === null
      ? []
      : [{ ...router, devices: devicesOf(router), configs: frr.render(router.routing) }],
  );
  const shared = sharedFrrOf(overlay);
  if (shared === null) return new Map(rendered.map(({ namespace, configs }) => [namespace, configs]));
  const parts = new Map<DaemonName, RouterConfig[]>();
  for (const { name, devices, configs } of rendered)
    for (const [daemon, config] of configs) {
      const part = { vrf: name, config, devices };
      const before = parts.get(daemon);
      if (before === undefined) parts.set(daemon, [part]);
      else before.push(part);
    }
  const joined = [...parts].map(
    ([daemon, routers]) => [daemon, joinConfigs(shared.namespace, routers)] as const,
  );
  return new Map([[shared.namespace, new Map(joined)]]);
}

/** What FRR knows a router's interfaces by, where that is not what the router calls them. */
export function devicesOf({ name: router, vrf, links }: EnvironmentState): ReadonlyMap<string, string> {
  if (vrf === null) return new Map();
  return new Map(['lo', ...links.map(({ name }) => name)].map((name) => [name, vrfDeviceOf(router, name)]));
}
