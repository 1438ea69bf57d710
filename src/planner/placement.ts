import type { Spec } from '../model/topology.ts';

/** Which node each router stands on, by router name. */
export type Placement = Readonly<Record<string, string>>;

/**
 * Routers go over the nodes in turn. A router that is pinned stands where it is pinned; any other stays on
 * the node that it had for as long as that one is still in the list.
 */
export function placeRouters(routers: readonly string[], spec: Spec, previous: Placement | null): Placement {
  const { nodes } = spec.placement;
  const listed = new Set(nodes);
  const pins = new Map(Object.entries(spec.routers ?? {}).map(([router, { node }]) => [router, node]));
  const before = new Map(Object.entries(previous ?? {}));
  return Object.fromEntries(
    routers.map((router, index) => {
      const kept = before.get(router);
      const stays = kept !== undefined && listed.has(kept) ? kept : undefined;
      return [router, pins.get(router) ?? stays ?? nodes[index % nodes.length] ?? ''];
    }),
  );
}
