import { countNote } from './count-note.ts';
import type { JoinedLink } from './joined-links.ts';

export interface SpeedCosts {
  /** In the order of the links; null where nothing is known of a link's speed. */
  readonly costs: readonly (number | null)[];
  readonly notes: readonly string[];
}

/**
 * OSPF costs in inverse proportion to speed, from 1 to 65535 (RFC 2328, appendix C.3). The fastest link has 10, which
 * is also what a link has that nothing is said of.
 */
export function speedCosts(links: readonly JoinedLink[]): SpeedCosts {
  let fastestBps: number | null = null;
  for (const { speedBps } of links) {
    if (speedBps !== null && speedBps > (fastestBps ?? 0)) fastestBps = speedBps;
  }
  const costs = links.map(({ speedBps }) =>
    speedBps === null || fastestBps === null
      ? null
      : Math.min(MAX_COST, Math.round(FASTEST_COST * (fastestBps / speedBps))),
  );
  const unknown = costs.filter((cost) => cost === null).length;
  if (unknown === links.length) return { costs, notes: ['no link says its speed: all have the cost of 10'] };
  const notes = countNote(
    unknown,
    'link does not say its speed and has the cost of the fastest',
    'links do not say their speed and have the cost of the fastest',
  );
  return { costs, notes };
}

const FASTEST_COST = 10;
const MAX_COST = 65_535;
