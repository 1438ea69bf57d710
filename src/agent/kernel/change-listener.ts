import type { Watch } from './kernel.ts';
import { visitMessages } from './netlink-message.ts';
import { closeSoon, type NetlinkSocket } from './netlink-socket.ts';

/**
 * Multicast notifications of one namespace, on a socket of their own so that a flood of them never crowds
 * out an answer. The socket is open only while somebody watches.
 */
export class ChangeListener {
  readonly #open: () => NetlinkSocket;
  readonly #matters: (buffer: Buffer, type: number, start: number, end: number) => boolean;
  readonly #watchers = new Set<{ readonly onChange: () => void }>();
  #socket: NetlinkSocket | null = null;
  #scheduled = false;

  /** @param matters whether a notification is worth a call */
  constructor(
    open: () => NetlinkSocket,
    matters: (buffer: Buffer, type: number, start: number, end: number) => boolean = () => true,
  ) {
    this.#open = open;
    this.#matters = matters;
  }

  /** Calls back at most once a turn of the event loop, also when notifications were lost or unreadable. */
  watch(onChange: () => void): Watch {
    const watcher = { onChange };
    this.#socket ??= this.#listen();
    this.#watchers.add(watcher);
    return {
      close: () => {
        this.#watchers.delete(watcher);
        if (this.#watchers.size === 0) this.close();
      },
    };
  }

  close(): void {
    this.#watchers.clear();
    if (this.#socket !== null) closeSoon(this.#socket);
    this.#socket = null;
  }

  #listen(): NetlinkSocket {
    const socket = this.#open();
    socket.on('message', (bytes) => {
      if (!this.#scheduled && this.#isRelevant(bytes)) this.#schedule();
    });
    socket.on('truncatedMessage', () => this.#schedule());
    socket.on('error', () => this.#schedule());
    return socket;
  }

  #isRelevant(bytes: Buffer): boolean {
    let relevant = false;
    try {
      visitMessages(bytes, (buffer, type, start, end) => {
        relevant ||= this.#matters(buffer, type, start, end);
      });
    } catch {
      return true;
    }
    return relevant;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const watcher of [...this.#watchers]) watcher.onChange();
    });
  }
}
