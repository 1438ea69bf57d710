import { constants } from 'node:os';
import koffi from 'koffi';

/**
 * Waits for children that Node did not start and does not know of, so that none stays as a zombie. It asks for each of
 * them by its id, after SIGCHLD, and leaves all others to Node. It keeps no process from ending.
 */
export class ChildReaper {
  readonly #waitpid = koffi.load(null).func('int waitpid(int pid, void *status, int options)');
  readonly #status = Buffer.alloc(STATUS_BYTES);
  readonly #running = new Map<number, (end: string) => void>();
  readonly #look = () => {
    for (const pid of this.#running.keys()) this.#lookAt(pid);
  };

  /** What is returned says how the child ended, `exit status 1` or `signal SIGKILL`; null while it runs. */
  watch(pid: number): () => string | null {
    let end: string | null = null;
    if (this.#running.size === 0) process.on('SIGCHLD', this.#look);
    this.#running.set(pid, (how) => {
      end = how;
    });
    // It may have ended before anybody listened.
    this.#lookAt(pid);
    return () => end;
  }

  /** Looks after none of them any more. */
  close(): void {
    process.off('SIGCHLD', this.#look);
    this.#running.clear();
  }

  #lookAt(pid: number): void {
    const waited = this.#waitpid(pid, this.#status, WNOHANG);
    if (waited === 0) return;
    this.#running.get(pid)?.(waited === pid ? endOf(this.#status.readInt32LE()) : 'nobody knows how');
    this.#running.delete(pid);
    if (this.#running.size === 0) process.off('SIGCHLD', this.#look);
  }
}

/** Of a status as in wait(2). */
function endOf(status: number): string {
  const signal = status & 0x7f;
  return signal === 0 ? `exit status ${(status >> 8) & 0xff}` : `signal ${signalName(signal)}`;
}

function signalName(signal: number): string {
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? `${signal}`;
}

const WNOHANG = 1;
const STATUS_BYTES = 4;
