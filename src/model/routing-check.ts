import { readFrrLines } from './frr-lines.ts';
import { checkInstance } from './instance-check.ts';
import { checkIsolation } from './isolation-check.ts';
import { networkRanges } from './network-range.ts';
import type { Damage } from './partial-document.ts';
import type { Problem } from './problem.ts';
import { routingOptions } from './routing-options.ts';
import { checkRoutingPart } from './routing-part-check.ts';
import type { Spec } from './topology.ts';

/**
 * Everything in which the routing of an overlay contradicts itself: what is said of all routers, and what is
 * said of one joined with it. How routers fit each other is for the planner to see.
 */
export function checkRouting(spec: Partial<Spec>, isDamaged: Damage): Problem[] {
  if (isDamaged(['spec', 'routing']) || isDamaged(['spec', 'addressing', 'network'])) {
    return checkRawLines(spec);
  }
  const families = networkRanges(spec).map(({ family }) => family);
  const common = checkRoutingPart('spec.routing', routingOptions(spec, ''), families);
  const own = Object.entries(spec.routers ?? {}).flatMap(([router, { routing }]) => {
    if (routing === undefined || isDamaged(['spec', 'routers', router])) return [];
    const path = `spec.routers.${router}.routing`;
    const said = Object.keys(routing).map((field) => `${path}.${field}`);
    // What the router only takes over from the overlay was looked at there.
    return checkRoutingPart(path, routingOptions(spec, router), families).filter((problem) =>
      said.some((field) => problem.path.startsWith(field)),
    );
  });
  return [...common, ...own, ...checkInstance(spec), ...checkIsolation(spec), ...checkRawLines(spec)];
}

function checkRawLines(spec: Partial<Spec>): Problem[] {
  return Object.entries(spec.routers ?? {}).flatMap(([router, { frr }]) =>
    readFrrLines(frr ?? '').faults.map(({ number, text, message }) => ({
      code: 'unknown-frr-line',
      path: `spec.routers.${router}.frr`,
      message: `line ${number}, "${text}": ${message}`,
      hint: 'write lines as "show running-config" shows them: what belongs to a section is indented',
    })),
  );
}
