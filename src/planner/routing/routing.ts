import { daemonsNeeded, type FrrLines, linesFor, readFrrLines } from '../../model/frr-lines.ts';
import { formatIpAddress, formatIpPrefix } from '../../model/ip-prefix.ts';
import { durationMs, type RoutingOptions } from '../../model/routing-options.ts';
import { PROTOCOL_FEATURES } from '../../model/routing-protocols.ts';
import type { Protocol, Timers } from '../../model/routing-schema.ts';
import {
  type BfdState,
  DAEMONS,
  type DaemonName,
  type PimState,
  type RoutingState,
  type StaticRoute,
} from '../../model/routing-state.ts';
import type { AddressBook } from '../address-book.ts';
import type { Wiring } from '../wiring.ts';
import { planBgp } from './bgp.ts';
import { addGuests } from './guests.ts';
import { planIsis } from './isis.ts';
import { isInTotalArea, planOspf } from './ospf.ts';
import { planPrefixLists, planRouteMaps } from './policy.ts';
import { authenticationOf, redistributionInto } from './protocol-options.ts';
import { findSpeakers, interfacesOf, type Speaker, type Speakers } from './speakers.ts';
import { computeStaticRoutes } from './static-routes.ts';

/** What each router's FRR is told; null where there is nothing to tell. */
export function planRouting(wiring: Wiring): (router: string) => RoutingState | null {
  const speakers = findSpeakers(wiring);
  const isStatic = speakers.all.some(({ protocols }) => protocols.includes('static'));
  const routes = isStatic ? computeStaticRoutes(wiring) : new Map<string, StaticRoute[]>();
  const timers = usualTimers(wiring);
  return (router) => planRouter(speakers, speakers.of(router), routes.get(router) ?? [], timers);
}

/** Paths that one process computes anew after a change; beyond, it would miss its neighbours' hellos meanwhile. */
const MOST_PATHS_AT_ONCE = 100_000;

/** What all routers must agree on where nothing is said. */
function usualTimers({ overlay, topology, nodeOf }: Wiring): Timers {
  if (overlay.spec.routing?.instance !== 'shared') return 'fast';
  const served = new Map<string, number>();
  for (const router of topology.routers) served.set(nodeOf(router), (served.get(nodeOf(router)) ?? 0) + 1);
  const paths = Math.max(...served.values()) * topology.routers.length;
  return paths > MOST_PATHS_AT_ONCE ? 'calm' : 'fast';
}

function planRouter(
  speakers: Speakers,
  speaker: Speaker,
  computed: readonly StaticRoute[],
  timers: Timers,
): RoutingState | null {
  const { options, protocols } = speaker;
  const { wiring } = speakers;
  const speaks = (protocol: Protocol) => protocols.includes(protocol);
  const routerId = routerIdOf(wiring.book, speaker.name);
  const raw = readFrrLines(wiring.overlay.spec.routers?.[speaker.name]?.frr ?? '');
  const prefixLists = planPrefixLists(options);
  const parts = addGuests(speakers, speaker, {
    bfd: bfdOf(speaker),
    ospf: speaks('ospf') ? planOspf(speakers, speaker, 'ospf') : null,
    ospf6: speaks('ospf6') ? planOspf(speakers, speaker, 'ospf6') : null,
    isis: speaks('isis') ? planIsis(speakers, speaker, routerId) : null,
    bgp: speaks('bgp') ? planBgp(speakers, speaker) : null,
    rip: speaks('rip') ? planRip(speakers, speaker, 'rip') : null,
    ripng: speaks('ripng') ? planRip(speakers, speaker, 'ripng') : null,
    babel: speaks('babel') ? planBabel(speakers, speaker) : null,
    pim: planPim(speakers, speaker),
    routes: [...(speaks('static') ? computed : []), ...ownRoutes(options)],
  });
  const daemons = daemonsFor(parts, speaks('static'), raw);
  if (daemons.length === 1) return null;
  return {
    hostname: speaker.name,
    routerId,
    daemons,
    timers: options.timers ?? timers,
    maximumPaths: options.maximumPaths ?? 0,
    gracefulRestart: options.gracefulRestart ?? false,
    summarized: isSummarized(speaker),
    neighbors: countNeighbors(parts, cutInterfaces(speakers, speaker)),
    drained: false,
    renewsDaemons: false,
    ...parts,
    prefixLists: [...prefixLists, ...parts.prefixLists],
    routeMaps: [...planRouteMaps(options, prefixLists), ...parts.routeMaps],
    raw: daemons
      .map((daemon) => ({ daemon, lines: linesFor(raw, daemon) }))
      .filter(({ lines }) => lines.length > 0),
  };
}

type Parts = Pick<
  RoutingState,
  'bfd' | 'ospf' | 'ospf6' | 'isis' | 'bgp' | 'rip' | 'ripng' | 'babel' | 'pim' | 'routes'
>;

