import { hasInternalRouter, internalRouterOf } from '../model/internal-router.ts';
import { formatIpPrefix, type IpPrefix, overlaps } from '../model/ip-prefix.ts';
import { networkRanges } from '../model/network-range.ts';
import type { Overlay } from '../model/overlay.ts';
import type { Checked, Problem } from '../model/problem.ts';
import type { HostSpec } from '../model/topology.ts';
import type { Bases } from './base-sites.ts';
import type { GuestPlan, Guests } from './guest.ts';
import type { OverlayPlan } from './overlay-plan.ts';
import { systemName } from './tunnel-list.ts';
import { basesOf } from './underlay-order.ts';
import { wireOverlay } from './wiring.ts';

/** The hosts of others that an overlay has, or why it cannot have them. */
export function findGuests(overlay: Overlay, bases: Bases): Checked<Guests> {
  const guests: Record<string, GuestPlan> = {};
  const problems: Problem[] = [];
  for (const [index, host] of (overlay.spec.hosts ?? []).entries()) {
    if (host.home === undefined) continue;
    const found = findGuest(overlay, host, `spec.hosts[${index}]`, bases);
    if (found.ok) guests[host.name] = found.value;
    else problems.push(...found.problems);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: guests };
}

/** Overlays that have this overlay's host of that name as a member, in the order in which the host's file names them. */
export function guestOverlaysOf(overlay: Overlay, host: HostSpec, bases: Bases): string[] {
  const home = overlay.metadata.name;
  return (host.overlays ?? []).filter((name) =>
    bases.get(name)?.overlay.spec.hosts?.some((other) => other.name === host.name && other.home === home),
  );
}

function findGuest(overlay: Overlay, host: HostSpec, path: string, bases: Bases): Checked<GuestPlan> {
  const { name } = overlay.metadata;
  const homeName = host.home ?? '';
  const home = bases.get(homeName);
  if (home === undefined) {
    const message = `overlay ${name} would have host ${host.name} of ${homeName}, and there is no overlay of that name`;
    return refuse('unknown-overlay', `${path}.home`, message, 'apply it first, or in the same file');
  }
  const declared = home.overlay.spec.hosts?.find((other) => other.name === host.name);
  if (declared === undefined || declared.home !== undefined) {
    const message = `overlay ${name} would have host ${host.name} of ${homeName}, which has no host of that name`;
    return refuse('unknown-host', `${path}.name`, message);
  }
  if (declared.overlays?.includes(name) !== true) {
    const message = `overlay ${homeName} does not share its host ${host.name} with ${name}`;
    const hint = `in the file of ${homeName}, add ${name} to the host's \`overlays\``;
    return refuse('host-not-shared', `${path}.home`, message, hint);
  }
  if (ridesOn(overlay, homeName, bases)) {
    const message = `overlay ${name} rides on ${homeName}, so host ${host.name} would reach it only through ${homeName}`;
    return refuse('rides-on-home', `${path}.home`, message);
  }
  const problems = checkClashes(overlay, host, home.overlay, bases);
  if (problems.length > 0) return { ok: false, problems };
  return describe(overlay, host, path, home);
}

function describe(
  overlay: Overlay,
  host: HostSpec,
  path: string,
  home: { readonly overlay: Overlay; readonly plan: OverlayPlan },
): Checked<GuestPlan> {
  const { name: homeName } = home.overlay.metadata;
  const wiring = wireOverlay(home.overlay, home.plan);
  const families = networkRanges(overlay.spec).map(({ family }) => family);
  const addresses = wiring.addressesOf(host.name).filter(({ family }) => families.includes(family));
  const node = wiring.nodeOf(host.name);
  if (addresses.length === 0) {
    const message = `host ${host.name} of ${homeName} has no address of a family that ${overlay.metadata.name} carries`;
    return refuse('no-common-family', `${path}.home`, message);
  }
  if (overlay.spec.underlay === undefined && host.node !== undefined && host.node !== node) {
    const message = `host ${host.name} of ${homeName} stands on ${node}`;
    return refuse('wrong-node', `${path}.node`, message, 'leave `node` away here');
  }
  const as = FIRST_SYSTEM + wiring.numberOf(systemName(internalRouterOf(host.name)));
  return { ok: true, value: { home: homeName, node, addresses: addresses.map(formatIpPrefix), as } };
}

/** Private numbers of 32 bits (RFC 6996) behind all that are given to routers; those of tunnels have 24 bits. */
const FIRST_SYSTEM = 4_210_000_000;

function ridesOn(overlay: Overlay, base: string, bases: Bases): boolean {
  return basesOf(overlay).some((below) => {
    const next = bases.get(below)?.overlay;
    return below === base || (next !== undefined && next !== overlay && ridesOn(next, base, bases));
  });
}

interface OwnedRange {
  readonly overlay: string;
  readonly range: IpPrefix;
}

/** What has addresses in an overlay: itself, and the homes of the hosts that it shares. */
function rangesIn({ metadata, spec }: Overlay, bases: Bases): OwnedRange[] {
  const homes = (spec.hosts ?? []).flatMap(({ home }) => bases.get(home ?? '')?.overlay ?? []);
  return [{ metadata, spec }, ...homes].flatMap((one) =>
    networkRanges(one.spec).map((range) => ({ overlay: one.metadata.name, range })),
  );
}

/** An address must mean one thing wherever the host is. */
function checkClashes(overlay: Overlay, host: HostSpec, home: Overlay, bases: Bases): Problem[] {
  const others = [...bases.values()]
    .map((one) => one.overlay)
    .filter(
      ({ metadata, spec }) =>
        metadata.name !== overlay.metadata.name &&
        spec.hosts?.some((one) => one.name === host.name && one.home === home.metadata.name),
    );
  const ranges = [overlay, home, ...others].flatMap((one) => rangesIn(one, bases));
  for (const [index, one] of ranges.entries()) {
    const clash = ranges
      .slice(index + 1)
      .find((other) => other.overlay !== one.overlay && overlaps(other.range, one.range));
    if (clash === undefined) continue;
    const message = `host ${host.name} cannot be in ${one.overlay} and ${clash.overlay} at once: ${formatIpPrefix(one.range)} overlaps ${formatIpPrefix(clash.range)}`;
    return [
      {
        code: 'overlapping-ranges',
        path: 'spec.addressing.network',
        message,
        hint: `give ${one.overlay} or ${clash.overlay} another addressing.network`,
      },
    ];
  }
  return [];
}

/** Hosts of an overlay with an internal router that other overlays may reach them by. */
export function sharedHostsOf({ hosts = [] }: Overlay['spec']): HostSpec[] {
  return hosts.filter((host) => host.home === undefined && hasInternalRouter(host));
}

function refuse(code: string, path: string, message: string, hint?: string): Checked<never> {
  return { ok: false, problems: [{ code, path, message, ...(hint === undefined ? {} : { hint }) }] };
}
