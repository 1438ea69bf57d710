import { checkAddressing } from './addressing-check.ts';
import type { Overlay } from './overlay.ts';
import type { Problem } from './problem.ts';
import { expandTopology, type Spec, type Topology } from './topology.ts';
import { checkTopologyNames } from './topology-check.ts';
import { checkTopologyFields, checkTopologyShape } from './topology-shape-check.ts';

/** Everything in which an overlay that fits the schema contradicts itself. Says nothing about nodes. */
export function checkOverlay({ spec }: Overlay): Problem[] {
  const shape = checkTopologyShape(spec.topology);
  // Only what is of bounded size and complete can be expanded, and the checks of names and room need that.
  const topology = shape.length === 0 ? expandTopology(spec) : null;
  return [
    ...checkTopologyFields(spec.topology),
    ...shape,
    ...(topology === null ? [] : checkTopologyNames(spec, topology)),
    ...checkPlacement(spec),
    ...checkAddressing(spec, topology),
    ...(topology === null ? [] : checkStaticRouting(spec, topology)),
  ];
}

/** Every router has a route to every other and every link: the number grows with the square. */
const MAX_STATIC_ROUTES = 500_000;

function checkPlacement({ placement }: Spec): Problem[] {
  return placement.nodes.flatMap((node, index) => {
    if (placement.nodes.indexOf(node) === index) return [];
    const message = `node ${node} is in the list twice`;
    return [{ code: 'duplicate-node', path: `spec.placement.nodes[${index}]`, message }];
  });
}

function checkStaticRouting(spec: Spec, { routers, links, segments }: Topology): Problem[] {
  if (spec.routing?.protocol !== 'static') return [];
  const routes = routers.length * (routers.length - 1 + links.length + segments.length);
  if (routes <= MAX_STATIC_ROUTES) return [];
  return [
    {
      code: 'too-many-routes',
      path: 'spec.routing.protocol',
      message: `static routing of this topology takes ${routes} routes, and at most ${MAX_STATIC_ROUTES} are written`,
      hint: 'use ospf',
    },
  ];
}
