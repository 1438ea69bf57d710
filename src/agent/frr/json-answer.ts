import { VinetError } from '../../model/vinet-error.ts';

const MAX_DEPTH = 64;

/**
 * FRR's answer to a `show … json`. Nothing at all is FRR's way to say that there is nothing, and becomes null.
 * Fails with `rejected` for what is no JSON or nests deeper than any answer of FRR.
 */
export function parseJsonAnswer(text: string): unknown {
  if (text.trim() === '') return null;
  if (nestsDeeperThan(text, MAX_DEPTH)) {
    throw new VinetError('rejected', `FRR's answer nests deeper than ${MAX_DEPTH}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new VinetError('rejected', `FRR's answer is no JSON: ${text.slice(0, 200).trim()}`, {
      cause: error,
    });
  }
}

/** What a part of an answer holds by name; nothing where it is something else than wanted. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** The entries of a list in an answer; none where it is no list. */
export function recordsOf(list: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(list) ? list.map(recordOf) : [];
}

function nestsDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') {
      inString = true;
    } else if (character === '{' || character === '[') {
      depth += 1;
      if (depth > limit) return true;
    } else if (character === '}' || character === ']') {
      depth -= 1;
    }
  }
  return false;
}
