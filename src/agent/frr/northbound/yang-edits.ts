import type { YangEdit } from '../../../model/yang-edit.ts';
import { YANG_WORDS, type YangWords } from './yang-words.ts';

/** Commands of configuration mode, in the two ways in which they can be given to a daemon. */
export interface SplitCommands {
  /** What of them FRR's YANG models have words for. Deletions come first, whatever their place. */
  readonly edits: readonly YangEdit[];
  /** The commands that those edits stand for, in whole sections. */
  readonly spoken: readonly string[];
  /** All others, in whole sections. */
  readonly rest: readonly string[];
}

/** Pure. A section of which one line has no words in YANG is left whole. */
export function splitCommands(daemon: string, commands: readonly string[]): SplitCommands {
  const words = YANG_WORDS.get(daemon) ?? [];
  const edits: YangEdit[] = [];
  const spoken: string[] = [];
  const rest: string[] = [];
  for (const section of sectionsOf(commands)) {
    const said = translateSection(words, section);
    if (said === null) {
      rest.push(...section);
      continue;
    }
    spoken.push(...section);
    edits.push(...said);
  }
  return { edits: settle(edits), spoken, rest };
}

/** What is taken back after it was said was never said; what is said after it was taken back is begun anew. */
function settle(edits: readonly YangEdit[]): YangEdit[] {
  return edits.filter(({ path, value }, index) => {
    const later = edits.slice(index + 1);
    if (value === null) return !later.some((other) => other.value === null && other.path === path);
    return !later.some((other) => other.path === path || (other.value === null && isBelow(path, other.path)));
  });
}

function isBelow(path: string, above: string): boolean {
  return path.startsWith(`${above}/`);
}

/** Each line at the left margin with what is indented below it, and with the `exit` that ends that. */
function sectionsOf(commands: readonly string[]): string[][] {
  const sections: string[][] = [];
  for (const command of commands) {
    const goesOn = /^(\s|exit$)/.test(command);
    if (goesOn && sections.length > 0) sections.at(-1)?.push(command);
    else sections.push([command]);
  }
  return sections;
}

interface OpenSection {
  readonly words: YangWords['opens'] & string;
  readonly path: string;
  readonly name: string;
}

function translateSection(words: readonly YangWords[], commands: readonly string[]): YangEdit[] | null {
  const open: OpenSection[] = [];
  const edits: YangEdit[] = [];
  for (const command of commands) {
    const line = command.trim();
    if (line === 'exit') {
      open.pop();
      continue;
    }
    const said = translateLine(words, line, open.at(-1));
    if (said === null) return null;
    edits.push(...said.edits);
    if (said.opens !== null) open.push(said.opens);
  }
  return edits;
}

function translateLine(
  words: readonly YangWords[],
  line: string,
  section: OpenSection | undefined,
): { readonly edits: readonly YangEdit[]; readonly opens: OpenSection | null } | null {
  const isRevoked = line.startsWith('no ');
  const affirmed = isRevoked ? line.slice('no '.length) : line;
  for (const word of words) {
    const match = word.within === (section?.words ?? 'margin') ? word.line.exec(affirmed) : null;
    if (match === null) continue;
    if (isRevoked && word.revocable === false) return null;
    const groups = match.slice(1).map((group: string | undefined) => group ?? '');
    const says = isRevoked ? (word.unsays ?? word.says) : word.says;
    const edits = says(groups, section?.name ?? '')?.map((edit) => at(section, edit));
    const path = edits?.[0]?.path;
    if (edits === undefined || path === undefined) return null;
    if (isRevoked) return { edits: revoke(edits), opens: null };
    const opens = word.opens === undefined ? null : { words: word.opens, path, name: groups[0] ?? '' };
    return { edits, opens };
  }
  return null;
}

/** A path from the root stands for itself, wherever it is said. */
function at(section: OpenSection | undefined, { path, value }: YangEdit): YangEdit {
  return { path: path.startsWith('/') ? path : `${section?.path ?? ''}/${path}`, value };
}

function revoke(edits: readonly YangEdit[]): YangEdit[] {
  return edits
    .filter(({ path }) => !edits.some((other) => isBelow(path, other.path)))
    .map(({ path }) => ({ path, value: null }));
}
