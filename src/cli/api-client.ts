import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import type { ErrorBody } from '../model/api.ts';
import { errorText, VinetError } from '../model/vinet-error.ts';
import { parseAddress } from './address.ts';
import type { ClientSettings } from './client-settings.ts';

/** The controller answered, with something else than success. */
export class ApiError extends VinetError {
  readonly status: number;
  readonly body: ErrorBody['error'];

  constructor(status: number, body: ErrorBody['error']) {
    super(body.code, body.message, { context: { status } });
    this.name = 'ApiError';
    this.status = status;
    this.body = body;
  }
}

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Beginning with `/v1/`, its parts already encoded by `apiPath`. */
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: Buffer | string | Readable;
  /** How long the connection may be silent; 0 for ever. */
  readonly idleTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Speaks to one controller over kept connections. Fails with an `ApiError` when the controller said no, and
 * otherwise with `unreachable`, `connection-lost`, `timeout` or `unexpected-answer`.
 */
export interface ApiClient {
  readonly address: string;
  /** Resolves with the parsed JSON of the answer, undefined where it is empty. */
  send<T>(request: ApiRequest): Promise<T>;
  /** Resolves once the answer begins; its body is the caller's to read. */
  open(request: ApiRequest): Promise<IncomingMessage>;
  close(): void;
}

const DEFAULT_IDLE_TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 512 * 1024 * 1024;

export function createApiClient(settings: ClientSettings): ApiClient {
  const address = parseAddress(settings.address);
  const secure = address.kind === 'tcp' && address.secure;
  const agent = new (secure ? https : http).Agent({ keepAlive: true });
  const target =
    address.kind === 'unix'
      ? { socketPath: address.path, host: 'localhost' }
      : { host: address.host, port: address.port };

  async function open(request: ApiRequest): Promise<IncomingMessage> {
    const headers: Record<string, string | number> = { accept: request.accept ?? 'application/json' };
    if (settings.token !== null) headers.authorization = `Bearer ${settings.token}`;
    if (request.contentType !== undefined) headers['content-type'] = request.contentType;
    if (typeof request.body === 'string' || Buffer.isBuffer(request.body)) {
      headers['content-length'] = Buffer.byteLength(request.body);
    }
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = (secure ? https : http).request({
        ...target,
        ...(settings.authority === null ? {} : { ca: settings.authority }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
        agent,
        method: request.method ?? 'GET',
        path: request.path,
        headers,
        timeout: request.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
      });
      outgoing.on('timeout', () => outgoing.destroy(silence(settings.address)));
      outgoing.on('error', (error) => reject(connectionError(error, settings.address)));
      outgoing.on('response', resolve);
      if (request.body === undefined || typeof request.body === 'string' || Buffer.isBuffer(request.body)) {
        outgoing.end(request.body);
      } else {
        // Without this the request's head would wait for the first byte of its body.
        outgoing.flushHeaders();
        const body = request.body;
        body.pipe(outgoing);
        outgoing.on('close', () => body.unpipe(outgoing));
      }
    });
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw new ApiError(status, readErrorBody(await readText(answer, settings.address), status));
  }

  return {
    address: settings.address,
    open,
    async send<T>(request: ApiRequest): Promise<T> {
      const answer = await open(request);
      const text = await readText(answer, settings.address);
      try {
        return (text === '' ? undefined : JSON.parse(text)) as T;
      } catch (error) {
        throw new VinetError('unexpected-answer', `${settings.address} did not answer with JSON`, {
          cause: error,
        });
      }
    },
    close: () => agent.destroy(),
  };
}

/** A path of the API from its parts, so that no name can become another path or a query. */
export function apiPath(
  parts: readonly string[],
  query: readonly (readonly [string, string])[] = [],
): string {
  const path = parts.map((part) => `/${encodeURIComponent(part)}`).join('');
  const search = new URLSearchParams(query.map(([key, value]): [string, string] => [key, value])).toString();
  return `/v1${path}${search === '' ? '' : `?${search}`}`;
}

/** Whether asking again later may help: the controller is away, restarting or overloaded. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ApiError) return error.status === 502 || error.status === 503 || error.status === 504;
  return error instanceof VinetError && ['unreachable', 'connection-lost', 'timeout'].includes(error.code);
}

async function readText(answer: IncomingMessage, address: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES)
        throw new VinetError('unexpected-answer', `the answer of ${address} is too long`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof VinetError ? error : connectionError(error, address);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readErrorBody(text: string, status: number): ErrorBody['error'] {
  try {
    const error = (JSON.parse(text) as Partial<ErrorBody>).error;
    if (typeof error?.code === 'string' && typeof error.message === 'string') return error;
  } catch {
    // Whatever answered is no controller: its status is all there is to say.
  }
  return { code: 'unexpected-answer', message: `the controller answered with HTTP status ${status}` };
}

/** Any failure of a connection as one of ours. */
export function connectionError(error: unknown, address: string): VinetError {
  if (error instanceof VinetError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (['ECONNREFUSED', 'ENOENT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'].includes(code)) {
    return new VinetError('unreachable', `no controller answers at ${address} (${code})`, { cause: error });
  }
  return new VinetError('connection-lost', `lost the connection to ${address}: ${errorText(error)}`, {
    cause: error,
  });
}

function silence(address: string): VinetError {
  return new VinetError('timeout', `${address} did not answer in time`);
}
