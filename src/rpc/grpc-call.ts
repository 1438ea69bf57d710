import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { VinetError } from '../model/vinet-error.ts';

/** Numbers of a call's outcome: gRPC's status codes. */
export const STATUS = { ok: 0, invalidArgument: 3, aborted: 10 } as const;

/** How a call ended, by the server's own word. */
export interface CallOutcome {
  /** Messages of the answer, in order; those that came before a failure too. */
  readonly messages: readonly Buffer[];
  readonly status: number;
  /** What the server says about it. */
  readonly words: string;
}

/**
 * One call of gRPC over HTTP/2 on a session that somebody else has opened, for a socket that no library of gRPC
 * could open by itself. Fails with `timeout`, `not-running` when the session ends, `protocol` for what is no answer.
 */
export function callGrpc(
  session: ClientHttp2Session,
  method: string,
  request: Buffer,
  timeoutMs: number,
): Promise<CallOutcome> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': method,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const timer = setTimeout(
      () => stream.destroy(new VinetError('timeout', `no answer to ${method} in ${timeoutMs} ms`)),
      timeoutMs,
    );
    stream.once('close', () => clearTimeout(timer));
    readOutcome(stream).then(resolve, (error: unknown) => reject(asVinetError(error, method)));
    stream.end(encodeFrame(request));
  });
}

/** A byte that says that the message is not compressed, and its length. */
export function encodeFrame(message: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

/** Fails with `protocol` where the bytes are not exactly frames, or a frame is compressed. */
export function decodeFrames(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const start = offset + FRAME_HEADER_BYTES;
    if (start > bytes.length || bytes[offset] !== 0)
      throw new VinetError('protocol', 'not a message of gRPC');
    const end = start + bytes.readUInt32BE(offset + 1);
    if (end > bytes.length) throw new VinetError('protocol', 'a message of gRPC was cut off');
    messages.push(bytes.subarray(start, end));
    offset = end;
  }
  return messages;
}

function readOutcome(stream: ClientHttp2Stream): Promise<CallOutcome> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let outcome: IncomingHttpHeaders = {};
    // A call that fails at once has its outcome among the headers.
    for (const event of ['response', 'trailers'] as const)
      stream.on(event, (headers: IncomingHttpHeaders) => {
        outcome = { ...outcome, ...headers };
      });
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) stream.destroy(new VinetError('protocol', 'the answer is too long'));
    });
    stream.on('error', reject);
    stream.on('close', () => {
      const status = outcome['grpc-status'];
      if (typeof status !== 'string' || !/^[0-9]{1,2}$/.test(status))
        return reject(new VinetError('not-running', 'the connection ended before the answer did'));
      try {
        const words = decodeWords(outcome['grpc-message']);
        resolve({ messages: decodeFrames(Buffer.concat(chunks)), status: Number(status), words });
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** Text with `%` before what HTTP's headers cannot hold. */
function decodeWords(header: string | string[] | undefined): string {
  const text = typeof header === 'string' ? header : '';
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function asVinetError(error: unknown, method: string): VinetError {
  if (error instanceof VinetError) return error;
  return new VinetError('not-running', `${method} was not answered`, { cause: error });
}

const FRAME_HEADER_BYTES = 5;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
