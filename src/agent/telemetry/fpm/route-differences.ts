import type { Route } from '../../../model/route.ts';
import { protocolName } from '../../kernel/route-message.ts';
import type { DecisionTable } from './decision-table.ts';
import { describeKey } from './route-decision.ts';

/** Where zebra and the kernel disagree; each entry is `PREFIX PROTOCOL`, sorted. */
export interface RouteDifferences {
  /** Chosen by zebra, and the kernel does not have it. */
  readonly missing: readonly string[];
  /** In the kernel as a routing protocol's, and zebra has not chosen it. */
  readonly stray: readonly string[];
}

export const NO_DIFFERENCES: RouteDifferences = { missing: [], stray: [] };

/**
 * Compares the routes of routing protocols in one table. Pure.
 * @param kernel unicast routes as the kernel has them
 * @param own number of the table
 */
export function findDifferences(
  decisions: DecisionTable,
  kernel: readonly Route[],
  own: number,
): RouteDifferences {
  const chosen = new Map<string, string>();
  for (const { key, protocol } of decisions.entries()) {
    const { prefix, table } = describeKey(key);
    if (table === own) chosen.set(prefix, protocolName(protocol));
  }
  const present = new Set(kernel.map(({ prefix, protocol }) => `${prefix} ${protocol}`));
  const missing = [...chosen]
    .filter(([prefix, protocol]) => OF_DAEMONS.has(protocol) && !present.has(`${prefix} ${protocol}`))
    .map(([prefix, protocol]) => `${prefix} ${protocol}`);
  // zebra calls a route that somebody else made, whatever its protocol, the kernel's.
  const stray = kernel
    .filter(({ prefix, protocol }) => {
      const choice = chosen.get(prefix);
      return OF_DAEMONS.has(protocol) && choice !== protocol && choice !== 'kernel';
    })
    .map(({ prefix, protocol }) => `${prefix} ${protocol}`);
  return { missing: missing.sort(), stray: [...new Set(stray)].sort() };
}

/** Routing protocols whose routes FRR's zebra programs. */
const OF_DAEMONS: ReadonlySet<string> = new Set([
  'static',
  'ospf',
  'isis',
  'bgp',
  'rip',
  'ripng',
  'babel',
  'eigrp',
  'openfabric',
]);
