import { checkAddressing } from './addressing-check.ts';
import { checkVrfNames } from './isolation-check.ts';
import { checkLinks } from './links-check.ts';
import type { Damage } from './partial-document.ts';
import type { Problem } from './problem.ts';
import { checkRouting } from './routing-check.ts';
import { expandTopology, type OverlayParts, type Spec, type Topology } from './topology.ts';
import { checkTopologyNames } from './topology-check.ts';
import { checkTopologyFields, checkTopologyShape } from './topology-shape-check.ts';

/**
 * Everything in which an overlay contradicts itself. Says nothing about nodes. Of an overlay that does not fit
 * the schema the parts that do are checked, as far as they mean something without the others.
 */
export function checkOverlay({ spec }: OverlayParts, isDamaged: Damage = () => false): Problem[] {
  const { topology } = spec;
  const isWhole = !isDamaged(['spec', 'topology']);
  if (topology === undefined) {
    return [
      ...checkPlacement(spec),
      ...checkAddressing(spec, null, isDamaged),
      ...checkRouting(spec, isDamaged),
    ];
  }
  const parts = { ...spec, topology };
  const shape = checkTopologyShape(topology);
  // Only what is of bounded size and complete can be expanded.
  const expanded = shape.length === 0 ? expandTopology(parts) : null;
  const whole = isWhole ? expanded : null;
  return [
    ...checkTopologyFields(topology),
    ...(isWhole ? shape : []),
    ...(expanded === null ? [] : checkTopologyNames(parts, expanded, isDamaged)),
    ...checkPlacement(spec),
    ...checkAddressing(spec, whole, isDamaged),
    ...(isDamaged(['spec', 'links']) ? [] : checkLinks(parts, whole)),
    ...checkRouting(spec, isDamaged),
    ...(whole === null ? [] : [...checkStaticRouting(spec, whole), ...checkVrfNames(spec, whole)]),
  ];
}

/** Every router has a route to every other and every link: the number grows with the square. */
const MAX_STATIC_ROUTES = 500_000;

function checkPlacement({ placement }: Partial<Spec>): Problem[] {
  const { nodes } = placement ?? { nodes: [] };
  return nodes.flatMap((node, index) => {
    if (nodes.indexOf(node) === index) return [];
    const message = `node ${node} is in the list twice`;
    return [{ code: 'duplicate-node', path: `spec.placement.nodes[${index}]`, message }];
  });
}

function checkStaticRouting(spec: Partial<Spec>, { routers, links, segments }: Topology): Problem[] {
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
