import { VinetError } from '../../model/vinet-error.ts';
import { fileError, kernelError } from './kernel-error.ts';
import { splitBatches } from './netlink-batch.ts';
import {
  AttributeTable,
  HEADER_BYTES,
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_OVERRUN,
  requireBytes,
  stampMessage,
  visitMessages,
} from './netlink-message.ts';
import { closeSoon, type NetlinkSocket } from './netlink-socket.ts';

/** A message to send, and what an operator should read when it fails: `RTM_NEWLINK r2`. */
export interface NetlinkRequest {
  readonly message: Buffer;
  readonly what: string;
  /** Numbers of errors that say that nothing is left to do, which is success. */
  readonly done?: readonly number[];
  /** Goes in the same system call as the one before it, so that no end of this process comes between. */
  readonly joined?: boolean;
}

/** Makes something of one message of a dump, or null when it is of no interest. */
export type Decode<T> = (buffer: Buffer, type: number, start: number, end: number) => T | null;

/**
 * Questions and answers over one netlink socket: one exchange at a time, each with a deadline. An exchange is
 * either a batch of requests or a dump. No failure of the kernel, the socket or the decoder escapes but as a
 * `VinetError` of the exchange concerned.
 */
export class NetlinkConnection {
  readonly #socket: NetlinkSocket;
  readonly #timeoutMs: number;
  readonly #waiting: Exchange[] = [];
  #current: Exchange | null = null;
  #timer: NodeJS.Timeout | undefined;
  #nextSequence = 1;
  #closed: VinetError | null = null;

  constructor(socket: NetlinkSocket, options: { timeoutMs: number }) {
    this.#socket = socket;
    this.#timeoutMs = options.timeoutMs;
    socket.on('message', (bytes, from) => {
      if (from.port === KERNEL_PORT) this.#receive(bytes);
    });
    socket.on('truncatedMessage', () => this.#finish(interrupted('an answer was cut off')));
    // Whose answers were lost nobody knows, so the exchange that waits has failed.
    socket.on('error', (error) => this.#finish(interrupted('answers were lost', error)));
  }

  /**
   * Sends all requests, many in one system call; a failing one does not stop those after it. Resolves with
   * one entry a request: null, or why it failed. Never rejects.
   */
  async request(requests: readonly NetlinkRequest[]): Promise<(VinetError | null)[]> {
    const results: (VinetError | null)[] = [];
    for (const batch of splitBatches(requests)) results.push(...(await this.#sendBatch(batch)));
    return results;
  }

  /**
   * All decoded messages of a dump. One that the kernel says was interrupted by a change (NLM_F_DUMP_INTR)
   * is repeated from its beginning; fails with `interrupted` when that happens too often.
   */
  async dump<T>(request: NetlinkRequest, decode: Decode<T>): Promise<T[]> {
    for (let attempt = 1; ; attempt++) {
      const entries: T[] = [];
      const failure = await this.#query(request, 0, (buffer, type, start, end) => {
        const entry = decode(buffer, type, start, end);
        if (entry !== null) entries.push(entry);
      });
      if (failure === null) return entries;
      if (failure.code !== 'interrupted' || attempt === MAX_DUMP_ATTEMPTS) throw failure;
    }
  }

  /** What the kernel answers to one request that is no dump; fails as the kernel says. */
  async ask<T>(request: NetlinkRequest, decode: Decode<T>): Promise<T[]> {
    const entries: T[] = [];
    const failure = await this.#query(request, NLM_F_ACK, (buffer, type, start, end) => {
      const entry = decode(buffer, type, start, end);
      if (entry !== null) entries.push(entry);
    });
    if (failure !== null) throw failure;
    return entries;
  }

  /** Exchanges that wait fail with `not-found`. Closing twice is closing once. */
  close(): void {
    if (this.#closed !== null) return;
    this.#closed = new VinetError('not-found', 'the namespace was closed');
    for (const exchange of this.#waiting.splice(0)) exchange.finish(this.#closed);
    this.#finish(this.#closed);
    closeSoon(this.#socket);
  }

  #sendBatch(batch: readonly NetlinkRequest[]): Promise<(VinetError | null)[]> {
    const errors: (VinetError | null)[] = batch.map(() => null);
    const answered = new Set<number>();
    return new Promise((resolve) => {
      this.#enqueue({
        what: batch[0]?.what ?? 'netlink',
        messages: batch.map((request) => request.message),
        flagsOfLast: NLM_F_ACK,
        deliver: (position, buffer, type, start, end, flags) => {
          if (type !== NLMSG_ERROR) return null;
          const errno = readErrno(buffer, start, end);
          answered.add(position);
          if (errno !== 0 && !batch[position]?.done?.includes(errno))
            errors[position] = readError(batch[position], buffer, start, end, flags);
          return position === batch.length - 1 ? 'done' : null;
        },
        finish: (failure) =>
          resolve(
            failure === null ? errors : errors.map((error, at) => (answered.has(at) ? error : failure)),
          ),
      });
    });
  }

