import { setTimeout as delay } from 'node:timers/promises';
import { VtyClient } from './vty-client.ts';

const RETRY_MS = 500;

/**
 * A running daemon and the connection that is kept to it. The end of the connection is how its death is noticed,
 * whoever started it; a connection that was given up because an answer was late is opened again.
 */
export class DaemonLink {
  readonly pid: number;
  readonly #vtyPath: string;
  readonly #onDeath: () => void;
  #client: VtyClient;
  #released = false;

  /** Fails with the socket's error when nobody listens there. */
  static async open(pid: number, vtyPath: string, onDeath: () => void): Promise<DaemonLink> {
    return new DaemonLink(pid, vtyPath, await VtyClient.connect(vtyPath), onDeath);
  }

  constructor(pid: number, vtyPath: string, client: VtyClient, onDeath: () => void) {
    this.pid = pid;
    this.#vtyPath = vtyPath;
    this.#onDeath = onDeath;
    this.#client = client;
    this.#watch(client);
  }

  get client(): VtyClient {
    return this.#client;
  }

  /** Lets go: the connection is closed and nothing is reported any more. */
  release(): void {
    this.#released = true;
    this.#client.close();
  }

  #watch(client: VtyClient): void {
    client.onClose(() => {
      if (!this.#released) void this.#reopen();
    });
  }

  /** Of a process that ended nobody listens any more. One that is stopped still accepts, until its queue is full. */
  async #reopen(): Promise<void> {
    while (!this.#released) {
      try {
        const client = await VtyClient.connect(this.#vtyPath);
        if (this.#released) client.close();
        this.#client = client;
        this.#watch(client);
        return;
      } catch (error) {
        if (!isQueueFull(error)) break;
        await delay(RETRY_MS, undefined, { ref: false });
      }
    }
    if (this.#released) return;
    this.#released = true;
    this.#onDeath();
  }
}

function isQueueFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
