import { type DocumentPath, formatPath, quote } from './document-path.ts';
import type { Problem } from './problem.ts';

/** The keywords of JSON Schema that the schemas of this project use. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** A problem that still knows its place; `part` says whether the key is wrong or what it holds. */
export interface PlacedProblem {
  readonly problem: Problem;
  readonly path: DocumentPath;
  readonly part: 'key' | 'value';
}

/** More than anybody reads: a hostile file could have millions. */
const MAX_PROBLEMS = 1000;

/**
 * Everything in which a value differs from its schema, in sentences. A validator's own errors name keywords;
 * of a union they name every branch. Empty for a value that fits.
 */
export function explainMismatch(schema: JsonSchema, value: unknown): PlacedProblem[] {
  const explainer: Explainer = { found: [], keyNames: collectPatterns(schema) };
  explain(explainer, schema, value, []);
  return explainer.found;
}

interface Explainer {
  readonly found: PlacedProblem[];
  /** What a pattern means in words, wherever the schema says it. */
  readonly keyNames: ReadonlyMap<string, string>;
}

function explain(explainer: Explainer, schema: JsonSchema, value: unknown, path: DocumentPath): void {
  if (explainer.found.length >= MAX_PROBLEMS) return;
  const branch = chooseBranch(schema, value);
  if (branch === null) return mistyped(explainer, schema, value, path);
  if (branch.const !== undefined && value !== branch.const) {
    return report(explainer, path, 'wrong-value', `must be ${branch.const}`);
  }
  if (branch.enum !== undefined) {
    if (branch.enum.includes(value)) return;
    const nearest = typeof value === 'string' ? nearestOf(value, branch.enum.map(String)) : null;
    const hint = `one of ${branch.enum.join(', ')}${nearest === null ? '' : `; did you mean ${nearest}?`}`;
    return report(explainer, path, 'wrong-value', `${show(value)} is not possible here`, hint);
  }
  if (typeof value === 'string') explainString(explainer, branch, value, path);
  else if (typeof value === 'number') explainNumber(explainer, branch, value, path);
  else if (Array.isArray(value)) explainList(explainer, branch, value, path);
  else if (isRecord(value)) explainObject(explainer, branch, value, path);
}

/** The schema itself or the member of a union that is meant: the one of the value's type. */
function chooseBranch(schema: JsonSchema, value: unknown): JsonSchema | null {
  if (schema.anyOf === undefined) return hasType(schema, value) ? schema : null;
  return schema.anyOf.find((branch) => hasType(branch, value)) ?? null;
}

function hasType({ type }: JsonSchema, value: unknown): boolean {
  switch (type) {
    case 'object':
      return isRecord(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isSafeInteger(value);
    case undefined:
      return true;
    default:
      return typeof value === type;
  }
}

function mistyped(explainer: Explainer, schema: JsonSchema, value: unknown, path: DocumentPath): void {
  const message = value === null ? 'has no value' : `${show(value)} is not possible here`;
  report(explainer, path, 'wrong-type', message, `must be ${describe(schema)}`);
}

function explainString(explainer: Explainer, schema: JsonSchema, value: string, path: DocumentPath): void {
  const matches = schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value);
  // JSON Schema counts characters, not UTF-16 units.
  const fits = schema.maxLength === undefined || [...value].length <= schema.maxLength;
  if (!matches || !fits) {
    report(explainer, path, 'wrong-value', `${quote(value)} is not possible here`, describe(schema));
  }
}

function explainNumber(explainer: Explainer, schema: JsonSchema, value: number, path: DocumentPath): void {
  if (value < (schema.minimum ?? -Infinity) || value > (schema.maximum ?? Infinity)) {
    const hint = `${schema.minimum ?? 'any'} to ${schema.maximum ?? 'any'}`;
    report(explainer, path, 'wrong-value', `${value} is out of range`, hint);
  }
}

