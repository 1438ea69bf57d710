import { type DocumentPath, formatPath } from './document-path.ts';
import { chooseBranch, explainMismatch, fieldOf, isRecord, type JsonSchema } from './schema-problems.ts';

/** What of a document fits its schema, so that it can be checked while the rest is refused. */
export interface PartialDocument {
  /** Undefined where nothing fits. */
  readonly value: unknown;
  readonly isDamaged: Damage;
  /** Where something in `value` stands in the document: of a list, entries before it may have been left out. */
  readonly originOf: (path: DocumentPath) => DocumentPath;
}

/**
 * Whether something at, below or above a place was left out, so that what seems to be said there may not be what
 * was meant. Unknown fields are no damage: nothing depends on them.
 */
export type Damage = (path: DocumentPath) => boolean;

export function wholeDocument(value: unknown): PartialDocument {
  return { value, isDamaged: () => false, originOf: (path) => path };
}

/** Leaves out as little as possible: an optional field, a list's entry, or else what cannot be without it. */
export function takeFittingParts(schema: JsonSchema, data: unknown): PartialDocument {
  const losses: Losses = { places: [], kept: new Map() };
  return {
    value: keep(losses, schema, data, []),
    isDamaged: (path) =>
      losses.places.some((place) => place.slice(0, path.length).every((step, depth) => step === path[depth])),
    originOf: (path) => {
      const origin: (string | number)[] = [];
      for (const step of path) {
        const indexes = losses.kept.get(formatPath(origin));
        origin.push(typeof step === 'number' ? (indexes?.[step] ?? step) : step);
      }
      return origin;
    },
  };
}

interface Losses {
  readonly places: DocumentPath[];
  /** Of lists that lost entries: former positions of those that are left, by the list's path. */
  readonly kept: Map<string, readonly number[]>;
}

/** The document and its sections need not be complete: what stands in one section is checked without the others. */
const SECTION_DEPTH = 2;

function keep(losses: Losses, schema: JsonSchema, value: unknown, path: DocumentPath): unknown {
  const part = keepOfBranch(losses, chooseBranch(schema, value), value, path);
  if (part === undefined) losses.places.push(path);
  return part;
}

function keepOfBranch(
  losses: Losses,
  branch: JsonSchema | null,
  value: unknown,
  path: DocumentPath,
): unknown {
  if (branch === null) return undefined;
  if (branch.type === 'array' && Array.isArray(value)) return keepOfList(losses, branch, value, path);
  if (branch.type === 'object' && isRecord(value)) return keepOfObject(losses, branch, value, path);
  return explainMismatch(branch, value).length === 0 ? value : undefined;
}

function keepOfList(
  losses: Losses,
  { items = {}, minItems = 0, maxItems = Infinity }: JsonSchema,
  value: readonly unknown[],
  path: DocumentPath,
): unknown {
  if (value.length > maxItems) return undefined;
  const entries = value
    .map((item, index) => ({ index, part: keep(losses, items, item, [...path, index]) }))
    .filter(({ part }) => part !== undefined);
  const indexes = entries.map(({ index }) => index);
  if (indexes.length < value.length) losses.kept.set(formatPath(path), indexes);
  return entries.length < minItems ? undefined : entries.map(({ part }) => part);
}

function keepOfObject(
  losses: Losses,
  schema: JsonSchema,
  value: Readonly<Record<string, unknown>>,
  path: DocumentPath,
): unknown {
  const fields = Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
    const field = fieldOf(schema, key);
    const part = field === null ? undefined : keep(losses, field, item, [...path, key]);
    return part === undefined ? [] : [[key, part]];
  });
  const names = new Set(fields.map(([key]) => key));
  const isComplete = (schema.required ?? []).every((name) => names.has(name));
  return isComplete || path.length < SECTION_DEPTH ? Object.fromEntries(fields) : undefined;
}
