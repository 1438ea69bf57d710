import type { FastifyError, FastifyReply } from 'fastify';
import type { ErrorBody } from '../../model/api.ts';
import { VinetError } from '../../model/vinet-error.ts';

/** Codes that a client meets, and the HTTP statuses that they go with. */
export const ERROR_STATUS: Readonly<Record<string, number>> = {
  'bad-request': 400,
  unauthorized: 401,
  'not-found': 404,
  refused: 409,
  conflict: 409,
  'has-riders': 409,
  'too-large': 413,
  'unsupported-media-type': 415,
  'invalid-overlay': 422,
  internal: 500,
  'node-failed': 502,
  'not-connected': 503,
  timeout: 504,
};

export function sendError(reply: FastifyReply, error: ErrorBody['error']): FastifyReply {
  if (error.code === 'unauthorized') void reply.header('www-authenticate', 'Bearer');
  const body: ErrorBody = { error };
  return reply
    .code(ERROR_STATUS[error.code] ?? 500)
    .type('application/json')
    .send(JSON.stringify(body));
}

/** What a client may read of an error that was thrown; null of one that is nobody's business but the log's. */
export function explainError(error: unknown): ErrorBody['error'] | null {
  if (error instanceof VinetError) return explainOwn(error);
  const { code = '', statusCode = 500, message } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return { code: 'too-large', message: `the body is larger than ${MAX_BODY_MIB} MiB` };
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return { code: 'unsupported-media-type', message: 'the body is of a media type that is not read here' };
  }
  if (statusCode >= 400 && statusCode < 500)
    return { code: 'bad-request', message: message ?? 'bad request' };
  return null;
}

/** Of every body but a command's standard input. */
export const MAX_BODY_MIB = 8;

function explainOwn({ code, message, context }: VinetError): ErrorBody['error'] {
  if (code in ERROR_STATUS) return { code, message };
  // What an agent says in codes of its own is the node's failure, not the controller's.
  if (context.node !== undefined) return { code: 'node-failed', message: `node ${context.node}: ${message}` };
  return { code: 'internal', message };
}
