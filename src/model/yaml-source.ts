import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
} from 'yaml';
import { type DocumentPath, escapeControls } from './document-path.ts';
import type { Checked, Problem } from './problem.ts';
import { errorText, VinetError } from './vinet-error.ts';

/** One YAML document of a file, as plain data that still knows where it stood. */
export interface YamlDocument {
  readonly data: unknown;
  /** Keys that are there twice; `data` holds what the last one says. */
  readonly problems: readonly Problem[];
  readonly locate: Locate;
}

/**
 * Position in the file, both counted from 1. A `value` that is a single scalar is found itself, a list or map
 * by its key; what is not there by the nearest thing around it.
 */
export type Locate = (path: DocumentPath, part?: 'key' | 'value') => { line: number; column: number };

/**
 * Reads the documents of a YAML 1.2 file (JSON is YAML), without those that are empty. Depth, number of pieces
 * and use of aliases are bounded, so that a small hostile file costs little. Syntax errors come all at once.
 */
export function readYaml(text: string): Checked<YamlDocument[]> {
  const lines = new LineCounter();
  const problems: Problem[] = [];
  const documents: YamlDocument[] = [];
  const report = (message: string, offset: number) => {
    const text = escapeControls(message).slice(0, 300);
    problems.push({ code: 'invalid-yaml', path: '', message: text, ...positionAt(lines, offset) });
  };
  let count = 0;
  try {
    for (const document of composeDocuments(text, lines)) {
      for (const { message, pos } of [...document.errors, ...document.warnings].slice(0, MAX_ERRORS)) {
        report(`this is not valid YAML: ${message}`, pos[0]);
      }
      if (document.directives?.yaml.version === '1.1') {
        report('this is YAML 1.1, and only YAML 1.2 is read', document.range[0]);
      }
      if (++count > MAX_DOCUMENTS) fail(`more than ${MAX_DOCUMENTS} documents`, document.range[0]);
      if (isEmpty(document) || problems.length > 0) continue;
      const duplicates = duplicateKeys(document).map((offset) => {
        const position = positionAt(lines, offset);
        return { code: 'duplicate-key', path: '', message: 'this key is there twice', ...position };
      });
      const locate = locator(document, lines);
      documents.push({ data: toData(document), problems: duplicates, locate });
    }
  } catch (error) {
    const offset = error instanceof VinetError ? Number(error.context.offset ?? 0) : 0;
    report(`this is not valid YAML: ${errorText(error)}`, offset);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: documents };
}

/** Deeper than any overlay file, and far from what recursion can take. */
const MAX_DEPTH = 64;
/** Lexical pieces: a custom topology with the largest number of links has about 1.2 million. */
const MAX_PIECES = 1_500_000;
const MAX_DOCUMENTS = 1000;
const MAX_ALIASES = 100;
const MAX_ERRORS = 100;

function* composeDocuments(text: string, lines: LineCounter): Generator<Document.Parsed> {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({
    version: '1.2',
    stringKeys: true,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: 'silent',
    // Comparing each key with all others takes time that grows with the square; `duplicateKeys` does it instead.
    uniqueKeys: false,
  });
  let pieces = 0;
  for (const piece of new Lexer().lex(text)) {
    for (const token of parser.next(piece)) yield* composer.next(token);
    if (++pieces > MAX_PIECES) fail(`more than ${MAX_PIECES} pieces`, parser.offset);
    if (parser.stack.length > MAX_DEPTH) fail(`nested more than ${MAX_DEPTH} deep`, parser.offset);
  }
  for (const token of parser.end()) yield* composer.next(token);
  yield* composer.end();
}

function fail(message: string, offset: number): never {
  throw new VinetError('invalid-yaml', message, { context: { offset } });
}

/** Nothing but comments between two `---`, or an explicit null. */
function isEmpty({ contents }: Document.Parsed): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

function toData(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    return fail(errorText(error), document.range[0]);
  }
}

function duplicateKeys(document: Document.Parsed): number[] {
  const offsets: number[] = [];
  const open: unknown[] = [document.contents];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (isSeq(node)) for (const item of node.items) open.push(item);
    if (!isMap(node)) continue;
    const seen = new Set<unknown>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? key.value : key;
      if (seen.has(name)) offsets.push(startOf(key) ?? 0);
      seen.add(name);
      if (value !== null) open.push(value);
    }
  }
  return offsets.sort((a, b) => a - b).slice(0, MAX_ERRORS);
}

function locator(document: Document.Parsed, lines: LineCounter): Locate {
  return (path, part = 'value') => {
    let offset = startOf(document.contents) ?? document.range[0];
    let node: unknown = document.contents;
    for (const [depth, step] of path.entries()) {
      const child = childOf(resolve(node, document), step);
      if (child === null) break;
      const isLast = depth === path.length - 1;
      const prefersKey = child.key !== null && !(isLast && part === 'value' && isWritten(child.value));
      offset = startOf(prefersKey ? child.key : child.value) ?? startOf(child.key) ?? offset;
      node = child.value;
    }
    return positionAt(lines, offset);
  };
}

function positionAt(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** A scalar that stands in the text: behind `key:` there may be nothing. */
function isWritten(node: unknown): boolean {
  return isScalar(node) && node.range?.[0] !== node.range?.[1];
}

function childOf(node: unknown, step: string | number): { key: unknown; value: unknown } | null {
  if (isSeq(node) && typeof step === 'number') {
    return step < node.items.length ? { key: null, value: node.items[step] } : null;
  }
  if (!isMap(node)) return null;
  const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
  return pair === undefined ? null : { key: pair.key, value: pair.value };
}

function resolve(node: unknown, document: Document.Parsed): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function startOf(node: unknown): number | null {
  const range = (node as Partial<Node> | null | undefined)?.range;
  return range?.[0] ?? null;
}
