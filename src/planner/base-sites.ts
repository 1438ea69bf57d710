import type { Overlay } from '../model/overlay.ts';
import type { Checked, Problem } from '../model/problem.ts';
import { expandTopology, type Spec } from '../model/topology.ts';
import type { OverlayPlan } from './overlay-plan.ts';
import type { OverlaySecrets } from './overlay-secrets.ts';
import type { Placement, Sites } from './placement.ts';
import { basesOf } from './underlay-order.ts';

/** Overlays by name, with what was decided for them: those that others may ride on, or have hosts in common with. */
export type Bases = ReadonlyMap<
  string,
  { readonly overlay: Overlay; readonly plan: OverlayPlan; readonly secrets?: OverlaySecrets | null }
>;

export const NO_BASES: Bases = new Map();

/** Sites of an overlay over the real network: its nodes. Whether they are known is seen when states are compiled. */
export function nodeSites({ placement }: Spec): Sites {
  return { listed: placement.nodes, of: (name) => name };
}

/**
 * Sites of an overlay that rides on another one: that one's members. The name of a node means a member there that
 * was a site before, or else that overlay's first host there, or else its first router there.
 */
export function baseSites(overlay: Overlay, bases: Bases, previous: Placement): Checked<Sites> {
  const { name } = overlay.metadata;
  const [baseName = ''] = basesOf(overlay);
  const base = bases.get(baseName);
  if (base === undefined) {
    const message = `overlay ${name} would ride on ${baseName}, and there is no overlay of that name`;
    const known = [...bases.keys()].filter((other) => other !== name).sort();
    const hint =
      known.length === 0 ? 'apply it first, or in the same file' : `overlays are ${shorten(known)}`;
    return refuse([{ code: 'unknown-overlay', path: 'spec.underlay.overlays[0]', message, hint }]);
  }
  if (base.overlay.spec.routing?.protocol === 'none') {
    const message = `overlay ${baseName} has no routing, so its members do not reach one another`;
    return refuse([{ code: 'base-without-routing', path: 'spec.underlay.overlays[0]', message }]);
  }
  const { routers, hosts } = expandTopology(base.overlay.spec);
  const members = new Set([...routers, ...hosts]);
  const before = Object.values(previous).filter((site) => members.has(site));
  const firstAt = firstMembers([...before, ...hosts, ...routers], base.plan);
  const resolve = (wanted: string) => (members.has(wanted) ? wanted : firstAt.get(wanted));
  const strangers = namedSites(overlay.spec).filter(({ site }) => resolve(site) === undefined);
  if (strangers.length > 0) {
    return refuse(
      strangers.map(({ site, path }) => ({
        code: 'unknown-site',
        path,
        message: `overlay ${baseName}, on which ${name} rides, has no member ${site} and none on a node of that name`,
        hint: `its members are ${shorten([...members])}`,
      })),
    );
  }
  const of = (wanted: string) => resolve(wanted) ?? wanted;
  return { ok: true, value: { listed: [...new Set(overlay.spec.placement.nodes.map(of))], of } };
}

function firstMembers(members: readonly string[], { placement }: OverlayPlan): Map<string, string> {
  const first = new Map<string, string>();
  const nodes = new Map(Object.entries(placement));
  for (const member of members) {
    const node = nodes.get(member);
    if (node !== undefined && !first.has(node)) first.set(node, member);
  }
  return first;
}

/** Every site that a file names, with where it does. */
export function namedSites(spec: Spec): { site: string; path: string }[] {
  const pins = [
    ...Object.entries(spec.routers ?? {}).map(([router, { node }]) => ({
      site: node,
      path: `spec.routers.${router}.node`,
    })),
    ...(spec.hosts ?? []).map(({ node }, index) => ({ site: node, path: `spec.hosts[${index}].node` })),
  ];
  return [
    ...spec.placement.nodes.map((site, index) => ({ site, path: `spec.placement.nodes[${index}]` })),
    ...pins.flatMap(({ site, path }) => (site === undefined ? [] : [{ site, path }])),
  ];
}

function shorten(names: readonly string[]): string {
  return names.length > 10 ? [...names.slice(0, 9), '…'].join(', ') : names.join(', ');
}

function refuse(problems: readonly Problem[]): Checked<never> {
  return { ok: false, problems };
}