function explainList(
  explainer: Explainer,
  schema: JsonSchema,
  value: readonly unknown[],
  path: DocumentPath,
): void {
  const { items, minItems = 0, maxItems = Infinity } = schema;
  if (value.length < minItems) {
    const message = value.length === 0 ? 'is empty' : `has ${value.length} entries`;
    report(explainer, path, 'too-few', message, `at least ${minItems}`);
  }
  if (value.length > maxItems) {
    return report(explainer, path, 'too-many', `has ${value.length} entries`, `at most ${maxItems}`);
  }
  if (items === undefined) return;
  value.forEach((item, index) => {
    explain(explainer, items, item, [...path, index]);
  });
}

function explainObject(
  explainer: Explainer,
  schema: JsonSchema,
  value: Readonly<Record<string, unknown>>,
  path: DocumentPath,
): void {
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) {
      const field = new Map(Object.entries(schema.properties ?? {})).get(name) ?? {};
      report(explainer, [...path, name], 'missing-field', 'is required', `must be ${describe(field)}`, 'key');
    }
  }
  for (const [key, item] of Object.entries(value)) {
    const field = fieldOf(schema, key);
    if (field !== null) explain(explainer, field, item, [...path, key]);
    else unknownKey(explainer, schema, key, path);
  }
}

function fieldOf({ properties = {}, patternProperties = {} }: JsonSchema, key: string): JsonSchema | null {
  if (Object.hasOwn(properties, key)) return properties[key] ?? null;
  const match = Object.entries(patternProperties).find(([pattern]) => new RegExp(pattern, 'u').test(key));
  return match?.[1] ?? null;
}

function unknownKey(explainer: Explainer, schema: JsonSchema, key: string, parent: DocumentPath): void {
  const path = [...parent, key];
  const [pattern] = Object.keys(schema.patternProperties ?? {});
  if (pattern !== undefined) {
    const hint = explainer.keyNames.get(pattern) ?? `must match ${pattern}`;
    return report(explainer, path, 'wrong-name', `${quote(key)} is not possible as a name here`, hint, 'key');
  }
  const known = Object.keys(schema.properties ?? {});
  const nearest = nearestOf(key, known);
  const hint = nearest === null ? `known here: ${known.join(', ')}` : `did you mean ${nearest}?`;
  report(explainer, path, 'unknown-field', 'is not a known field', hint, 'key');
}

function report(
  { found }: Explainer,
  path: DocumentPath,
  code: string,
  message: string,
  hint?: string,
  part: 'key' | 'value' = 'value',
): void {
  if (found.length >= MAX_PROBLEMS) return;
  const problem = { code, path: formatPath(path), message, ...(hint === undefined ? {} : { hint }) };
  found.push({ problem, path, part });
}

/** What a schema wants, as it can stand behind "must be". */
function describe(schema: JsonSchema): string {
  if (schema.description !== undefined) return schema.description;
  if (schema.anyOf !== undefined) return schema.anyOf.map(describe).join(', or ');
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`;
  if (schema.const !== undefined) return String(schema.const);
  switch (schema.type) {
    case 'integer':
      return `a whole number from ${schema.minimum ?? 'any'} to ${schema.maximum ?? 'any'}`;
    case 'array':
      return `a list${schema.items?.description === undefined ? '' : `, each ${schema.items.description}`}`;
    case 'object':
      return schema.properties === undefined
        ? 'a map'
        : `a map of ${Object.keys(schema.properties).join(', ')}`;
    default:
      return schema.maxLength === undefined ? 'text' : `text of at most ${schema.maxLength} characters`;
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return 'a list';
  return isRecord(value) ? 'a map' : String(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function collectPatterns(schema: JsonSchema, names = new Map<string, string>()): ReadonlyMap<string, string> {
  if (schema.pattern !== undefined && schema.description !== undefined) {
    names.set(schema.pattern, schema.description);
  }
  const parts = [
    ...Object.values(schema.properties ?? {}),
    ...Object.values(schema.patternProperties ?? {}),
    ...(schema.anyOf ?? []),
    ...(schema.items === undefined ? [] : [schema.items]),
  ];
  for (const part of parts) collectPatterns(part, names);
  return names;
}

/** The word that is at most a third wrong. */
function nearestOf(word: string, known: readonly string[]): string | null {
  if (word.length > 64) return null;
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
    .toSorted((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate ?? null;
}

/** Levenshtein's: letters to insert, drop or exchange. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const exchanged = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(exchanged, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
