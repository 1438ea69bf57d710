import { parseConfig, type Section } from './config-sections.ts';

/**
 * The commands, for FRR's configuration mode, that turn a daemon that holds `from` into one that holds `to`.
 * Both are configuration files: lines at the left margin, and sections (`interface r2`, `router ospf`) whose
 * lines are indented, as are those of a section within (`address-family`). Removals come before additions,
 * because FRR refuses some lines while another stands, and in turn: what was said last may build on what was said
 * before. A line that sets one value is only overwritten. Equal files give no command.
 */
export function diffConfig(from: string, to: string): string[] {
  const before = parseConfig(from);
  const after = parseConfig(to);
  return [...removals(before, after, ''), ...additions(before, after, '')];
}

/** How many lines commands of `diffConfig` are about, without those that lead into sections and out of them. */
export function countConfigLines(commands: readonly string[]): number {
  const ways = 2 * commands.filter((command) => command.trim() === 'exit').length;
  return Math.max(commands.length - ways, Math.min(commands.length, 1));
}

/** How FRR 8.4 takes settings back that it does not by `no` before the whole line. */
const TAKEN_BACK: readonly (readonly [line: RegExp, command: string])[] = [
  [/^maximum-paths (?!ibgp)\S+$/, 'no maximum-paths'],
  [/^description .+$/, 'no description'],
  // With the rest of the line only the rest is taken back.
  [/^(area \S+ (?:stub|nssa)) no-summary$/, 'no $1'],
  // Without the value: with it ospf6d and isisd do not know the command, or keep a half of it.
  [/^(ipv6 ospf6 bfd) profile .+$/, 'no $1'],
  [/^graceful-restart grace-period .+$/, 'no graceful-restart'],
  [/^(area|domain)-password .+$/, 'no $1-password'],
  // There is no such `no`: FRR's own value is set.
  [/^babel wired$/, 'babel wireless'],
  [/^babel hello-interval \S+$/, 'babel hello-interval 4000'],
  [/^babel update-interval \S+$/, 'babel update-interval 16000'],
  [/^babel rxcost \S+$/, 'babel rxcost 96'],
];

/** Sections that stay when all that is in them is gone: FRR refuses to remove them, or they come with another. */
const STAYS = /^(interface|address-family|vrf) |^bfd$/;

/** A line that stands in no section is at depth 0; each section indents by one space. */
function removals(before: Section, after: Section | undefined, indent: string): string[] {
  const commands: string[] = [];
  for (const [header, section] of [...before.sections].reverse()) {
    const wanted = after?.sections.get(header);
    if (wanted === undefined && !STAYS.test(header)) commands.push(`${indent}no ${header}`);
    else commands.push(...within(header, removals(section, wanted, `${indent} `), indent));
  }
  const gone = [...before.lines].filter(([setting]) => after?.lines.has(setting) !== true);
  commands.push(...gone.reverse().map(([, line]) => indent + negate(line)));
  return commands;
}

function additions(before: Section | undefined, after: Section, indent: string): string[] {
  const fresh = [...after.lines].filter(([setting, line]) => before?.lines.get(setting) !== line);
  const commands = fresh.map(([, line]) => indent + line);
  for (const [header, section] of after.sections) {
    const present = before?.sections.get(header);
    const inside = additions(present, section, `${indent} `);
    if (inside.length > 0) commands.push(...within(header, inside, indent));
    else if (present === undefined) commands.push(`${indent}${header}`, `${indent}exit`);
  }
  return commands;
}

function within(header: string, commands: readonly string[], indent: string): string[] {
  return commands.length === 0 ? [] : [`${indent}${header}`, ...commands, `${indent}exit`];
}

function negate(line: string): string {
  if (line.startsWith('no ')) return line.slice('no '.length);
  const special = TAKEN_BACK.find(([pattern]) => pattern.test(line));
  return special === undefined ? `no ${line}` : line.replace(special[0], special[1]);
}
