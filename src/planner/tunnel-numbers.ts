import { assignIndexes, type IndexTable } from './index-table.ts';
import type { NumberedTunnel } from './tunnel-list.ts';

/** Numbers or UDP ports by the name of their tunnel. */
export type NumberTable = Readonly<Record<string, number>>;

/** What other overlays hold: no two of a controller may have the same, since they may meet on a node. */
export interface TakenNumbers {
  readonly numbers: ReadonlySet<number>;
  readonly ports: ReadonlySet<number>;
}

export const NOTHING_TAKEN: TakenNumbers = { numbers: new Set(), ports: new Set() };

/** All that some plans hold. */
export function takenBy(
  plans: Iterable<{ readonly numbers: NumberTable; readonly ports: NumberTable }>,
): TakenNumbers {
  const numbers = new Set<number>();
  const ports = new Set<number>();
  for (const plan of plans) {
    for (const number of Object.values(plan.numbers)) numbers.add(number);
    for (const port of Object.values(plan.ports)) ports.add(port);
  }
  return { numbers, ports };
}

/** VNIs, GRE keys and IPsec's request IDs. Low ones are what people configure by hand; a VNI has 24 bits (RFC 7348). */
const NUMBERS = { first: 1000, last: 2 ** 24 - 1 } as const;

/** Below the ports that Linux gives to clients (ip_local_port_range), above those of well-known services. */
const PORTS = { first: 10_000, last: 32_767 } as const;

/**
 * A number for each tunnel between two sites. One that was given stays for as long as the link is there, also while
 * both ends share a site. Null when there are no more.
 */
export function assignNumbers(
  tunnels: readonly NumberedTunnel[],
  previous: NumberTable,
  taken: ReadonlySet<number>,
): NumberTable | null {
  return assign(tunnels, previous, taken, NUMBERS);
}

/** The same for UDP ports, of those tunnels that have one of their own. */
export function assignPorts(
  tunnels: readonly NumberedTunnel[],
  previous: NumberTable,
  taken: ReadonlySet<number>,
): NumberTable | null {
  const withPort = tunnels.filter(({ hasOwnPort }) => hasOwnPort);
  return assign(withPort, previous, taken, PORTS);
}

function assign(
  tunnels: readonly NumberedTunnel[],
  previous: NumberTable,
  taken: ReadonlySet<number>,
  { first, last }: { readonly first: number; readonly last: number },
): NumberTable | null {
  const had = new Map(Object.entries(previous));
  const names = tunnels.filter(({ name, spans }) => spans || had.has(name)).map(({ name }) => name);
  const table = assignIndexes(names, shift(previous, -first), {
    capacity: last - first + 1,
    taken: new Set([...taken].map((value) => value - first)),
  });
  return table === null ? null : shift(table, first);
}

function shift(table: IndexTable, by: number): IndexTable {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, value + by]));
}
