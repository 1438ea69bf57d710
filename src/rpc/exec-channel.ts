import type { Readable, Writable } from 'node:stream';
import { errorText, VinetError } from '../model/vinet-error.ts';

/** One end of a command's stream: the agent sends output and receives input, the controller the reverse. */
export interface ExecChannel<Sent, Received> {
  /** Resolves once the stream takes more; false when it is gone, and the message with it. */
  send(message: Sent): Promise<boolean>;
  /** Ends when the peer has ended its side; throws `connection-lost` when the stream broke. Iterate once. */
  readonly received: AsyncIterable<Received>;
  /** Nothing more will be sent. */
  end(): void;
  /** Breaks the stream off at once, in both directions. */
  abort(): void;
}

export function openExecChannel<Sent, Received>(
  stream: Readable & Writable,
  abort: () => void,
): ExecChannel<Sent, Received> {
  // An error reaches whoever iterates; without a listener one that comes later would end the process.
  stream.on('error', () => {});
  return {
    async send(message) {
      if (!stream.writable) return false;
      if (!stream.write(message)) await drained(stream);
      return stream.writable;
    },
    received: receive<Received>(stream),
    end: () => stream.end(),
    abort,
  };
}

async function* receive<T>(stream: Readable): AsyncGenerator<T> {
  try {
    // Leaving the loop must not destroy the stream: its other direction may still be in use.
    for await (const message of stream.iterator({ destroyOnReturn: false })) yield message;
  } catch (cause) {
    throw new VinetError('connection-lost', `the command's stream broke: ${errorText(cause)}`, { cause });
  }
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      stream.off('error', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
    stream.on('error', done);
  });
}
