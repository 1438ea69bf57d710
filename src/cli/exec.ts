import { type EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { constants } from 'node:os';
import { type Readable, Transform, type Writable } from 'node:stream';
import { VinetError } from '../model/vinet-error.ts';
import { type ApiClient, apiPath, connectionError } from './api-client.ts';
import { readLines } from './lines.ts';

export interface ExecRequest {
  readonly overlay: string;
  /** A router or host. */
  readonly member: string;
  readonly argv: readonly string[];
}

export interface ExecStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Aborting it ends the command. */
  readonly signal?: AbortSignal;
  /** Where interrupts come from, such as `process`: each is passed on to the command. */
  readonly interrupts?: Pick<EventEmitter, 'on' | 'off'>;
}

/**
 * Runs a command in a member's environment and resolves with its exit status as a shell gives it: 128 and the
 * signal's number where one ended it, 127 where it could not be started. Fails with `connection-lost` when the
 * end of the command never came.
 */
export async function runExec(
  client: ApiClient,
  request: ExecRequest,
  streams: ExecStreams,
): Promise<number> {
  const leaving = new AbortController();
  const signal = AbortSignal.any([leaving.signal, ...(streams.signal === undefined ? [] : [streams.signal])]);
  const input = frameInput(streams.stdin);
  let interrupts = 0;
  const interrupt = () => {
    interrupts += 1;
    if (interrupts > PATIENT_INTERRUPTS) leaving.abort();
    else input.interrupt();
  };
  streams.interrupts?.on('SIGINT', interrupt);
  try {
    const answer = await openExec(client, request, input.frames, signal);
    try {
      return await relay(answer, streams);
    } finally {
      answer.destroy();
    }
  } catch (error) {
    if (signal.aborted) return 128 + constants.signals.SIGINT;
    throw connectionError(error, client.address);
  } finally {
    streams.interrupts?.off('SIGINT', interrupt);
  }
}

/** A command that does not heed an interrupt is left after so many. */
const PATIENT_INTERRUPTS = 2;

function openExec(
  client: ApiClient,
  request: ExecRequest,
  body: Readable,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return client.open({
    method: 'POST',
    path: apiPath(
      ['overlays', request.overlay, 'members', request.member, 'exec'],
      request.argv.map((argument) => ['argv', argument] as const),
    ),
    accept: 'application/x-ndjson',
    contentType: 'application/x-ndjson',
    body,
    idleTimeoutMs: 0,
    signal,
  });
}

/** Standard input as frames, which stay open at its end: an interrupt may still follow. */
function frameInput(stdin: Readable): { readonly frames: Readable; interrupt(): void } {
  const frames = new Transform({
    writableObjectMode: true,
    transform: (frame, _encoding, done) => done(null, `${JSON.stringify(frame)}\n`),
  });
  const framing = new Transform({
    readableObjectMode: true,
    transform: (data: Buffer, _encoding, done) => done(null, { stdin: data.toString('base64') }),
    flush: (done) => done(null, { stdinClosed: true }),
  });
  stdin.pipe(framing).pipe(frames, { end: false });
  return { frames, interrupt: () => void frames.write({ signal: 'SIGINT' }) };
}

/** Writes output as it comes until the command's end. */
async function relay(answer: IncomingMessage, streams: ExecStreams): Promise<number> {
  for await (const line of readLines(answer)) {
    if (line === '') continue;
    const frame = readFrame(line);
    if (frame.exit !== undefined) return await exitStatus(frame.exit, streams.stderr);
    if (frame.stdout !== undefined) await write(streams.stdout, frame.stdout);
    if (frame.stderr !== undefined) await write(streams.stderr, frame.stderr);
  }
  throw new VinetError('connection-lost', 'the connection ended before the command did');
}

interface Exit {
  readonly status: number;
  readonly signal: string;
  readonly failure: string;
}

interface Frame {
  readonly stdout?: Buffer;
  readonly stderr?: Buffer;
  readonly exit?: Exit;
}

function readFrame(line: string): Frame {
  let value: Partial<{ stdout: unknown; stderr: unknown; exit: Partial<Exit> | null }>;
  try {
    value = JSON.parse(line) as typeof value;
  } catch (error) {
    throw new VinetError('unexpected-answer', 'the controller sent a line that is no JSON', { cause: error });
  }
  if (typeof value.stdout === 'string') return { stdout: Buffer.from(value.stdout, 'base64') };
  if (typeof value.stderr === 'string') return { stderr: Buffer.from(value.stderr, 'base64') };
  if (typeof value.exit === 'object' && value.exit !== null) {
    const { status, signal, failure } = value.exit;
    return {
      exit: { status: Number(status ?? 0), signal: String(signal ?? ''), failure: String(failure ?? '') },
    };
  }
  return {};
}

async function exitStatus(exit: Exit, stderr: Writable): Promise<number> {
  if (exit.failure !== '') {
    await write(stderr, Buffer.from(`error: ${exit.failure}\n`));
    return 127;
  }
  if (exit.signal === '') return exit.status;
  return 128 + ((constants.signals as Record<string, number>)[exit.signal] ?? 0);
}

async function write(stream: Writable, bytes: Buffer): Promise<void> {
  if (!stream.write(bytes)) await once(stream, 'drain');
}
