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

/** More problems than anybody reads: a hostile file could have millions. */
export const MAX_PROBLEMS = 1000;

/**
 * Everything in which a value differs from its schema, in sentences. A validator's own errors name keywords;
 * of a union they name every branch. Empty for a value that fits.
 */
export function explainMismatch(schema: JsonSchema, value: unknown): PlacedProblem[] {
  const found: PlacedProblem[] = [];
  for (const mismatch of explain({ schema, path: [], meanings: collectMeanings(schema) }, value)) {
    if (found.push(mismatch) === MAX_PROBLEMS) break;
  }
  return found;
}

/** Where in schema and document the comparison stands. */
interface Place {
  readonly schema: JsonSchema;
  readonly path: DocumentPath;
  /** What a pattern means in words, wherever the schema says it. */
  readonly meanings: ReadonlyMap<string, string>;
}

type Mismatches = Generator<PlacedProblem, void>;

function* explain(place: Place, value: unknown): Mismatches {
  const schema = chooseBranch(place.schema, value);
  if (schema === null) {
    const message = value === null ? 'has no value' : `${show(value)} is not possible here`;
    yield mismatch('wrong-type', place.path, message, `must be ${describe(place.schema)}`);
    return;
  }
  const chosen = { ...place, schema };
  if (schema.const !== undefined || schema.enum !== undefined) yield* explainChoice(chosen, value);
  else if (typeof value === 'string') yield* explainString(chosen, value);
  else if (typeof value === 'number') yield* explainNumber(chosen, value);
  else if (Array.isArray(value)) yield* explainList(chosen, value);
  else if (isRecord(value)) yield* explainObject(chosen, value);
}

/** The schema itself or the member of a union that is meant: the one of the value's type. */
export function chooseBranch(schema: JsonSchema, value: unknown): JsonSchema | null {
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
      return Number.isInteger(value);
    case undefined:
      return true;
    default:
      return typeof value === type;
  }
}

function* explainChoice({ schema, path }: Place, value: unknown): Mismatches {
  const allowed = schema.enum ?? [schema.const];
  if (allowed.includes(value)) return;
  const nearest = typeof value === 'string' ? nearestOf(value, allowed.map(String)) : null;
  const suggestion = nearest === null || allowed.length === 1 ? '' : `; did you mean ${nearest}?`;
  const hint = `must be ${allowed.length === 1 ? '' : 'one of '}${allowed.join(', ')}${suggestion}`;
  yield mismatch('wrong-value', path, `${show(value)} is not possible here`, hint);
}

function* explainString({ schema, path }: Place, value: string): Mismatches {
  const matches = schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value);
  // JSON Schema counts characters, not UTF-16 units.
  const fits = schema.maxLength === undefined || [...value].length <= schema.maxLength;
  if (matches && fits) return;
  yield mismatch('wrong-value', path, `${quote(value)} is not possible here`, `must be ${describe(schema)}`);
}

function* explainNumber({ schema, path }: Place, value: number): Mismatches {
  if (value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity)) return;
  yield mismatch('wrong-value', path, `${value} is out of range`, `must be ${describe(schema)}`);
}

function* explainList(place: Place, value: readonly unknown[]): Mismatches {
  const { items, minItems = 0, maxItems = Infinity } = place.schema;
  if (value.length < minItems) {
    const message = value.length === 0 ? 'is empty' : `has ${value.length} of the entries that it needs`;
    yield mismatch('too-few', place.path, message, `at least ${minItems}`);
  }
  if (value.length > maxItems) {
    yield mismatch('too-many', place.path, `has ${value.length} entries`, `at most ${maxItems}`);
    return;
  }
  if (items === undefined) return;
  for (const [index, item] of value.entries()) {
    yield* explain({ ...place, schema: items, path: [...place.path, index] }, item);
  }
}

function* explainObject(place: Place, value: Readonly<Record<string, unknown>>): Mismatches {
  const { required = [], properties = {} } = place.schema;
  for (const name of required) {
    if (Object.hasOwn(value, name)) continue;
    const hint = `must be ${describe(properties[name] ?? {})}`;
    yield mismatch('missing-field', [...place.path, name], 'is required', hint, 'key');
  }
  for (const [key, item] of Object.entries(value)) {
    const schema = fieldOf(place.schema, key);
    if (schema === null) yield unknownKey(place, key);
    else yield* explain({ ...place, schema, path: [...place.path, key] }, item);
  }
}

export function fieldOf(
  { properties = {}, patternProperties = {} }: JsonSchema,
  key: string,
): JsonSchema | null {
  if (Object.hasOwn(properties, key)) return properties[key] ?? null;
  const match = Object.entries(patternProperties).find(([pattern]) => new RegExp(pattern, 'u').test(key));
  return match?.[1] ?? null;
}

function unknownKey({ schema, path, meanings }: Place, key: string): PlacedProblem {
  const here = [...path, key];
  const [pattern] = Object.keys(schema.patternProperties ?? {});
  if (pattern !== undefined) {
    const hint = `must be ${meanings.get(pattern) ?? `of the form ${pattern}`}`;
    return mismatch('wrong-name', here, `${quote(key)} is not possible as a name`, hint, 'key');
  }
  const known = Object.keys(schema.properties ?? {});
  const nearest = nearestOf(key, known);
  const hint = nearest === null ? `known here: ${known.join(', ')}` : `did you mean ${nearest}?`;
  return mismatch('unknown-field', here, 'is not a known field', hint, 'key');
}

function mismatch(
  code: string,
  path: DocumentPath,
  message: string,
  hint: string,
  part: 'key' | 'value' = 'value',
): PlacedProblem {
  return { problem: { code, path: formatPath(path), message, hint }, path, part };
}

/** What a schema wants, as it can stand behind "must be". */
function describe(schema: JsonSchema): string {
  if (schema.description !== undefined) return schema.description;
  if (schema.anyOf !== undefined) return describeUnion(schema.anyOf);
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

function describeUnion(branches: readonly JsonSchema[]): string {
  const said = branches.map(({ description }) => description);
  return branches
    .map((branch) => {
      const item = branch.items?.description;
      return item !== undefined && said.includes(item) ? 'a list of such' : describe(branch);
    })
    .join(', or ');
}

function show(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return 'a list';
  return isRecord(value) ? 'a map' : String(value);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function collectMeanings(schema: JsonSchema): Map<string, string> {
  const parts = [
    ...Object.values(schema.properties ?? {}),
    ...Object.values(schema.patternProperties ?? {}),
    ...(schema.anyOf ?? []),
    ...(schema.items === undefined ? [] : [schema.items]),
  ];
  const meanings = new Map(parts.flatMap((part) => [...collectMeanings(part)]));
  const { pattern, description } = schema;
  return pattern === undefined || description === undefined ? meanings : meanings.set(pattern, description);
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
