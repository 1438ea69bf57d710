import { internalRouterOf } from '../model/internal-router.ts';
import { formatIpAddress, formatIpPrefix, type IpPrefix, networkOf } from '../model/ip-prefix.ts';
import { networkRanges } from '../model/network-range.ts';
import type { BorderFilter, EnvironmentState, LinkState } from '../model/node-state.ts';
import type { Overlay } from '../model/overlay.ts';
import type { Checked, Problem } from '../model/problem.ts';
import type { HostSpec } from '../model/topology.ts';
import type { Bases } from './base-sites.ts';
import { linksOf } from './environments.ts';
import { planFabric } from './fabric.ts';
import { type GuestPlan, guestAddresses } from './guest.ts';
import { openKeyring } from './keyring.ts';
import { namesIn } from './overlay-names.ts';
import { needsSecrets } from './overlay-secrets.ts';
import { systemTowardsGuests } from './routing/guests.ts';
import { type Border, type BorderPeer, routeAcross } from './routing/internal-router.ts';
import { findSpeakers } from './routing/speakers.ts';
import { guestOverlaysOf } from './shared-hosts.ts';
import type { Ground } from './sites.ts';
import { type Wiring, wireOverlay } from './wiring.ts';

/** One other overlay that a host is in, as its internal router meets it. */
interface Leg {
  readonly overlay: Overlay;
  readonly wiring: Wiring;
  readonly guest: GuestPlan;
  readonly links: readonly LinkState[];
  readonly peers: readonly BorderPeer[];
}

/** What other overlays add to a host's environment and to that of its internal router. */
export interface SharedHost {
  readonly internalRouter: string;
  complete(router: EnvironmentState): EnvironmentState;
  readonly otherNames: EnvironmentState['otherNames'];
}

/** Of a host that may be in several overlays. Those that are not there yet, or cannot be built, are left away. */
export function planSharedHost(home: Wiring, host: HostSpec, ground: Ground): Checked<SharedHost> {
  const legs = guestOverlaysOf(home.overlay, host, ground.bases).flatMap((name) =>
    findLeg(name, host, ground),
  );
  const problems = checkInterfaces(home, host, legs);
  if (problems.length > 0) return { ok: false, problems };
  const otherNames = legs.flatMap(({ overlay, wiring }) =>
    namesIn(wiring).map(({ address, name }) => ({ address, name: `${name}.${overlay.metadata.name}` })),
  );
  return {
    ok: true,
    value: {
      internalRouter: internalRouterOf(host.name),
      otherNames,
      complete: (router) => ({
        ...router,
        links: [...router.links, ...legs.flatMap(({ links }) => links)],
        routing:
          router.routing === null
            ? null
            : routeAcross(router.routing, borderOf(home, host, legs, ground.bases)),
        filter: filterOf(home, host, router, legs, ground.bases),
        otherNames,
      }),
    },
  };
}

function findLeg(name: string, host: HostSpec, ground: Ground): Leg[] {
  const planned = ground.bases.get(name);
  const guest = planned?.plan.guests[host.name];
  if (planned === undefined || guest === undefined) return [];
  const { overlay, plan, secrets = null } = planned;
  const wiring = wireOverlay(overlay, plan);
  const fabric = planFabric(wiring, ground);
  // Whatever is in the way is told of that overlay itself.
  if (!fabric.ok || (secrets === null && needsSecrets(overlay))) return [];
  const keyring = secrets === null ? null : openKeyring(name, secrets);
  const speakers = findSpeakers(wiring);
  const families = new Set(guestAddresses(guest).map(({ family }) => family));
  const peers = wiring.attachmentsOf(host.name).flatMap(({ to }) => {
    if (to.kind === 'segment') return [];
    const router = to.link.ends[1];
    const as = systemTowardsGuests(speakers.of(router));
    return wiring.book
      .linkAddresses(to.link.name, 1)
      .filter(({ family }) => families.has(family))
      .map((address) => ({ router, address, as }));
  });
  return [{ overlay, wiring, guest, links: linksOf({ ...fabric.value, keyring }, host.name), peers }];
}

/** Interfaces bear the names of router and overlay, as far as Linux has room for them. */
function checkInterfaces(home: Wiring, host: HostSpec, legs: readonly Leg[]): Problem[] {
  const own = home.attachmentsOf(internalRouterOf(host.name)).map((attachment) => attachment.interface);
  const names = [...own, ...legs.flatMap(({ links }) => links.map(({ name }) => name))];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return [];
  const message = `two interfaces of ${internalRouterOf(host.name)} would be called ${twice}`;
  return [
    {
      code: 'name-too-long',
      path: 'spec.hosts',
      message,
      hint: 'give the routers that it is attached to shorter names',
    },
  ];
}

