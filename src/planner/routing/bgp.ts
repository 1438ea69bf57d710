import { formatIpAddress } from '../../model/ip-prefix.ts';
import type { BgpPeer, BgpState } from '../../model/routing-state.ts';
import type { Attachment } from '../wiring.ts';
import { authenticationOf, redistributionInto } from './protocol-options.ts';
import { othersOn, type Speaker, type Speakers } from './speakers.ts';

/**
 * BGP of a router that speaks it: a session over each link to another autonomous system, and within its own
 * one with everybody, or with the route reflectors where there are some (RFC 4456). What the router is
 * connected to is announced unless the operator says how.
 */
export function planBgp(speakers: Speakers, speaker: Speaker): BgpState {
  const { options, as } = speaker;
  const { families } = speakers.wiring.book;
  const external = externalPeers(speakers, speaker);
  const redistribute = redistributionInto(speakers, speaker, 'bgp');
  const saysConnected = redistribute.some(({ source }) => source === 'connected');
  const connected = families.map((family) => ({ source: 'connected', family, routeMap: '' }));
  return {
    as,
    families,
    peers: [...external, ...internalPeers(speakers, speaker, external.length > 0)],
    key: authenticationOf(options, 'bgp')?.key ?? '',
    defaultOriginate: options.defaultOriginate ?? 'never',
    distance: 0,
    redistribute: saysConnected ? redistribute : [...connected, ...redistribute],
  };
}

/** The other routers of the same autonomous system that a router has a session with. */
export function internalNeighbors(speakers: Speakers, speaker: Speaker): Speaker[] {
  const system = speakers.all.filter(({ as }) => as === speaker.as);
  const reflectors = reflectorsOf(speaker);
  const hasReflectors = system.some(({ name }) => reflectors.has(name));
  return system.filter(
    ({ name }) =>
      name !== speaker.name && (!hasReflectors || reflectors.has(name) || reflectors.has(speaker.name)),
  );
}

function externalPeers(speakers: Speakers, speaker: Speaker): BgpPeer[] {
  return speakers.wiring.attachmentsOf(speaker.name).flatMap((attachment) =>
    othersOn(attachment, speaker.name)
      .map((name) => speakers.of(name))
      .filter((other) => other.as !== 0 && other.as !== speaker.as)
      .flatMap((other) => sessionsOver(speakers, speaker, attachment, other)),
  );
}

function sessionsOver(
  { wiring }: Speakers,
  speaker: Speaker,
  attachment: Attachment,
  other: Speaker,
): BgpPeer[] {
  const { families } = wiring.book;
  const common = { ...peerOf(speaker, other), external: true };
  const { to } = attachment;
  if (to.kind === 'link' && speaker.options.bgp?.unnumbered === true) {
    return [{ ...common, address: attachment.interface, unnumbered: true, families }];
  }
  const addresses =
    to.kind === 'segment'
      ? wiring.book.segmentAddresses(to.segment.name, other.name)
      : wiring.book.linkAddresses(to.link.name, to.side === 0 ? 1 : 0);
  return addresses.map((address) => ({
    ...common,
    address: formatIpAddress(address),
    families: [address.family],
  }));
}

/** Between the routers' own addresses, which an interior protocol leads to. */
function internalPeers(speakers: Speakers, speaker: Speaker, isBorder: boolean): BgpPeer[] {
  const { book } = speakers.wiring;
  const reflectors = reflectorsOf(speaker);
  const own = book.loopbacks(speaker.name);
  return internalNeighbors(speakers, speaker).flatMap((other) =>
    book.loopbacks(other.name).map((address, index): BgpPeer => {
      const source = own[index];
      return {
        ...peerOf(speaker, other),
        address: formatIpAddress(address),
        source: source === undefined ? '' : formatIpAddress(source),
        families: [address.family],
        client: reflectors.has(speaker.name) && !reflectors.has(other.name),
        nextHopSelf: isBorder,
      };
    }),
  );
}

function peerOf({ options }: Speaker, other: Speaker): BgpPeer {
  const { in: received = '', out: sent = '', neighbors } = options.bgp ?? {};
  const own = neighbors?.[other.name];
  return {
    name: other.name,
    address: '',
    unnumbered: false,
    as: other.as,
    source: '',
    families: [],
    external: false,
    client: false,
    nextHopSelf: false,
    in: own?.in ?? received,
    out: own?.out ?? sent,
  };
}

function reflectorsOf({ options }: Speaker): ReadonlySet<string> {
  return new Set(options.bgp?.routeReflectors ?? []);
}
