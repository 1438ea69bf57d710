import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { VinetError } from '../../model/vinet-error.ts';

/**
 * The one place where an errno becomes an error of ours: `not-found`, `exists`, `unsupported` or `kernel`.
 * @param errno positive, as in errno(3)
 * @param what system call or message, with its object: `RTM_NEWLINK r2`, `mount /run/netns/ring_r1`
 * @param options.explanation the kernel's own words, where it has any
 */
export function kernelError(
  errno: number,
  what: string,
  options: { cause?: unknown; explanation?: string } = {},
): VinetError {
  const name = errnoName(errno);
  const explanation = options.explanation ? ` (${options.explanation})` : '';
  return new VinetError(CODES.get(errno) ?? 'kernel', `${what}: ${name}${explanation}`, {
    cause: options.cause,
    context: { operation: what, errno, name },
  });
}

/** The same for what node:fs throws; anything else stays what it is, as the cause. */
export function fileError(error: unknown, what: string): VinetError {
  if (error instanceof VinetError) return error;
  const errno =
    error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  return errno === 0
    ? new VinetError('kernel', `${what}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
        context: { operation: what },
      })
    : kernelError(Math.abs(errno), what, { cause: error });
}

const { ENODEV, ENOENT, ESRCH, ENXIO, EEXIST, EOPNOTSUPP, EPROTONOSUPPORT } = constants.errno;

/** EADDRNOTAVAIL is what RTM_DELADDR answers for an address that is not there. */
const CODES: ReadonlyMap<number, string> = new Map([
  [ENODEV, 'not-found'],
  [ENOENT, 'not-found'],
  [ESRCH, 'not-found'],
  [ENXIO, 'not-found'],
  [constants.errno.EADDRNOTAVAIL, 'not-found'],
  [EEXIST, 'exists'],
  [EOPNOTSUPP, 'unsupported'],
  [EPROTONOSUPPORT, 'unsupported'],
]);

function errnoName(errno: number): string {
  if (!Number.isInteger(errno) || errno <= 0 || errno > 4095) return `errno ${errno}`;
  // libuv says ENOTSUP, which is the same number; operators know rtnetlink's word.
  return errno === EOPNOTSUPP ? 'EOPNOTSUPP' : getSystemErrorName(-errno);
}
