import { networkRanges } from '../model/network-range.ts';
import type { Overlay } from '../model/overlay.ts';
import type { Checked, Problem } from '../model/problem.ts';
import { expandTopology } from '../model/topology.ts';
import { type Allocation, allocate } from './allocation.ts';
import { type Bases, baseSites, nodeSites } from './base-sites.ts';
import type { Guests } from './guest.ts';
import type { IndexTable } from './index-table.ts';
import { assignLinkAddresses } from './link-addresses.ts';
import { type Placement, placeMembers, type Sites } from './placement.ts';
import { checkRoutingDomain } from './routing/domain-check.ts';
import { checkSharing } from './routing/sharing-check.ts';
import { findGuests } from './shared-hosts.ts';
import { listTunnels } from './tunnel-list.ts';
import { assignNumbers, assignPorts, type NumberTable, type TakenNumbers } from './tunnel-numbers.ts';
import { wireOverlay } from './wiring.ts';

/**
 * What was decided for an overlay and has to be remembered, because a later decision builds on it:
 * plain JSON, stored beside the overlay. All else is computed anew from both.
 */
export interface OverlayPlan {
  readonly version: 2;
  /** The node of each router and host. */
  readonly placement: Placement;
  /** Where the overlay rides on another one: the member of that one that each router and host stands on. */
  readonly sites: Placement;
  readonly allocation: Allocation;
  /** VNIs, keys and request IDs of tunnels, by the names of `tunnel-list.ts`. */
  readonly numbers: NumberTable;
  /** UDP ports of those tunnels that have one of their own. */
  readonly ports: NumberTable;
  /** `layers: 2`: pairs of link addresses, by the names of `link-addresses.ts`. */
  readonly linkAddresses: IndexTable;
  /** Members that are hosts of other overlays, as those have them. */
  readonly guests: Guests;
}

export interface OverlayInput {
  readonly overlay: Overlay;
  /** The plan of the overlay that this one replaces; null for a new one. */
  readonly previous: OverlayPlan | null;
  /** What all other overlays of this controller hold. */
  readonly taken: TakenNumbers;
  /** The overlays that this one may ride on, as they will be. */
  readonly bases: Bases;
}

/**
 * Decides where members stand and what they are numbered. Expects an overlay that `checkOverlay` accepts. When an
 * overlay changes, those that ride on it (`ridersOf`) are to be compiled again, each behind its base.
 */
export function compileOverlay({ overlay, previous, taken, bases }: OverlayInput): Checked<OverlayPlan> {
  const { spec } = overlay;
  const isRider = spec.underlay !== undefined;
  const before = (isRider ? previous?.sites : previous?.placement) ?? {};
  const found = isRider ? baseSites(overlay, bases, before) : ({ ok: true, value: nodeSites(spec) } as const);
  if (!found.ok) return found;
  const guests = findGuests(overlay, bases);
  if (!guests.ok) return guests;
  const guestSites = siteGuests(overlay, guests.value, found.value, bases);
  if (!guestSites.ok) return guestSites;
  const topology = expandTopology(spec);
  const sites = placeMembers(topology, spec, found.value, before, guestSites.value);
  const siteOf = (member: string) => sites[member] ?? '';

  const allocation = allocate(
    topology,
    spec.topology.kind,
    networkRanges(spec),
    previous?.allocation ?? null,
  );
  const tunnels = listTunnels(spec, topology, siteOf);
  const numbers = assignNumbers(tunnels, previous?.numbers ?? {}, taken.numbers);
  const ports = assignPorts(tunnels, previous?.ports ?? {}, taken.ports);
  const linkAddresses = assignLinkAddresses(spec, topology, siteOf, previous?.linkAddresses ?? {});

  const problems: Problem[] = allocation.ok ? [] : [...allocation.problems];
  const exhausted = (code: string, path: string, message: string) => problems.push({ code, path, message });
  if (numbers === null) exhausted('numbers-exhausted', 'spec.topology', 'no number is free for its tunnels');
  if (ports === null)
    exhausted(
      'ports-exhausted',
      'spec.links',
      'no UDP port is free for its tunnels, each of which needs one',
    );
  if (linkAddresses === null)
    exhausted('range-too-small', 'spec.addressing.link', 'is too small for the links of this topology');
  if (!allocation.ok || numbers === null || ports === null || linkAddresses === null)
    return { ok: false, problems };
  const plan: OverlayPlan = {
    version: 2,
    placement: isRider ? nodesUnder(sites, overlay, bases) : sites,
    sites: isRider ? sites : {},
    allocation: allocation.value,
    numbers,
    ports,
    linkAddresses,
    guests: guests.value,
  };
  const wiring = wireOverlay(overlay, plan);
  const apart = [...checkRoutingDomain(wiring), ...checkSharing(wiring)];
  return apart.length > 0 ? { ok: false, problems: apart } : { ok: true, value: plan };
}

/** Where hosts of other overlays are met: beside their internal routers, wherever those stand. */
function siteGuests(overlay: Overlay, guests: Guests, sites: Sites, bases: Bases): Checked<Placement> {
  const { hosts = [], underlay } = overlay.spec;
  const found: [string, string][] = Object.entries(guests).map(([name, { node }]) => {
    const said = hosts.find((host) => host.name === name)?.node;
    return [name, sites.of(said ?? node)];
  });
  const [base = ''] = underlay?.overlays ?? [];
  const nodes = new Map(Object.entries(bases.get(base)?.plan.placement ?? {}));
  const lost =
    underlay === undefined ? undefined : found.find(([name, site]) => nodes.get(site) !== guests[name]?.node);
  if (lost === undefined) return { ok: true, value: Object.fromEntries(found) };
  const [name] = lost;
  const message = `host ${name} stands on ${guests[name]?.node}, where ${base} has no member that ${overlay.metadata.name} could reach it by`;
  const path = `spec.hosts[${hosts.findIndex((host) => host.name === name)}].node`;
  return { ok: false, problems: [{ code: 'unknown-site', path, message }] };
}

/** The node of each member of a rider: that of the member that it stands on. */
function nodesUnder(sites: Placement, { spec }: Overlay, bases: Bases): Placement {
  const base = bases.get(spec.underlay?.overlays[0] ?? '');
  const nodes = new Map(Object.entries(base?.plan.placement ?? {}));
  return Object.fromEntries(Object.entries(sites).map(([member, site]) => [member, nodes.get(site) ?? '']));
}
