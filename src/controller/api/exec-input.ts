import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { VinetError } from '../../model/vinet-error.ts';
import type { ExecInput } from '../../rpc/fleet-message.ts';

/** The body is the command's standard input and nothing else. */
export const RAW_INPUT = 'application/octet-stream';
/**
 * A line of JSON for each piece: `{"stdin":"BASE64"}`, `{"stdinClosed":true}`, `{"signal":"SIGINT"}`. Signals may
 * follow the end of standard input.
 */
export const FRAMED_INPUT = 'application/x-ndjson';

/** A body that is framed fails with `bad-request` at the first line that is no frame. */
export function readInput(body: IncomingMessage): AsyncGenerator<ExecInput> {
  return body.headers['content-type']?.startsWith(FRAMED_INPUT) ? readFrames(body) : readRaw(body);
}

async function* readRaw(body: Readable): AsyncGenerator<ExecInput> {
  for await (const data of body.iterator({ destroyOnReturn: false })) {
    yield { kind: 'stdin', data: data as Buffer };
  }
}

async function* readFrames(body: Readable): AsyncGenerator<ExecInput> {
  let rest = Buffer.alloc(0);
  for await (const data of body.iterator({ destroyOnReturn: false })) {
    rest = Buffer.concat([rest, data as Buffer]);
    for (let end = rest.indexOf(LINE_FEED); end >= 0; end = rest.indexOf(LINE_FEED)) {
      const line = rest.subarray(0, end).toString('utf8');
      rest = rest.subarray(end + 1);
      if (line !== '') yield readFrame(line);
    }
    if (rest.length > MAX_FRAME_BYTES) throw new VinetError('bad-request', 'a frame is too long');
  }
}

const LINE_FEED = 0x0a;
const MAX_FRAME_BYTES = 1024 * 1024;
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGKILL', 'SIGUSR1', 'SIGUSR2'] as const;

function readFrame(line: string): ExecInput {
  const { stdin, stdinClosed, signal: wanted } = parse(line);
  if (typeof stdin === 'string') return { kind: 'stdin', data: Buffer.from(stdin, 'base64') };
  if (stdinClosed === true) return { kind: 'stdin-closed' };
  const signal = SIGNALS.find((name) => name === wanted);
  if (signal !== undefined) return { kind: 'signal', signal };
  throw new VinetError('bad-request', 'a line of the input is no frame');
}

function parse(line: string): { stdin?: unknown; stdinClosed?: unknown; signal?: unknown } {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : {};
  } catch (cause) {
    throw new VinetError('bad-request', 'a line of the input is no JSON', { cause });
  }
}
