/**
 * The commands, for FRR's configuration mode, that turn a daemon that holds `from` into one that holds `to`.
 * Both are configuration files: lines at the left margin, and sections (`interface r2`, `router ospf`) whose
 * lines are indented. Removals come before additions, because FRR refuses some lines while another stands; a line
 * that sets one value is only overwritten. The order of lines means nothing. Equal files give no command.
 */
export function diffConfig(from: string, to: string): string[] {
  const before = parseConfig(from);
  const after = parseConfig(to);
  const commands: string[] = [];
  for (const [header, lines] of before) commands.push(...removals(header, lines, after.get(header)));
  for (const [header, lines] of after) commands.push(...additions(header, lines, before.get(header)));
  return commands;
}

/** Lines of a section by what they set, so that of two that set the same the last one counts, as in FRR. */
type Lines = Map<string, string>;

/** Header of the lines that stand in no section. */
const TOP = '';

/** Settings with one value: FRR replaces it when it is given another. The others stand beside one another. */
const SINGLE_VALUED = [
  'hostname',
  'ip ospf cost',
  'ip ospf dead-interval',
  'ip ospf hello-interval',
  'ip ospf network',
  'ip ospf retransmit-interval',
  'maximum-paths',
  'ospf router-id',
  'timers lsa min-arrival',
  'timers throttle lsa all',
  'timers throttle spf',
];

/** Settings that FRR 8.4 only takes back without their value. */
const NEGATED_WITHOUT_VALUE: ReadonlySet<string> = new Set(['maximum-paths']);

function parseConfig(text: string): Map<string, Lines> {
  const sections = new Map<string, Lines>([[TOP, new Map()]]);
  let header = TOP;
  const lines = text.split('\n').filter((line) => !isWithoutMeaning(line.trim()));
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    const isIndented = /^\s/.test(raw);
    if (!isIndented) header = opensSection(line, lines[index + 1]) ? line : TOP;
    if (header === TOP || isIndented) linesOf(sections, header).set(settingOf(line), line);
    else linesOf(sections, header);
  }
  return sections;
}

function opensSection(line: string, next: string | undefined): boolean {
  return isSectionHeader(line) || (next !== undefined && /^\s/.test(next));
}

function isSectionHeader(line: string): boolean {
  return /^(interface|router) /.test(line);
}

function linesOf(sections: Map<string, Lines>, header: string): Lines {
  const lines = sections.get(header) ?? new Map<string, string>();
  sections.set(header, lines);
  return lines;
}

/** Comments, ends of sections, and what FRR only takes into account when it starts. */
function isWithoutMeaning(line: string): boolean {
  return /^($|[!#]|exit$|end$|exit-|frr )/.test(line);
}

function settingOf(line: string): string {
  return SINGLE_VALUED.find((setting) => line.startsWith(`${setting} `)) ?? line;
}

function removals(header: string, lines: Lines, wanted: Lines | undefined): string[] {
  // FRR forgets an interface by itself once the kernel has none and nothing is set on it; before, it refuses to.
  if (wanted === undefined && !header.startsWith('interface ')) return [negate(header, header)];
  const gone = [...lines].filter(([setting]) => wanted?.has(setting) !== true);
  return inSection(
    header,
    gone.map(([setting, line]) => negate(setting, line)),
  );
}

function additions(header: string, lines: Lines, present: Lines | undefined): string[] {
  const fresh = [...lines].filter(([setting, line]) => present?.get(setting) !== line);
  const opensNew = header !== TOP && present === undefined;
  return opensNew && fresh.length === 0
    ? [header, 'exit']
    : inSection(
        header,
        fresh.map(([, line]) => line),
      );
}

function inSection(header: string, lines: readonly string[]): string[] {
  if (header === TOP || lines.length === 0) return [...lines];
  return [header, ...lines.map((line) => ` ${line}`), 'exit'];
}

function negate(setting: string, line: string): string {
  if (line.startsWith('no ')) return line.slice('no '.length);
  return `no ${NEGATED_WITHOUT_VALUE.has(setting) ? setting : line}`;
}
