import type { Writable } from 'node:stream';

/**
 * The writing side of a long stream whose peer may be slow. Messages queue in their order; of those that
 * each replace the one before (`sendLatest`) only the newest waits while the stream is full, so a frozen
 * peer costs a bounded amount of memory.
 */
export interface Outbox<T> {
  /** False when the stream is gone; the message is dropped then. */
  send(message: T): boolean;
  sendLatest(message: T): boolean;
}

export function openOutbox<T>(stream: Writable): Outbox<T> {
  let waiting: { readonly message: T } | null = null;
  stream.on('drain', () => {
    if (waiting === null) return;
    const { message } = waiting;
    waiting = null;
    write(stream, message);
  });
  return {
    send: (message) => write(stream, message),
    sendLatest(message) {
      if (!stream.writable) return false;
      if (!stream.writableNeedDrain) return write(stream, message);
      waiting = { message };
      return true;
    },
  };
}

function write<T>(stream: Writable, message: T): boolean {
  // `writable` turns false with end, destroy and error: a write after those would be an error of its own.
  if (!stream.writable) return false;
  stream.write(message);
  return true;
}
