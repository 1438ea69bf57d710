import { Compile } from 'typebox/compile';
import { type DocumentPath, formatPath, parsePath } from './document-path.ts';
import { type Overlay, OverlaySchema } from './overlay.ts';
import { checkOverlay } from './overlay-check.ts';
import { withoutPlaces } from './partial-document.ts';
import type { Checked, Problem } from './problem.ts';
import { explainMismatch, type JsonSchema, MAX_PROBLEMS, type PlacedProblem } from './schema-problems.ts';
import { decodeSource } from './source-text.ts';
import { refuseUnsupported } from './unsupported.ts';
import { readYaml, type YamlDocument } from './yaml-source.ts';

export interface ParsedOverlay {
  readonly overlay: Overlay;
  /** Line and column of a problem's `path` in the file, for problems that are found later; null for what is no path. */
  locate(path: string): { line: number; column: number } | null;
}

/** A custom topology with the largest number of links has about 4 MiB. */
export const MAX_SOURCE_BYTES = 8 * 1024 * 1024;

/**
 * Reads a file of overlays: YAML 1.2 or JSON in UTF-8, several documents separated by `---`. Gives them all,
 * each of them free of contradictions and of what is not yet supported, or every problem of the file with its
 * line. Never throws.
 */
export function parseOverlayDocuments(
  source: Uint8Array | string,
  options: { maxBytes?: number } = {},
): Checked<ParsedOverlay[]> {
  const text = decodeSource(source, options.maxBytes ?? MAX_SOURCE_BYTES);
  if (!text.ok) return text;
  const documents = readYaml(text.value);
  if (!documents.ok) return documents;
  if (documents.value.length === 0) {
    return {
      ok: false,
      problems: [{ code: 'empty', path: '', message: 'there is no overlay in this file' }],
    };
  }
  const problems: Problem[] = [];
  const overlays: ParsedOverlay[] = [];
  for (const document of documents.value) {
    const overlay = readOverlay(document);
    if (overlay.ok) overlays.push(overlay.value);
    else problems.push(...overlay.problems);
  }
  problems.push(...findDuplicates(overlays));
  return problems.length > 0
    ? { ok: false, problems: inReadingOrder(problems) }
    : { ok: true, value: overlays };
}

/** JSON Schema of one overlay, for editors that complete and check while it is typed. */
export function overlayJsonSchema(): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'vinet overlay',
    ...OVERLAY_JSON_SCHEMA,
  };
}

const validator = Compile(OverlaySchema);
const OVERLAY_JSON_SCHEMA: JsonSchema = JSON.parse(JSON.stringify(OverlaySchema));

function readOverlay({ data, locate }: YamlDocument): Checked<ParsedOverlay> {
  const refuse = (found: readonly PlacedProblem[]): Checked<never> => ({
    ok: false,
    problems: found.map(({ problem, path, part }) => ({ ...problem, ...locate(path, part) })),
  });
  if (!validator.Check(data)) return refuse(findMismatches(data));
  const contradictions = findContradictions(data);
  if (contradictions.length > 0) return refuse(contradictions);
  const locateText = (text: string) => {
    const path = parsePath(text);
    return path === null ? null : locate(path);
  };
  return { ok: true, value: { overlay: data, locate: locateText } };
}

function findContradictions(overlay: Overlay): PlacedProblem[] {
  return [...refuseUnsupported(overlay), ...checkOverlay(overlay)].slice(0, MAX_PROBLEMS).map((problem) => ({
    problem,
    path: parsePath(problem.path) ?? [],
    part: 'value',
  }));
}

/** What the schema does not allow, and what contradicts itself in the sections that it does. */
function findMismatches(data: unknown): PlacedProblem[] {
  const mismatches = explainMismatch(OVERLAY_JSON_SCHEMA, data);
  const rest = withoutPlaces(
    data,
    mismatches.map(({ path }) => path),
  );
  if (!validator.Check(rest)) return mismatches.length > 0 ? mismatches : [UNEXPLAINED];
  const damaged = new Set(
    mismatches.filter(({ part }) => part === 'value').map(({ path }) => sectionOf(path)),
  );
  return [...mismatches, ...findContradictions(rest).filter(({ path }) => !damaged.has(sectionOf(path)))];
}

/** `spec.topology` and its like: without one of its values, what a section seems to say is not what was meant. */
function sectionOf(path: DocumentPath): string {
  return formatPath(path.slice(0, 2));
}

const UNEXPLAINED: PlacedProblem = {
  problem: { code: 'invalid', path: '', message: 'this is not an overlay' },
  path: [],
  part: 'value',
};

function findDuplicates(overlays: readonly ParsedOverlay[]): Problem[] {
  const seen = new Set<string>();
  return overlays.flatMap(({ overlay, locate }) => {
    const { name } = overlay.metadata;
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const path = 'metadata.name';
    const message = `an overlay before this one is called ${name} already`;
    return [{ code: 'duplicate-overlay', path, message, ...locate(path) }];
  });
}

function inReadingOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
