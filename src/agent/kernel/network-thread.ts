import { closeSync, existsSync, openSync, readdirSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { VinetError } from '../../model/vinet-error.ts';
import { kernelError } from './kernel-error.ts';
import { MS_BIND, MS_REC, type SystemCalls } from './system-calls.ts';

/**
 * The one thread of this process that visits network namespaces (network_namespaces(7), setns(2)). What is
 * opened or started during a visit stays in the namespace that was visited; the thread itself is always back
 * before anything else runs, because a visit is synchronous.
 */
export class NetworkThread {
  readonly calls: SystemCalls;
  readonly #home: number;
  #away = false;

  /** Remembers the namespace that the thread is in now as its home. */
  constructor(calls: SystemCalls) {
    this.calls = calls;
    this.#home = openPresentNetwork();
  }

  /** Runs `visit` inside the namespace and returns what it returns. Must not be nested. */
  inNamespace<T>(fd: number, visit: () => T): T {
    return this.#bracket(() => {
      const errno = this.calls.enterNetwork(fd);
      if (errno !== 0) throw kernelError(errno, 'setns');
    }, visit);
  }

  /** Runs `visit` inside a namespace that did not exist before; it lives as long as something holds it. */
  inNewNamespace<T>(visit: (fd: number) => T): T {
    return this.#bracket(
      () => this.calls.leaveNetwork(),
      () => {
        const fd = openPresentNetwork();
        try {
          return visit(fd);
        } catch (error) {
          closeSync(fd);
          throw error;
        }
      },
    );
  }

  /**
   * Runs `visit` where the folder's files stand over those of the same name in /etc, as ip-netns(8) does it.
   * What is started during the visit keeps that view, and nobody else sees it.
   */
  withOwnEtc<T>(folder: string, visit: () => T): T {
    const files = listFiles(folder).filter((file) => existsSync(`/etc/${file}`));
    if (files.length === 0) return visit();
    const cover = () => {
      for (const file of files) this.calls.mount(`${folder}/${file}`, `/etc/${file}`, MS_BIND);
    };
    return this.#withOwnMounts(cover, visit);
  }

  /**
   * Runs `visit` where a folder of namespaces stands in place of /run/netns, and no other namespace has a name.
   * What is started during the visit keeps that view; namespaces that come into the folder later are in it too.
   */
  withOwnNetns<T>(folder: string, visit: () => T): T {
    const cover = () => {
      while (this.calls.detach(NETNS_DIRECTORY));
      this.calls.mount(folder, NETNS_DIRECTORY, MS_BIND | MS_REC);
      // What remains are the other folders, and this one a second time.
      while (this.calls.detach(dirname(folder)));
    };
    return this.#withOwnMounts(cover, visit);
  }

  close(): void {
    closeSync(this.#home);
  }

  #withOwnMounts<T>(prepare: () => void, visit: () => T): T {
    const cwd = process.cwd();
    const home = openSync('/proc/thread-self/ns/mnt', 'r');
    try {
      this.calls.leaveMounts();
      prepare();
      return visit();
    } finally {
      const errno = this.calls.enterMounts(home, cwd);
      closeSync(home);
      if (errno !== 0) endLost('mount', errno);
    }
  }

  #bracket<T>(go: () => void, visit: () => T): T {
    if (this.#away) throw new VinetError('kernel', 'visits to network namespaces cannot be nested');
    go();
    this.#away = true;
    try {
      return visit();
    } finally {
      this.#comeBack();
    }
  }

  #comeBack(): void {
    const errno = this.calls.enterNetwork(this.#home);
    if (errno !== 0) endLost('network', errno);
    this.#away = false;
  }
}

/** Where FRR's daemons look for namespaces, as ip-netns(8) does. */
const NETNS_DIRECTORY = '/var/run/netns';

/** A process that is lost in a router's namespace would program the wrong network: it must end at once. */
function endLost(kind: string, errno: number): never {
  writeSync(2, `vinet: cannot return to its own ${kind} namespace (errno ${errno}), ending\n`);
  process.abort();
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}

/** A descriptor of the namespace that the thread is in; /proc/self would be the main thread's, also in a worker. */
export function openPresentNetwork(): number {
  return openSync('/proc/thread-self/ns/net', 'r');
}
