import { hostSideNames } from './internal-router.ts';
import { pairKey } from './link-names.ts';
import type { EmulationSpec, LinkEdit, LinkEmulationSpec, Overlay } from './overlay.ts';
import type { Checked } from './problem.ts';
import { expandTopology, type LinkSpec, linkMembers, type Spec } from './topology.ts';

/**
 * The overlay with one link declared otherwise, as if its file had been edited. The result is yet to be checked.
 * Fails with the one problem that there is no such link.
 */
export function editLink(overlay: Overlay, name: string, edit: LinkEdit): Checked<Overlay> {
  const { spec } = overlay;
  const place = findPlace(spec, name);
  if (place === null) return unknownLink(overlay, name);
  const links = [...(spec.topology.links ?? [])];
  const before = links[place.index ?? -1];
  const entry = before === undefined || Array.isArray(before) ? { between: [...place.between] } : before;
  const after = simplify(editEntry(entry, edit, spec.links?.emulate), place.isDeclared);
  links.splice(place.index ?? links.length, 1, ...(after === null ? [] : [after]));
  const { links: _, ...topology } = spec.topology;
  const edited = links.length === 0 ? topology : { ...topology, links };
  return { ok: true, value: { ...overlay, spec: { ...spec, topology: edited } } };
}

type LinkEntry = Exclude<LinkSpec, readonly string[]>;

/** Where `topology.links` speaks of a link. */
interface Place {
  readonly between: readonly string[];
  /** Null where it says nothing of the link yet. */
  readonly index: number | null;
  /** Whether the link is there because of its entry; the links of a ring are there without. */
  readonly isDeclared: boolean;
}

function findPlace(spec: Spec, name: string): Place | null {
  const { links, segments } = expandTopology(spec);
  const declared = [...(spec.topology.links ?? []).entries()];
  const ordinal = links.findIndex((link) => link.name === name);
  const link = links[ordinal];
  if (spec.topology.kind === 'custom') {
    const hosts = hostSideNames(spec.hosts);
    const members = (entry: LinkSpec) => linkMembers(entry).filter((member) => !hosts.has(member)).length;
    const pairs = declared.filter(([, entry]) => linkMembers(entry).length === 2 && members(entry) === 2);
    const buses = declared.filter(([, entry]) => linkMembers(entry).length > 2);
    const found = pairs[ordinal] ?? buses[segments.findIndex((segment) => segment.name === name)];
    if (found !== undefined) return { between: linkMembers(found[1]), index: found[0], isDeclared: true };
  }
  if (link === undefined) return null;
  const index = declared.find(([, entry]) => isBetween(entry, link.ends))?.[0] ?? null;
  return { between: link.ends, index, isDeclared: false };
}

function isBetween(entry: LinkSpec, ends: readonly [string, string]): boolean {
  const [one, other, third] = linkMembers(entry);
  if (one === undefined || other === undefined || third !== undefined) return false;
  return pairKey(one, other) === pairKey(...ends);
}

function editEntry(entry: LinkEntry, edit: LinkEdit, common: EmulationSpec | undefined): LinkEntry {
  const { down, emulate, ...others } = entry;
  const isDown = edit.down ?? down ?? false;
  const emulation = edit.emulate === undefined ? emulate : editEmulation(emulate ?? common, edit, common);
  return {
    ...others,
    ...(emulation === undefined ? {} : { emulate: emulation }),
    ...(isDown ? { down: true } : {}),
  };
}

/** Of a link that says nothing itself, what holds for all links is changed. */
function editEmulation(
  present: LinkEmulationSpec | undefined,
  { emulate, from }: LinkEdit,
  common: EmulationSpec | undefined,
): LinkEmulationSpec | undefined {
  // An empty one says that what holds for all links does not hold for this one.
  const none = common === undefined ? undefined : {};
  if (from === undefined) return emulate === null ? none : { ...present, ...emulate };
  const { from: directions = {}, ...both } = present ?? {};
  const { [from]: before, ...rest } = directions;
  const after = emulate === null ? rest : { ...rest, [from]: { ...before, ...emulate } };
  const all = Object.keys(after).length === 0 ? both : { ...both, from: after };
  return Object.keys(all).length === 0 ? none : all;
}

/** An entry that says nothing any more goes; where the link is there by it, its ends are left. */
function simplify(entry: LinkEntry, isDeclared: boolean): LinkSpec | null {
  const { between, ...others } = entry;
  if (Object.keys(others).length > 0) return entry;
  return isDeclared ? between : null;
}

function unknownLink({ metadata, spec }: Overlay, name: string): Checked<never> {
  const message = `overlay ${metadata.name} has no link ${name} that can be changed by itself`;
  const hint = spec.topology.kind === 'bus' ? 'say it in spec.links, for all of the bus' : undefined;
  const problem = { code: 'unknown-link', path: '', message };
  return { ok: false, problems: [hint === undefined ? problem : { ...problem, hint }] };
}
