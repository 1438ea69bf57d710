/**
 * One thing that is wrong with what a user gave, with what a person needs to mend it.
 * Problems are returned as data, all of a document at once; they are never thrown.
 */
export interface Problem {
  /** Stable, machine-readable: `unknown-field`, `range-too-small`, … */
  readonly code: string;
  /** Where in the document, as a person writes it: `spec.topology.routers`. Empty for the document itself. */
  readonly path: string;
  /** One sentence: what is wrong. */
  readonly message: string;
  /** What would be right, where it can be said. */
  readonly hint?: string;
  /** Position in the source text, both counted from 1; absent where the source had none (JSON, generated). */
  readonly line?: number;
  readonly column?: number;
}

/** A value, or everything that stands in its way. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function formatProblem(problem: Problem): string {
  const place = problem.line === undefined ? '' : `line ${problem.line}: `;
  const path = problem.path === '' ? '' : `${problem.path}: `;
  const hint = problem.hint === undefined ? '' : ` (${problem.hint})`;
  return `${place}${path}${problem.message}${hint}`;
}