function borderOf(home: Wiring, host: HostSpec, legs: readonly Leg[], bases: Bases): Border {
  return {
    as: legs[0]?.guest.as ?? 0,
    own: home.addressesOf(host.name).map(networkOf),
    sides: legs.map(({ overlay, wiring, peers }) => ({
      overlay: overlay.metadata.name,
      peers,
      known: knownFrom(wiring, host, bases),
      foreign: rangesOf(
        [home, ...legs.map((leg) => leg.wiring)].filter((other) => other.overlay !== overlay),
      ),
    })),
  };
}

/** Prefixes of other hosts that several overlays share and that are members of this one. */
function knownFrom({ topology, overlay, addressesOf }: Wiring, host: HostSpec, bases: Bases): IpPrefix[] {
  const shared = (overlay.spec.hosts ?? [])
    .filter(({ name, home }) => home !== undefined && name !== host.name && bases.has(home))
    .map(({ name }) => name);
  return topology.guests
    .filter((name) => shared.includes(name))
    .flatMap((name) => addressesOf(name).map(networkOf));
}

function rangesOf(wirings: readonly Wiring[]): IpPrefix[] {
  return wirings.flatMap(({ overlay }) => networkRanges(overlay.spec));
}

/**
 * The host sends as itself, an overlay's packets bear sources of that overlay, its router's addresses in one overlay
 * are not there for another, and what is forwarded comes from the host, is for the host, or stays at home.
 */
function filterOf(
  home: Wiring,
  host: HostSpec,
  router: EnvironmentState,
  legs: readonly Leg[],
  bases: Bases,
): BorderFilter {
  const inside = host.name;
  const own = home.addressesOf(host.name);
  const homeSide = router.links.map(({ name }) => name).filter((name) => name !== inside);
  const homeAddresses = [...router.loopback, ...router.links.flatMap(({ addresses }) => addresses)].map(
    withoutLength,
  );
  const legSides = legs.map(({ wiring, links }) => ({ wiring, names: links.map(({ name }) => name) }));
  const sides = [{ wiring: home, names: homeSide }, ...legSides];
  const sources = sides.flatMap(({ wiring, names }) => {
    const foreign = rangesOf(sides.map((side) => side.wiring).filter((other) => other !== wiring));
    const known = knownFrom(wiring, host, bases);
    return names.flatMap((name) => [
      ...own.map((prefix) => sourceFrom(name, networkOf(prefix), false)),
      ...known.map((prefix) => sourceFrom(name, prefix, true)),
      ...foreign.map((prefix) => sourceFrom(name, prefix, false)),
    ]);
  });
  const legAddresses = legs.flatMap(({ links }) =>
    links.flatMap(({ name, addresses }) =>
      addresses.map((address) => ({ name, address: withoutLength(address) })),
    ),
  );
  return {
    sources: [
      ...own.map((address) =>
        sourceFrom(inside, { ...address, length: address.family === 4 ? 32 : 128 }, true),
      ),
      // Neighbour discovery (RFC 4861).
      ...(router.ipv6
        ? ['fe80::/10', '::'].map((prefix) => ({ interface: inside, prefix, accept: true }))
        : []),
      { interface: inside, prefix: '', accept: false },
      ...sources,
    ],
    local: [
      ...[...homeSide, inside].flatMap((name) =>
        homeAddresses.map((address) => ({ interface: name, address })),
      ),
      ...legAddresses.flatMap(({ name, address }) =>
        [name, inside].map((from) => ({ interface: from, address })),
      ),
    ],
    forward: [
      ...sides
        .flatMap(({ names }) => names)
        .flatMap((name) => [
          { from: inside, to: name },
          { from: name, to: inside },
        ]),
      ...homeSide.flatMap((from) => homeSide.map((to) => ({ from, to }))),
    ],
  };
}

/** As nftables shows it: an address without its length. */
function sourceFrom(name: string, prefix: IpPrefix, accept: boolean): BorderFilter['sources'][number] {
  const isAddress = prefix.length === (prefix.family === 4 ? 32 : 128);
  return { interface: name, prefix: isAddress ? formatIpAddress(prefix) : formatIpPrefix(prefix), accept };
}

function withoutLength(address: string): string {
  return address.split(/[ /]/)[0] ?? address;
}
