import { quote } from '../../model/document-path.ts';
import type { Checked } from '../../model/problem.ts';
import { decodeGmlText } from './gml-text.ts';
import { createPositions } from './text-position.ts';

/** One `key value` of a GML list. */
export interface GmlEntry {
  readonly key: string;
  /** Numbers and strings alike as text; a list as its entries, in which keys may repeat. */
  readonly value: string | readonly GmlEntry[];
  /** Where the key stands: UTF-16 units from the start of the text. */
  readonly offset: number;
}

/**
 * Reads GML (Himsolt, "GML: A portable Graph File Format", 1997) with what tools made of it since: any
 * characters in strings, "_", "." and "-" in keys, comments behind a value, INF and NAN. Depth and number of
 * entries are bounded. Stops at the first fault and says where it is; never throws.
 */
export function readGml(text: string): Checked<readonly GmlEntry[]> {
  const root: GmlEntry[] = [];
  const open: OpenList[] = [];
  let count = 0;
  let at = skipBlank(text, 0);
  while (at < text.length) {
    if (text[at] === ']') {
      if (open.pop() === undefined) return refuse(text, at, 'there is no list that this "]" could end');
      at = skipBlank(text, at + 1);
      continue;
    }
    const key = matchAt(KEY, text, at);
    if (key === null) return refuse(text, at, `a key is expected here, not ${excerpt(text, at)}`);
    if (++count > MAX_ENTRIES) return refuse(text, at, `the file has more than ${MAX_ENTRIES} entries`);
    const list = open.at(-1)?.entries ?? root;
    const offset = at;
    at = skipBlank(text, at + key.length);
    if (text[at] === '[') {
      if (open.length === MAX_DEPTH) return refuse(text, at, `lists are nested more than ${MAX_DEPTH} deep`);
      const entries: GmlEntry[] = [];
      list.push({ key, value: entries, offset });
      open.push({ entries, offset });
      at = skipBlank(text, at + 1);
      continue;
    }
    const value = readScalar(text, at);
    if (!value.ok) return value;
    list.push({ key, value: value.value.text, offset });
    at = skipBlank(text, value.value.end);
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) return refuse(text, unclosed.offset, 'the list that begins here has no "]"');
  return { ok: true, value: root };
}

interface OpenList {
  readonly entries: GmlEntry[];
  readonly offset: number;
}

const MAX_DEPTH = 64;
/** A graph of 65,536 routers and 100,000 links with a few entries each. */
const MAX_ENTRIES = 1_000_000;

const BLANK = /(?:\s|#[^\r\n]*)+/y;
const KEY = /[A-Za-z_][A-Za-z0-9_.-]*/y;
const NUMBER = /[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?|INF|NAN)(?![^\s[\]#])/iy;

function readScalar(text: string, at: number): Checked<{ text: string; end: number }> {
  if (text[at] === '"') {
    const close = text.indexOf('"', at + 1);
    if (close < 0) return refuse(text, at, 'the string that begins here has no closing quote');
    return { ok: true, value: { text: decodeGmlText(text.slice(at + 1, close)), end: close + 1 } };
  }
  const number = matchAt(NUMBER, text, at);
  if (number !== null) return { ok: true, value: { text: number, end: at + number.length } };
  if (at >= text.length) return refuse(text, at, 'the file ends where a value is expected');
  const message = `a value is expected here, not ${excerpt(text, at)}`;
  return refuse(text, at, message, 'a number, a list in [ ], or a string in double quotes');
}

function skipBlank(text: string, at: number): number {
  return at + (matchAt(BLANK, text, at)?.length ?? 0);
}

/** `pattern` is sticky: it matches here or nowhere. */
function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

function excerpt(text: string, at: number): string {
  return quote(/^[^\s[\]"]+|^./su.exec(text.slice(at, at + 64))?.[0] ?? '');
}

function refuse(text: string, offset: number, message: string, hint?: string): Checked<never> {
  const problem = { code: 'invalid-gml', path: '', message, ...createPositions(text)(offset) };
  return { ok: false, problems: [hint === undefined ? problem : { ...problem, hint }] };
}