function daemonsFor(parts: Parts, isStatic: boolean, raw: FrrLines): DaemonName[] {
  const wanted = new Set<DaemonName>(['zebra', ...daemonsNeeded(raw)]);
  const { bfd, ospf, ospf6, isis, bgp, rip, ripng, babel, pim, routes } = parts;
  const byPart = { ospfd: ospf, ospf6d: ospf6, isisd: isis, bgpd: bgp, ripd: rip, ripngd: ripng };
  for (const [daemon, part] of Object.entries({ ...byPart, babeld: babel, pimd: pim, bfdd: bfd })) {
    if (part !== null) wanted.add(daemon as DaemonName);
  }
  if (isStatic || routes.length > 0) wanted.add('staticd');
  return DAEMONS.filter((daemon) => wanted.has(daemon));
}

/** The router's IPv4 address, or its number where the overlay has no IPv4. */
function routerIdOf(book: AddressBook, router: string): string {
  const ipv4 = book.loopbacks(router).find(({ family }) => family === 4);
  return formatIpAddress(ipv4 ?? { family: 4, value: BigInt(book.numberOf(router) + 1) });
}

function bfdOf({ options, protocols }: Speaker): BfdState | null {
  const { bfd } = options;
  const isUsed = protocols.some((protocol) => PROTOCOL_FEATURES[protocol].bfd);
  if (bfd === undefined || bfd === false || !isUsed) return null;
  return { intervalMs: durationMs(bfd.interval), multiplier: bfd.multiplier ?? 3 };
}

function planRip(speakers: Speakers, speaker: Speaker, protocol: 'rip' | 'ripng'): RoutingState['rip'] {
  return {
    interfaces: interfacesOf(speakers, speaker, protocol).filter(({ network }) => network !== 'loopback'),
    prefixes: speakers.wiring.book
      .loopbacks(speaker.name)
      .filter(({ family }) => family === (protocol === 'rip' ? 4 : 6))
      .map(formatIpPrefix),
    authentication: authenticationOf(speaker.options, protocol),
    defaultOriginate: speaker.options.defaultOriginate ?? 'never',
    redistribute: redistributionInto(speakers, speaker, protocol),
  };
}

/** Babel knows no passive interfaces: what is only to be announced is taken over as connected. */
function planBabel(speakers: Speakers, speaker: Speaker): RoutingState['babel'] {
  const redistribute = redistributionInto(speakers, speaker, 'babel');
  const connected = speakers.wiring.book.families
    .filter((family) => !redistribute.some((one) => one.source === 'connected' && one.family === family))
    .map((family) => ({ source: 'connected', family, routeMap: '' }));
  return {
    interfaces: interfacesOf(speakers, speaker, 'babel').filter(({ passive }) => !passive),
    redistribute: [...connected, ...redistribute],
  };
}

function planPim({ wiring }: Speakers, { name, options }: Speaker): PimState | null {
  const { pim } = options;
  const meeting = pim === undefined ? undefined : wiring.book.loopbacks(pim.rendezvousPoint)[0];
  if (pim === undefined || meeting?.family !== 4) return null;
  return {
    rendezvousPoint: formatIpAddress(meeting),
    groups: pim.groups ?? '224.0.0.0/4',
    interfaces: [
      { name: 'lo', igmp: false },
      ...wiring.attachmentsOf(name).map(({ interface: device, to }) => ({
        name: device,
        // Where hosts are, or may be.
        igmp: to.kind === 'segment' || to.link.isAccess,
      })),
    ],
  };
}

function ownRoutes({ routes = [] }: RoutingOptions): StaticRoute[] {
  return routes.map(({ prefix, via = '', interface: device = '', distance = 0 }) => ({
    prefix,
    via,
    interface: device,
    distance,
  }));
}

function isSummarized(speaker: Speaker): boolean {
  const { protocols, options } = speaker;
  const isTotal = (['ospf', 'ospf6'] as const).some(
    (protocol) => protocols.includes(protocol) && isInTotalArea(speaker, protocol),
  );
  return isTotal || (protocols.includes('isis') && options.isis?.level === 1);
}

/** On a segment not everybody is everybody's neighbour (RFC 2328, 10.4). */
function countNeighbors(parts: Parts, cut: ReadonlySet<string>): number {
  const { ospf, ospf6, isis, rip, ripng, babel, bgp } = parts;
  const links = [ospf, ospf6, isis, rip, ripng, babel].flatMap((protocol) => protocol?.interfaces ?? []);
  const active = links.filter(
    ({ name, network, passive }) => network === 'point-to-point' && !passive && !cut.has(name),
  );
  return active.length + (bgp?.peers.length ?? 0);
}

function cutInterfaces({ wiring }: Speakers, { name }: Speaker): ReadonlySet<string> {
  const cut = wiring.attachmentsOf(name).filter(({ isDown }) => isDown);
  return new Set(cut.map((attachment) => attachment.interface));
}
