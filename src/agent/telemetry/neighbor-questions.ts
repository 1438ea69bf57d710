import type { DaemonName, RoutingState } from '../../model/routing-state.ts';
import { recordOf, recordsOf } from '../frr/json-answer.ts';
import { babelStates, ripStates } from './neighbor-texts.ts';

/** Routing neighbours by `PROTOCOL STATE`, such as `ospf Full`; states are the protocol's own words, or ours where it has none. */
export type NeighborTally = ReadonlyMap<string, number>;

/** How a protocol's neighbours are asked for, and read from the answer. */
export interface NeighborQuestion {
  readonly protocol: string;
  readonly daemon: DaemonName;
  readonly command: string;
  /** The state in which a neighbour's routes are used. */
  readonly full: string;
  /** One state for each neighbour in the answer, which may be anything. */
  readonly states: (answer: unknown) => string[];
}

/** The questions to ask of a router, by what it speaks. */
export function questionsFor(routing: RoutingState): NeighborQuestion[] {
  return QUESTIONS.filter(({ protocol }) => routing[protocol] !== null);
}

/** Neighbours whose routes are used, over all protocols; those that only watch a link are no routing neighbours. */
export function countFull(tally: NeighborTally): number {
  return QUESTIONS.filter(({ protocol }) => ROUTING.has(protocol)).reduce(
    (sum, { protocol, full }) => sum + (tally.get(`${protocol} ${full}`) ?? 0),
    0,
  );
}

/** Of OSPFv2 from `{neighbors: {ROUTER-ID: [{nbrState: "Full/DR"}]}}`; FRR 8 says `state` in some places. */
export function ospfStates(answer: unknown): string[] {
  return Object.values(recordOf(recordOf(answer).neighbors)).flatMap((list) =>
    recordsOf(list).map(({ nbrState, state }) => firstWord(nbrState ?? state)),
  );
}

/** From `{neighbors: [{state: "Full"}]}`. */
export function ospf6States(answer: unknown): string[] {
  return recordsOf(recordOf(answer).neighbors).map(({ state }) => firstWord(state));
}

/** From `{areas: [{circuits: [{adj: "0100.2000.0002", state: "Up"}]}]}`; a circuit of nobody has no `adj`. */
export function isisStates(answer: unknown): string[] {
  return recordsOf(recordOf(answer).areas).flatMap(({ circuits }) =>
    recordsOf(circuits)
      .map((circuit) => ({ adj: circuit.adj, state: circuit.state ?? recordOf(circuit.interface).state }))
      .filter(({ adj }) => adj !== undefined)
      .map(({ state }) => firstWord(state)),
  );
}

/** A session counts once, however many families it carries: `{ipv4Unicast: {peers: {ADDRESS: {state}}}}`. */
export function bgpStates(answer: unknown): string[] {
  const states = new Map<string, string>();
  for (const family of Object.values(recordOf(answer)))
    for (const [peer, { state }] of Object.entries(recordOf(recordOf(family).peers)).map(
      ([name, value]) => [name, recordOf(value)] as const,
    ))
      states.set(peer, firstWord(state));
  return [...states.values()];
}

/** From `{INTERFACE: {ADDRESS: {…}}}`: whoever is told of is a neighbour. */
export function pimStates(answer: unknown): string[] {
  return Object.values(recordOf(answer)).flatMap((neighbors) =>
    Object.keys(recordOf(neighbors)).map(() => 'Up'),
  );
}

/** From `[{peer, status: "up"}]`. */
export function bfdStates(answer: unknown): string[] {
  return recordsOf(answer).map(({ status }) => firstWord(status));
}

const QUESTIONS = [
  {
    protocol: 'ospf',
    daemon: 'ospfd',
    command: 'show ip ospf neighbor json',
    full: 'Full',
    states: ospfStates,
  },
  {
    protocol: 'ospf6',
    daemon: 'ospf6d',
    command: 'show ipv6 ospf6 neighbor json',
    full: 'Full',
    states: ospf6States,
  },
  { protocol: 'isis', daemon: 'isisd', command: 'show isis neighbor json', full: 'Up', states: isisStates },
  {
    protocol: 'bgp',
    daemon: 'bgpd',
    command: 'show bgp summary json',
    full: 'Established',
    states: bgpStates,
  },
  { protocol: 'rip', daemon: 'ripd', command: 'show ip rip status', full: 'Up', states: ripStates },
  {
    protocol: 'ripng',
    daemon: 'ripngd',
    command: 'show ipv6 ripng status',
    full: 'Up',
    states: ripStates,
  },
  { protocol: 'babel', daemon: 'babeld', command: 'show babel neighbor', full: 'Up', states: babelStates },
  { protocol: 'pim', daemon: 'pimd', command: 'show ip pim neighbor json', full: 'Up', states: pimStates },
  { protocol: 'bfd', daemon: 'bfdd', command: 'show bfd peers json', full: 'up', states: bfdStates },
] as const satisfies readonly NeighborQuestion[];

const ROUTING: ReadonlySet<string> = new Set(['ospf', 'ospf6', 'isis', 'bgp', 'rip', 'ripng', 'babel']);

function firstWord(state: unknown): string {
  return (typeof state === 'string' ? /^[A-Za-z0-9-]+/.exec(state)?.[0] : undefined) ?? 'Unknown';
}
