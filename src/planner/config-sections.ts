/** What stands in one section of a daemon's configuration, or at its left margin. */
export interface Section {
  /** By what they set, so that of two lines that set the same the last one counts, as in FRR. */
  readonly lines: Map<string, string>;
  readonly sections: Map<string, Section>;
}

/** A configuration file as sections within sections; those of the same header are one. */
export function parseConfig(text: string): Section {
  const root = emptySection();
  const open: { readonly indent: number; readonly section: Section }[] = [];
  const lines = text.split('\n').filter((line) => !isWithoutMeaning(line.trim()));
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    const indent = indentOf(raw);
    while (open.length > 0 && (open.at(-1)?.indent ?? 0) >= indent) open.pop();
    const { section: parent } = open.at(-1) ?? { section: root };
    if (isHeader(line) || indentOf(lines[index + 1] ?? '') > indent) {
      const section = parent.sections.get(line) ?? emptySection();
      parent.sections.set(line, section);
      open.push({ indent, section });
    } else {
      setLine(parent, line);
    }
  }
  return root;
}

/** The sections as a file again, of which `parseConfig` makes the same. */
export function printConfig({ lines, sections }: Section, indent = ''): string {
  const own = [...lines.values()].map((line) => `${indent}${line}\n`);
  const inner = [...sections].map(
    ([header, section]) => `${indent}${header}\n${printConfig(section, `${indent} `)}`,
  );
  return [...own, ...inner].join('');
}

/**
 * Settings with one value: FRR replaces it when it is given another. All other lines stand beside one another.
 * What is matched is the setting; the rest of the line is its value.
 */
const SINGLE_VALUED = [
  /^(hostname|zebra dplane limit)(?= )/,
  /^ip ospf (cost|dead-interval|hello-interval|network|retransmit-interval|authentication-key)(?= )/,
  /^ip ospf (bfd profile|message-digest-key \d+ md5)(?= )/,
  /^ipv6 ospf6 (cost|dead-interval|hello-interval|network|retransmit-interval|bfd profile)(?= )/,
  /^ipv6 ospf6 authentication(?= )/,
  /^maximum-paths ibgp(?= )/,
  /^maximum-paths(?= )/,
  /^(ospf|ospf6|bgp) router-id(?= )/,
  /^timers (lsa min-arrival|throttle lsa all|throttle spf|bgp|basic)(?= )/,
  /^graceful-restart grace-period(?= )/,
  /^isis (metric|hello-interval|hello-multiplier|csnp-interval|psnp-interval|password|bfd profile|network)(?= )/,
  /^(is-type|metric-style|lsp-gen-interval|spf-delay-ietf|area-password|domain-password)(?= )/,
  /^neighbor \S+ (remote-as|interface|description|update-source|advertisement-interval)(?= )/,
  /^neighbor \S+ (timers connect|password|bfd profile)(?= )/,
  /^babel (hello-interval|update-interval|rxcost)(?= )/,
  /^ip pim hello(?= )/,
  /^(detect-multiplier|receive-interval|transmit-interval)(?= )/,
  /^key-string(?= )/,
  /^set (metric|tag|local-preference|weight)(?= )/,
];

const HEADER = /^(interface|router|route-map|address-family|key chain) |^bfd$/;

function setLine(section: Section, line: string): void {
  const setting = settingOf(line);
  // A line and its negation are one setting: in a file the later of both has the last word.
  section.lines.delete(
    line.startsWith('no ') ? settingOf(line.slice('no '.length)) : settingOf(`no ${line}`),
  );
  section.lines.delete(setting);
  section.lines.set(setting, line);
}

function settingOf(line: string): string {
  for (const pattern of SINGLE_VALUED) {
    const match = pattern.exec(line);
    if (match !== null) return match[0];
  }
  return line;
}

function isHeader(line: string): boolean {
  return HEADER.test(line);
}

/** Comments, ends of sections, and what FRR only takes into account when it starts. */
function isWithoutMeaning(line: string): boolean {
  return /^($|[!#]|exit$|end$|exit-|frr )/.test(line);
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

function emptySection(): Section {
  return { lines: new Map(), sections: new Map() };
}
