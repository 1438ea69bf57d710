import { status as Code, type ServiceError } from '@grpc/grpc-js';
import { errorText, VinetError } from '../model/vinet-error.ts';

/** How VinetError's codes cross a stream's end as gRPC statuses, where the two have a word in common. */
const CODES: readonly (readonly [string, Code])[] = [
  ['unauthorized', Code.UNAUTHENTICATED],
  ['name-taken', Code.ALREADY_EXISTS],
  ['not-found', Code.NOT_FOUND],
  ['bad-message', Code.INTERNAL],
  ['protocol', Code.FAILED_PRECONDITION],
  ['unreachable', Code.UNAVAILABLE],
];

export function statusOf(error: VinetError): { code: Code; details: string } {
  const code = CODES.find(([name]) => name === error.code)?.[1] ?? Code.UNKNOWN;
  return { code, details: error.message };
}

/** Why a stream ended, from the error that gRPC reports: `connection-lost` where nothing better is known. */
export function errorOfStatus(error: unknown): VinetError {
  const { code, details } = error as Partial<ServiceError>;
  const name = CODES.find(([, status]) => status === code)?.[0] ?? 'connection-lost';
  return new VinetError(name, details || errorText(error), { cause: error });
}
