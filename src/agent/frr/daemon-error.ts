import { VinetError } from '../../model/vinet-error.ts';
import type { Pathspace } from './pathspace.ts';

/** An error about one daemon, which its message and its context name. */
export function daemonError(
  { name }: Pathspace,
  daemon: string,
  code: string,
  message: string,
  cause?: unknown,
): VinetError {
  return new VinetError(code, `${daemon} of ${name}: ${message}`, {
    cause,
    context: { pathspace: name, daemon },
  });
}
