import { formatIpAddress, formatIpPrefix, networkOf } from '../../model/ip-prefix.ts';
import { commonFamilies } from '../../model/routing-options.ts';
import { PROTOCOL_FEATURES } from '../../model/routing-protocols.ts';
import type {
  BgpPeer,
  PrefixListState,
  RedistributionState,
  RouteMapEntry,
  RouteMapState,
  RoutingState,
} from '../../model/routing-state.ts';
import { type GuestPlan, guestAddresses } from '../guest.ts';
import type { Attachment } from '../wiring.ts';
import type { Speaker, Speakers } from './speakers.ts';

type Parts = Pick<RoutingState, 'ospf' | 'ospf6' | 'isis' | 'bgp' | 'rip' | 'ripng' | 'babel'>;
type Policy = Pick<RoutingState, 'prefixLists' | 'routeMaps'>;

/** Another overlay's host that is attached to a router. */
interface Guest {
  readonly name: string;
  readonly plan: GuestPlan;
  readonly attachment: Attachment;
  /** The end of the link at the internal router. */
  readonly far: readonly string[];
}

/** The autonomous system that a router has towards guests: its own, or one that stays between them. */
export function systemTowardsGuests({ as }: Speaker): number {
  return as === 0 ? BETWEEN_AS : as;
}

/**
 * What a router says to the internal routers of the guests that are attached to it, over BGP (RFC 4271): all that it
 * knows. It hears of their own addresses, nothing else, and tells the overlay in the protocols that it speaks.
 */
export function addGuests<T extends Parts>(speakers: Speakers, speaker: Speaker, parts: T): T & Policy {
  const guests = guestsAt(speakers, speaker.name);
  if (guests.length === 0) return { ...parts, prefixLists: [], routeMaps: [] };
  const { families } = speakers.wiring.book;
  const peers = guests.flatMap(peersOf);
  const bgp = parts.bgp ?? {
    as: systemTowardsGuests(speaker),
    families,
    peers: [],
    key: '',
    defaultOriginate: 'never' as const,
    distance: 0,
    redistribute: allInto(speaker, families),
  };
  const told = (protocol: keyof Parts) => {
    const part = parts[protocol];
    if (part === null || protocol === 'bgp') return {};
    // All that BGP gives this router are routes to guests.
    const learned = PROTOCOL_FEATURES[protocol].families
      .filter((family) => families.includes(family))
      .map((family): RedistributionState => ({ source: 'bgp', family, routeMap: '' }));
    return { [protocol]: { ...part, redistribute: [...part.redistribute, ...learned] } };
  };
  return {
    ...parts,
    ...told('ospf'),
    ...told('ospf6'),
    ...told('isis'),
    ...told('rip'),
    ...told('ripng'),
    ...told('babel'),
    bgp: { ...bgp, peers: [...bgp.peers, ...peers] },
    prefixLists: guests.flatMap(({ name, plan }) => exactly(filterOf(name), plan)),
    routeMaps: guests.map(({ name, plan }) => permitting(filterOf(name), plan)),
  };
}

/** A private one (RFC 6996) that is given to nobody else: no path through it leaves the router. */
const BETWEEN_AS = 4_209_999_999;

/** Nobody's own list is called so: names of the file have no dot. */
function filterOf(guest: string): string {
  return `guest.${guest}`;
}

function guestsAt({ wiring }: Speakers, router: string): Guest[] {
  return wiring.attachmentsOf(router).flatMap((attachment): Guest[] => {
    const { to } = attachment;
    if (to.kind === 'segment') return [];
    const [name] = to.link.ends;
    const plan = wiring.guestOf(name);
    if (plan === null) return [];
    return [{ name, plan, attachment, far: wiring.book.linkAddresses(to.link.name, 0).map(formatIpAddress) }];
  });
}

function peersOf({ name, plan, attachment, far }: Guest): BgpPeer[] {
  const families = new Set(guestAddresses(plan).map(({ family }) => family));
  return attachment.addresses.flatMap(({ family }, index): BgpPeer[] => {
    const address = far[index];
    if (address === undefined || !families.has(family)) return [];
    return [{ ...externalPeer(name, address, plan.as, family), in: filterOf(name) }];
  });
}

export function externalPeer(name: string, address: string, as: number, family: 4 | 6): BgpPeer {
  return {
    name,
    address,
    unnumbered: false,
    as,
    source: '',
    families: [family],
    external: true,
    client: false,
    nextHopSelf: false,
    in: '',
    out: '',
  };
}

function allInto({ protocols }: Speaker, families: readonly (4 | 6)[]): RedistributionState[] {
  return (['connected', ...protocols] as const).flatMap((source) =>
    commonFamilies(source, 'bgp')
      .filter((family) => families.includes(family))
      .map((family) => ({ source, family, routeMap: '' })),
  );
}

/** Prefix lists, one a family, that hold the host's own prefixes. */
function exactly(name: string, plan: GuestPlan): PrefixListState[] {
  return guestAddresses(plan).map((address) => ({
    name,
    family: address.family,
    entries: [entry(5, 'permit', formatIpPrefix(networkOf(address)))],
  }));
}

function permitting(name: string, plan: GuestPlan): RouteMapState {
  const families = guestAddresses(plan).map(({ family }) => family);
  return { name, entries: families.map((family, index) => matching(5 + index, name, family)) };
}

export function entry(
  sequence: number,
  action: 'permit' | 'deny',
  prefix: string,
  { ge = 0, le = 0 } = {},
): PrefixListState['entries'][number] {
  return { sequence, action, prefix, ge, le };
}

/** An entry that takes what a prefix list permits. */
export function matching(sequence: number, list: string, family: 4 | 6): RouteMapEntry {
  return {
    sequence,
    action: 'permit',
    matchPrefixList4: family === 4 ? list : '',
    matchPrefixList6: family === 6 ? list : '',
    matchInterface: '',
    matchTag: 0,
    matchMetric: '',
    setTag: 0,
    setMetric: '',
    setLocalPreference: '',
    setWeight: '',
    setAsPathPrepend: [],
    setCommunities: [],
  };
}
