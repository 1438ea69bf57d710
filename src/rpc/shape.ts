import { badMessage, choice, line, part } from './field.ts';

/** How a value of the model stands in a message: told once, for both directions. */
export interface Shape<T> {
  encode(value: T): unknown;
  /** Fails with `bad-message`, which names the field. */
  decode(wire: unknown, field: string): T;
}

/** One line of text; `check` may ask for more. */
export function text(check: (value: string, field: string) => string = line): Shape<string> {
  return {
    encode: (value) => value,
    decode: (wire, field) => check(typeof wire === 'string' ? wire : wrongType(field), field),
  };
}

export function oneOf<const T extends string>(choices: readonly T[]): Shape<T> {
  return {
    encode: (value) => value,
    decode: (wire, field) => choice(typeof wire === 'string' ? wire : wrongType(field), choices, field),
  };
}

export function whole(limit = 0xffff_ffff): Shape<number> {
  return {
    encode: (value) => value,
    decode: (wire, field) => {
      const isFine = typeof wire === 'number' && Number.isInteger(wire) && wire >= 0 && wire <= limit;
      return isFine ? wire : outOfRange(field);
    },
  };
}

export const family: Shape<4 | 6> = {
  encode: (value) => value,
  decode: (wire, field) => (wire === 4 || wire === 6 ? wire : outOfRange(field)),
};

export const flag: Shape<boolean> = {
  encode: (value) => value,
  decode: (wire, field) => (typeof wire === 'boolean' ? wire : wrongType(field)),
};

export function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
  return {
    encode: (values) => values.map((value) => shape.encode(value)),
    decode: (wire, field) =>
      (Array.isArray(wire) ? wire : wrongType(field)).map((one: unknown) => shape.decode(one, field)),
  };
}

/** A message with exactly these fields. */
export function message<T extends object>(
  shapes: { readonly [Name in keyof T]-?: Shape<T[Name]> },
): Shape<T> {
  const fields = Object.entries(shapes) as [keyof T & string, Shape<unknown>][];
  return {
    encode: (value) => Object.fromEntries(fields.map(([name, shape]) => [name, shape.encode(value[name])])),
    decode: (wire, field) => {
      const sent = part(wire, field) as Readonly<Record<string, unknown>>;
      const decoded = fields.map(([name, shape]) => [name, shape.decode(sent[name], `${field}.${name}`)]);
      return Object.fromEntries(decoded) as T;
    },
  };
}

/** A message that may be absent, which the model calls null. */
export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return {
    encode: (value) => (value === null ? null : shape.encode(value)),
    decode: (wire, field) => (wire === null || wire === undefined ? null : shape.decode(wire, field)),
  };
}

function wrongType(field: string): never {
  throw badMessage(field, 'is of another type');
}

function outOfRange(field: string): never {
  throw badMessage(field, 'is out of range');
}