  #query(
    request: NetlinkRequest,
    flags: number,
    deliver: (buffer: Buffer, type: number, start: number, end: number) => void,
  ): Promise<VinetError | null> {
    let stale = false;
    return new Promise((resolve) => {
      this.#enqueue({
        what: request.what,
        messages: [request.message],
        flagsOfLast: flags,
        deliver: (_position, buffer, type, start, end, answerFlags) => {
          if ((answerFlags & NLM_F_DUMP_INTR) !== 0) stale = true;
          if (type === NLMSG_OVERRUN) return interrupted(`${request.what} overran`);
          if (type !== NLMSG_DONE && type !== NLMSG_ERROR) {
            deliver(buffer, type, start, end);
            return null;
          }
          const errno = end - start < 4 ? 0 : readErrno(buffer, start, end);
          if (errno === EBUSY) return interrupted(`${request.what} met another dump`);
          if (errno !== 0) return kernelError(errno, request.what);
          return stale ? interrupted(`${request.what} was interrupted by a change`) : 'done';
        },
        finish: resolve,
      });
    });
  }

  #enqueue(exchange: Omit<Exchange, 'first'>): void {
    if (this.#closed !== null) {
      exchange.finish(this.#closed);
      return;
    }
    this.#waiting.push({ ...exchange, first: 0 });
    if (this.#current === null) this.#startNext();
  }

  #startNext(): void {
    const exchange = this.#waiting.shift();
    if (exchange === undefined) return;
    this.#current = exchange;
    this.#timer = setTimeout(() => this.#expire(exchange), this.#timeoutMs);
    exchange.first = this.#takeSequence(exchange.messages.length);
    const last = exchange.messages.length - 1;
    exchange.messages.forEach((message, position) => {
      stampMessage(message, exchange.first + position, position === last ? exchange.flagsOfLast : 0);
    });
    this.#send(exchange);
  }

  /** An answer that came while the process was held up is read before the exchange is given up. */
  #expire(exchange: Exchange): void {
    setImmediate(() => {
      if (this.#current !== exchange) return;
      this.#finish(new VinetError('timeout', `${exchange.what}: no answer within ${this.#timeoutMs} ms`));
    });
  }

  #send(exchange: Exchange): void {
    const failed = (error: unknown) => {
      if (this.#current === exchange) this.#finish(fileError(error, 'sendmsg'));
    };
    try {
      this.#socket.send(Buffer.concat(exchange.messages), undefined, (error) => {
        if (error !== undefined) failed(error);
      });
    } catch (error) {
      failed(error);
    }
  }

  /** Answers to an exchange that is over (it timed out) bear numbers of its own and are passed over. */
  #receive(bytes: Buffer): void {
    const exchange = this.#current;
    if (exchange === null) return;
    let end = null as 'done' | VinetError | null;
    try {
      visitMessages(bytes, (buffer, type, start, stop, flags, sequence) => {
        const position = sequence - exchange.first;
        if (end !== null || position < 0 || position >= exchange.messages.length) return;
        end = exchange.deliver(position, buffer, type, start, stop, flags);
      });
    } catch (error) {
      end = fileError(error, 'netlink answer');
    }
    if (end !== null) this.#finish(end === 'done' ? null : end);
  }

  #finish(failure: VinetError | null): void {
    const exchange = this.#current;
    if (exchange === null) return;
    clearTimeout(this.#timer);
    this.#current = null;
    exchange.finish(failure);
    if (this.#closed === null) this.#startNext();
  }

  #takeSequence(count: number): number {
    if (this.#nextSequence + count > 0xffff_ffff) this.#nextSequence = 1;
    const first = this.#nextSequence;
    this.#nextSequence += count;
    return first;
  }
}

interface Exchange {
  readonly what: string;
  readonly messages: readonly Buffer[];
  readonly flagsOfLast: number;
  /** Sequence number of the first message; the others follow it. */
  first: number;
  /** Takes one answer; says when it was the last one, or that the exchange has failed. */
  readonly deliver: (
    position: number,
    buffer: Buffer,
    type: number,
    start: number,
    end: number,
    flags: number,
  ) => 'done' | VinetError | null;
  readonly finish: (failure: VinetError | null) => void;
}

const KERNEL_PORT = 0;
const MAX_DUMP_ATTEMPTS = 20;
const EBUSY = 16;
const NLMSGERR_ATTR_MSG = 1;

/** struct nlmsgerr begins with a negative errno; so does the end of a dump. */
function readErrno(buffer: Buffer, start: number, end: number): number {
  requireBytes(start, end, 4);
  return Math.abs(buffer.readInt32LE(start));
}

/** struct nlmsgerr, then attributes with the kernel's own words (NETLINK_EXT_ACK). */
function readError(
  request: NetlinkRequest | undefined,
  buffer: Buffer,
  start: number,
  end: number,
  flags: number,
): VinetError {
  const attributes = new AttributeTable(NLMSGERR_ATTR_MSG);
  if ((flags & NLM_F_ACK_TLVS) !== 0) {
    requireBytes(start, end, 4 + HEADER_BYTES);
    const copied = (flags & NLM_F_CAPPED) !== 0 ? HEADER_BYTES : buffer.readUInt32LE(start + 4);
    attributes.read(buffer, start + 4 + ((copied + 3) & ~3), end);
  }
  return kernelError(readErrno(buffer, start, end), request?.what ?? 'netlink', {
    explanation: attributes.text(NLMSGERR_ATTR_MSG),
  });
}

function interrupted(message: string, cause?: unknown): VinetError {
  return new VinetError('interrupted', message, { cause });
}
