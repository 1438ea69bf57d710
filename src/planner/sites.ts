import { formatIpAddress } from '../model/ip-prefix.ts';
import { namespaceOf } from '../model/names.ts';
import type { Node } from '../model/node.ts';
import type { Checked, Problem } from '../model/problem.ts';
import { type Bases, namedSites } from './base-sites.ts';
import { planFabric } from './fabric.ts';
import { basesOf } from './underlay-order.ts';
import { type Wiring, wireOverlay } from './wiring.ts';

/** Where members stand: a node, or a member of the overlay below. */
export interface Site {
  readonly name: string;
  readonly node: string;
  /** Namespace whose network carries tunnels to other sites; null: the node's own. */
  readonly transport: string | null;
  /** Addresses that tunnels can end at; the first of a family is used. */
  readonly addresses: readonly string[];
  /** In their place at the far ends, where a router on the way translates them. */
  readonly outside: readonly string[];
  /** Bytes that go in one packet from here to another site. */
  readonly mtu: number;
  /** Whether packets leave with one of `addresses` whatever way they take: it has but one interface, or is a node. */
  readonly sendsFromAddress: boolean;
}

/** What overlays stand on. */
export interface Ground {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly bases: Bases;
}

/** The sites that an overlay's members stand on, by name. */
export function findSites(wiring: Wiring, ground: Ground): Checked<Map<string, Site>> {
  const unknown = findUnknownNodes(wiring, ground.nodes);
  if (unknown.length > 0) return { ok: false, problems: unknown };
  const [base] = basesOf(wiring.overlay);
  return base === undefined
    ? { ok: true, value: realSites(wiring, ground.nodes) }
    : sitesOn(base, wiring, ground);
}

function realSites(wiring: Wiring, nodes: ReadonlyMap<string, Node>): Map<string, Site> {
  const sites = new Map<string, Site>();
  for (const name of usedSites(wiring)) {
    const node = nodes.get(name);
    if (node === undefined) continue;
    const { underlay: addresses, outside = [], mtu } = node;
    sites.set(name, {
      ...{ name, node: name, transport: null, addresses, outside, mtu },
      sendsFromAddress: true,
    });
  }
  return sites;
}

/** The base's links carry the outer packets, so their MTU is what there is. */
function sitesOn(baseName: string, wiring: Wiring, ground: Ground): Checked<Map<string, Site>> {
  const base = ground.bases.get(baseName);
  if (base === undefined) {
    const message = `overlay ${wiring.overlay.metadata.name} rides on ${baseName}, which is not there`;
    return refuse('unknown-overlay', message);
  }
  const below = wireOverlay(base.overlay, base.plan);
  const fabric = planFabric(below, ground);
  if (!fabric.ok) return fabric;
  const sites = new Map<string, Site>();
  const members = new Set([...below.topology.routers, ...below.topology.hosts]);
  const inVrfs = new Set(base.overlay.spec.routing?.isolation === 'vrf' ? below.topology.routers : []);
  const hosts = new Set(below.topology.hosts);
  for (const name of usedSites(wiring)) {
    if (!members.has(name)) {
      const message = `overlay ${wiring.overlay.metadata.name} stands on ${name} of overlay ${baseName}, which has no such member`;
      return refuse('unknown-site', message);
    }
    if (inVrfs.has(name)) {
      const message = `overlay ${wiring.overlay.metadata.name} stands on ${name} of overlay ${baseName}, which is a VRF: tunnels end at hosts there`;
      return refuse('not-in-vrf', message);
    }
    sites.set(name, {
      name,
      node: below.nodeOf(name),
      transport: namespaceOf(baseName, name),
      addresses: below.addressesOf(name).map(formatIpAddress),
      outside: [],
      mtu: fabric.value.mtu,
      sendsFromAddress: hosts.has(name),
    });
  }
  return { ok: true, value: sites };
}

function usedSites({ topology, siteOf }: Wiring): Set<string> {
  return new Set([...topology.routers, ...topology.hosts, ...topology.guests].map(siteOf));
}

function findUnknownNodes({ overlay }: Wiring, nodes: ReadonlyMap<string, Node>): Problem[] {
  const { metadata, spec } = overlay;
  if (spec.underlay !== undefined) return [];
  const known = [...nodes.keys()].sort();
  const hint = known.length === 0 ? 'no node has joined yet' : `known nodes: ${known.join(', ')}`;
  return namedSites(spec)
    .filter(({ site }) => !nodes.has(site))
    .map(({ site, path }) => ({
      code: 'unknown-node',
      path,
      message: `overlay ${metadata.name} wants node ${site}, which is not known`,
      hint,
    }));
}

function refuse(code: string, message: string): Checked<never> {
  return { ok: false, problems: [{ code, path: 'spec.underlay.overlays[0]', message }] };
}
