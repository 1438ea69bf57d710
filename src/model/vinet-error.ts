/**
 * The one error type of the product: a stable code for programs, a sentence for people, and the context
 * that an operator needs (which overlay, node, namespace, system call, errno).
 */
export class VinetError extends Error {
  readonly code: string;
  readonly context: Readonly<Record<string, string | number>>;

  constructor(
    code: string,
    message: string,
    options: { cause?: unknown; context?: Record<string, string | number> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'VinetError';
    this.code = code;
    this.context = options.context ?? {};
  }
}

/** Any thrown value as one line of text. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
