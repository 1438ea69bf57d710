import { parseConfig, printConfig, type Section } from '../../planner/config-sections.ts';
import { isOfVrf } from './vrf-config.ts';

/**
 * What FRR shows of its configuration (`show running-config`): in an order and with words of its own, without what
 * is as FRR would have it anyway. So it is only ever compared with what FRR itself showed before.
 */

/** The same text for all that mean the same: without headings, and without sections that FRR keeps when nothing is in them. */
export function canonicalConfig(shown: string): string {
  const lines = shown.split('\n').filter((line) => !NO_CONFIGURATION.test(line));
  return printConfig(withoutEmptySections(parseConfig(lines.join('\n'))));
}

/**
 * What a daemon shows of ours after it was given `commands` while somebody else's changes stood in it: those go on to
 * count as somebody else's, unless the commands were about the very line.
 * @param taken what it showed of ours before
 * @param before what it held before, with the other's changes
 * @param after what it holds now
 */
export function configWithoutDrift(
  taken: string,
  before: string,
  after: string,
  commands: readonly string[],
): string {
  const ours = new Set(commands.map((command) => command.trim().replace(/^no /, '')));
  const isOurs = (line: string) => ours.has(line.replace(/^no /, ''));
  const merge = (was: Section, held: Section, holds: Section): Section => {
    const lines = new Map<string, string>();
    for (const [setting, line] of holds.lines) {
      const isForeign = held.lines.get(setting) === line && was.lines.get(setting) !== line;
      const kept = isForeign && !isOurs(line) ? was.lines.get(setting) : line;
      if (kept !== undefined) lines.set(setting, kept);
    }
    for (const [setting, line] of was.lines)
      if (!held.lines.has(setting) && !holds.lines.has(setting) && !isOurs(line)) lines.set(setting, line);
    const sections = new Map<string, Section>();
    const headers = new Set([...holds.sections.keys(), ...was.sections.keys()]);
    for (const header of headers) {
      const [one, other, now] = [was, held, holds].map((config) => config.sections.get(header));
      const isGone = now === undefined && (other !== undefined || isOurs(header));
      const isForeign = one === undefined && other !== undefined && !isOurs(header);
      const merged = merge(one ?? EMPTY, other ?? EMPTY, now ?? EMPTY);
      if (!isGone && (!isForeign || merged.lines.size > 0)) sections.set(header, merged);
    }
    return { lines, sections };
  };
  const merged = merge(parseConfig(taken), parseConfig(before), parseConfig(after));
  return printConfig(withoutEmptySections(merged));
}

/**
 * What a daemon took, with what it shows only later although it was declared from the beginning: babeld shows what
 * belongs to an interface once it has heard of it.
 */
export function withLateLines(taken: string, holds: string, declared: string): string {
  const merge = (was: Section, held: Section, wanted: Section): Section => {
    const late = [...held.lines].filter(
      ([setting, line]) => !was.lines.has(setting) && wanted.lines.get(setting) === line,
    );
    const sections = new Map(was.sections);
    for (const [header, section] of held.sections) {
      const said = wanted.sections.get(header);
      const merged = merge(was.sections.get(header) ?? EMPTY, section, said ?? EMPTY);
      if (was.sections.has(header) || merged.lines.size + merged.sections.size > 0)
        sections.set(header, merged);
    }
    return { lines: new Map([...was.lines, ...late]), sections };
  };
  return printConfig(merge(parseConfig(taken), parseConfig(holds), parseConfig(declared)));
}

/**
 * Headers of sections that a daemon was told and of which it shows nothing: FRR takes some lines without a word and
 * forgets them.
 */
export function swallowedSections(config: string, shown: string): string[] {
  const taken = parseConfig(canonicalConfig(shown));
  const routers = new Set([...taken.sections.keys(), ...taken.lines.keys()].map(routerOf));
  return [...parseConfig(config).sections].flatMap(([header, section]) => {
    const router = routerOf(header);
    if (router !== '') return routers.has(router) ? [] : [header];
    const tells = [...section.lines.values()].some((line) => ALWAYS_SHOWN.test(line));
    return header.startsWith('interface ') && tells && !taken.sections.has(header) ? [header] : [];
  });
}

/**
 * Sections and lines of a shared daemon's running configuration that stand in the default VRF, where nothing of ours
 * belongs. An interface of which only the name is known counts for nothing.
 * @param areDevices whether the VRFs are devices: then an interface is in that of the kernel's, and FRR says none
 */
export function sectionsWithoutVrf(shown: string, areDevices: boolean): string[] {
  const sections = shown.split(/\n(?=\S)/);
  const scoped = areDevices
    ? /^router(?!.* vrf \S+(\n|$))/
    : /^(router|interface(?=.*\n ))(?!.* vrf \S+(\n|$))/;
  return sections.filter((text) => scoped.test(text) || isOfVrf(text));
}

/** What is no configuration, or not ours: a loopback that was passive once, and namespaces that zebra found by itself. */
const NO_CONFIGURATION =
  /^(Building configuration|Current configuration|\s*no ip ospf passive$|\s*netns \S+$)/;

const KEPT_WHEN_EMPTY = /^(interface|vrf|address-family) |^bfd$/;

const EMPTY: Section = { lines: new Map(), sections: new Map() };

/** What puts an interface under a protocol has no value of FRR's own that it would hide. */
const ALWAYS_SHOWN = /^(ip ospf area|ipv6 ospf6 area|ip router isis|ipv6 router isis) /;

/** Protocol and VRF of a router's section; names and numbers between them FRR may write otherwise. */
function routerOf(header: string): string {
  const [, protocol = '', vrf = ''] = /^router (\S+)(?:.* (vrf \S+))?/.exec(header) ?? [];
  return protocol === '' ? '' : `${protocol} ${vrf}`;
}

function withoutEmptySections({ lines, sections }: Section): Section {
  const kept = new Map<string, Section>();
  for (const [header, section] of sections) {
    const inside = withoutEmptySections(section);
    const isEmpty = inside.lines.size === 0 && inside.sections.size === 0;
    if (!isEmpty || !KEPT_WHEN_EMPTY.test(header)) kept.set(header, inside);
  }
  return { lines: new Map([...lines].filter(([, line]) => !KEPT_WHEN_EMPTY.test(line))), sections: kept };
}
