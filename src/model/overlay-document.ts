import { Compile } from 'typebox/compile';
import { type DocumentPath, parsePath } from './document-path.ts';
import { type Overlay, OverlaySchema } from './overlay.ts';
import { checkOverlay } from './overlay-check.ts';
import type { Checked, Problem } from './problem.ts';
import { explainMismatch, type JsonSchema } from './schema-problems.ts';
import { decodeSource } from './source-text.ts';
import { refuseUnsupported } from './unsupported.ts';
import { readYaml, type YamlDocument } from './yaml-source.ts';

export interface ParsedOverlay {
  readonly overlay: Overlay;
  /** Line and column of a problem's `path` in the file, for problems that are found later. */
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
  const place = (problem: Problem, path: DocumentPath, part: 'key' | 'value'): Problem => ({
    ...problem,
    ...locate(path, part),
  });
  if (!validator.Check(data)) {
    const found = explainMismatch(OVERLAY_JSON_SCHEMA, data);
    const problems = found.map(({ problem, path, part }) => place(problem, path, part));
    const unexplained = { code: 'invalid', path: '', message: 'this is not an overlay' };
    return { ok: false, problems: problems.length > 0 ? problems : [place(unexplained, [], 'value')] };
  }
  const problems = [...refuseUnsupported(data), ...checkOverlay(data)];
  if (problems.length > 0) {
    const placed = problems.map((problem) => place(problem, parsePath(problem.path) ?? [], 'value'));
    return { ok: false, problems: placed };
  }
  return { ok: true, value: { overlay: data, locate: (path) => locate(parsePath(path) ?? []) } };
}

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
