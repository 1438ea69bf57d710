import type { Socket } from 'node:net';
import { VinetError } from '../../model/vinet-error.ts';
import { SerialQueue } from './serial-queue.ts';
import { openUnixSocket } from './unix-socket.ts';
import { encodeCommand, type VtyReply, VtyReplyDecoder } from './vty-protocol.ts';

export interface VtyClientOptions {
  /** Longest reply that is read, in bytes. */
  readonly maxReplyBytes?: number;
}

export interface RefusedLine {
  readonly line: string;
  readonly words: string;
}

interface Waiting {
  readonly since: number;
  readonly settle: (reply: VtyReply | VinetError) => void;
}

/** One connection to one daemon's VTY socket, in enable mode. A client that failed or timed out is closed. */
export class VtyClient {
  readonly #socket: Socket;
  readonly #decoder: VtyReplyDecoder;
  readonly #turns = new SerialQueue();
  readonly #waiting: Waiting[] = [];
  #closeListeners: (() => void)[] = [];
  #closed = false;

  /** Connects without waiting for an answer: a stopped daemon accepts too. Fails with the socket's own error. */
  static async connect(path: string, options: VtyClientOptions = {}): Promise<VtyClient> {
    const socket = await openUnixSocket(path);
    return new VtyClient(socket, options);
  }

  private constructor(socket: Socket, options: VtyClientOptions) {
    this.#socket = socket;
    this.#decoder = new VtyReplyDecoder(options.maxReplyBytes);
    socket.unref();
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', () => this.close());
    socket.on('close', () => this.close());
    this.#send('enable', () => undefined);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** One command. Fails with `timeout` or `not-running`, whatever the daemon's return code. */
  ask(command: string, timeoutMs: number): Promise<VtyReply> {
    return this.#turns.run(() => this.#exchange(command, timeoutMs));
  }

  /**
   * Configuration lines in one go, without another caller's commands in between; `end` follows in any case.
   * Returns the lines that FRR refuses with its words: the first one, at which it stops, or all of them when it
   * is told to go on; then many are on their way at the same time. `timeoutMs` is for each line.
   */
  configure(
    lines: readonly string[],
    onRefusal: 'stop' | 'go-on',
    timeoutMs: number,
  ): Promise<RefusedLine[]> {
    return this.#turns.run(async () => {
      const refused: RefusedLine[] = [];
      try {
        const all = ['configure terminal', ...lines];
        const width = onRefusal === 'stop' ? 1 : LINES_ON_THEIR_WAY;
        for (let at = 0; at < all.length; at += width) {
          const some = all.slice(at, at + width);
          const replies = await Promise.all(some.map((line) => this.#exchange(line, timeoutMs)));
          for (const [index, reply] of replies.entries()) {
            const line = some[index] ?? '';
            if (isRefusal(line, reply)) refused.push({ line: line.trim(), words: reply.text.trim() });
          }
          if (refused.length > 0 && onRefusal === 'stop') break;
        }
      } finally {
        if (!this.#closed) await this.#exchange('end', timeoutMs);
      }
      return refused;
    });
  }

  /**
   * Whether the daemon answers within that time. One that owes an answer for longer already is not waited for
   * again, so looking at a daemon that hangs costs nothing the second time. An answer that came while this process was
   * held up is read before the daemon is said to owe it.
   */
  async answersWithin(timeoutMs: number): Promise<boolean> {
    if (this.owesAnswerMs >= timeoutMs) await new Promise(setImmediate);
    if (this.#closed || this.owesAnswerMs >= timeoutMs) return false;
    return new Promise((resolve) => {
      const timer = setTimeout(() => setImmediate(() => resolve(false)), timeoutMs);
      this.#send('', (reply) => {
        clearTimeout(timer);
        resolve(!(reply instanceof VinetError));
      });
    });
  }

  /** How long the daemon has owed an answer, in ms; 0 when it owes none. */
  get owesAnswerMs(): number {
    const oldest = this.#waiting[0];
    return oldest === undefined ? 0 : performance.now() - oldest.since;
  }

  /** Calls back once, when the connection ends from whichever side; also when it has ended already. */
  onClose(listener: () => void): void {
    if (this.#closed) queueMicrotask(listener);
    else this.#closeListeners.push(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    const gone = new VinetError('not-running', 'the connection to the daemon ended');
    for (const waiting of this.#waiting.splice(0)) waiting.settle(gone);
    for (const listener of this.#closeListeners) listener();
    this.#closeListeners = [];
  }

  #exchange(command: string, timeoutMs: number): Promise<VtyReply> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new VinetError('timeout', `no answer to "${command}" in ${timeoutMs} ms`));
        this.close();
      }, timeoutMs);
      this.#send(command, (reply) => {
        clearTimeout(timer);
        if (reply instanceof VinetError) reject(reply);
        else resolve(reply);
      });
    });
  }

  #send(command: string, settle: Waiting['settle']): void {
    if (this.#closed) {
      settle(new VinetError('not-running', 'the connection to the daemon ended'));
      return;
    }
    try {
      this.#socket.write(encodeCommand(command));
      this.#waiting.push({ since: performance.now(), settle });
    } catch (error) {
      settle(error instanceof VinetError ? error : new VinetError('protocol', String(error)));
    }
  }

  #receive(bytes: Buffer): void {
    try {
      for (const reply of this.#decoder.push(bytes)) {
        this.#waiting.shift()?.settle(reply);
      }
    } catch {
      this.close();
    }
  }
}

/** Few enough to fit the socket's buffers, and enough to keep the daemon busy. */
const LINES_ON_THEIR_WAY = 64;

const CMD_SUCCESS = 0;
const CMD_WARNING = 1;
const CMD_WARNING_CONFIG_FAILED = 13;

/** Removing what is not there any more is success: only a `no` that FRR does not understand is refused. */
function isRefusal(line: string, reply: VtyReply): boolean {
  if (reply.code === CMD_SUCCESS) return false;
  const removesAbsent = reply.code === CMD_WARNING || reply.code === CMD_WARNING_CONFIG_FAILED;
  return !(removesAbsent && line.trimStart().startsWith('no '));
}
