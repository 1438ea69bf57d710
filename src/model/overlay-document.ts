import { Compile } from 'typebox/compile';
import { formatPath, parsePath } from './document-path.ts';
import { type Overlay, OverlaySchema } from './overlay.ts';
import { checkOverlay } from './overlay-check.ts';
import { type PartialDocument, takeFittingParts, wholeDocument } from './partial-document.ts';
import type { Checked, Problem } from './problem.ts';
import { explainMismatch, type JsonSchema, MAX_PROBLEMS, type PlacedProblem } from './schema-problems.ts';
import { decodeSource } from './source-text.ts';
import type { OverlayParts } from './topology.ts';
import { refuseUnsupported } from './unsupported.ts';
import { type Locate, readYaml, type YamlDocument } from './yaml-source.ts';

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
  const readings = documents.value.map(readOverlay);
  const problems = [...readings.flatMap((reading) => reading.problems), ...findDuplicates(readings)];
  if (problems.length > 0) return { ok: false, problems: inReadingOrder(problems).slice(0, MAX_PROBLEMS) };
  return { ok: true, value: readings.flatMap(({ parsed }) => parsed ?? []) };
}

/** Makes the same checks of an overlay that was not read from a text: problems have no line. */
export function checkOverlayData(data: unknown): Checked<Overlay> {
  const { parsed, problems } = readOverlay({ data, problems: [], locate: () => ({ line: 0, column: 0 }) });
  if (parsed !== null) return { ok: true, value: parsed.overlay };
  return { ok: false, problems: problems.map(({ line, column, ...problem }) => problem) };
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

/** What was made of one document: an overlay, or problems. */
interface Reading {
  readonly parsed: ParsedOverlay | null;
  readonly problems: readonly Problem[];
  /** Null where the name is missing or no good one. */
  readonly name: string | null;
  readonly locate: Locate;
}

function readOverlay({ data, problems, locate }: YamlDocument): Reading {
  const locateText = (text: string) => {
    const path = parsePath(text);
    return path === null ? null : locate(path);
  };
  const place = ({ problem, path, part }: PlacedProblem): Problem => ({ ...problem, ...locate(path, part) });
  if (validator.Check(data)) {
    const all = [...problems, ...findContradictions(wholeDocument(data)).map(place)];
    const parsed = all.length > 0 ? null : { overlay: data, locate: locateText };
    return { parsed, problems: all, name: data.metadata.name, locate };
  }
  const mismatches = explainMismatch(OVERLAY_JSON_SCHEMA, data);
  // Nobody reads on behind that many, and a file that has them is large.
  const isHopeless = mismatches.length === MAX_PROBLEMS;
  const fitting = isHopeless ? wholeDocument(undefined) : takeFittingParts(OVERLAY_JSON_SCHEMA, data);
  const found = mismatches.length > 0 ? mismatches : [UNEXPLAINED];
  const all = [...problems, ...[...found, ...findContradictions(fitting)].map(place)];
  return { parsed: null, problems: all, name: partsOf(fitting).metadata?.name ?? null, locate };
}

function findContradictions(document: PartialDocument): PlacedProblem[] {
  const { spec } = partsOf(document);
  if (spec === undefined) return [];
  const { isDamaged, originOf } = document;
  return [...refuseUnsupported({ spec }, isDamaged), ...checkOverlay({ spec }, isDamaged)]
    .slice(0, MAX_PROBLEMS)
    .map((problem) => {
      const path = originOf(parsePath(problem.path) ?? []);
      return { problem: { ...problem, path: formatPath(path) }, path, part: 'value' };
    });
}

/** Whatever is in a partial document fits the schema; only what a document or its `spec` must have may be missing. */
function partsOf({ value }: PartialDocument): Partial<Pick<Overlay, 'metadata'> & OverlayParts> {
  return (value ?? {}) as Partial<Pick<Overlay, 'metadata'> & OverlayParts>;
}

const UNEXPLAINED: PlacedProblem = {
  problem: { code: 'invalid', path: '', message: 'this is not an overlay' },
  path: [],
  part: 'value',
};

function findDuplicates(readings: readonly Reading[]): Problem[] {
  const seen = new Set<string>();
  return readings.flatMap(({ name, locate }) => {
    if (name === null || !seen.has(name)) {
      if (name !== null) seen.add(name);
      return [];
    }
    const message = `an overlay before this one is called ${name} already`;
    return [{ code: 'duplicate-overlay', path: 'metadata.name', message, ...locate(['metadata', 'name']) }];
  });
}

function inReadingOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
