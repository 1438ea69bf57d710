import { closeSync, existsSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { VinetError } from '../../model/vinet-error.ts';
import { openScratchFile, SharedFileView } from './file-view.ts';
import type { FileView, NamespaceView } from './kernel.ts';
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
   * Runs `visit` where a folder's files stand over those of the same name in /etc, as ip-netns(8) does it, and a
   * folder of namespaces in place of /run/netns. What is started during the visit keeps that view, with what comes
   * into the folder of namespaces later, and nobody else sees it.
   */
  withView<T>({ etc, netns, files: view }: NamespaceView, visit: () => T): T {
    if (view instanceof SharedFileView) return this.#inMounts(view.fd, visit);
    const files = etc === undefined ? [] : listFiles(etc).filter((file) => existsSync(`/etc/${file}`));
    if (files.length === 0 && netns === undefined) return visit();
    const cwd = process.cwd();
    const home = openSync('/proc/thread-self/ns/mnt', 'r');
    try {
      this.calls.leaveMounts();
      for (const file of files) this.calls.mount(`${etc}/${file}`, `/etc/${file}`, MS_BIND);
      if (netns !== undefined) this.#coverNetns(netns);
      return visit();
    } finally {
      const errno = this.calls.enterMounts(home, cwd);
      closeSync(home);
      if (errno !== 0) endLost('mount', errno);
    }
  }

  /** A view in which these files stand over those of their names, which have to be there. */
  openFileView(targets: readonly string[]): FileView {
    const files = new Map(targets.map((target) => [target, openScratchFile()]));
    const cwd = process.cwd();
    const home = openSync('/proc/thread-self/ns/mnt', 'r');
    try {
      this.calls.leaveMounts();
      for (const [target, { path }] of files) this.calls.mount(path, target, MS_BIND);
      return new SharedFileView(openSync('/proc/thread-self/ns/mnt', 'r'), files);
    } finally {
      const errno = this.calls.enterMounts(home, cwd);
      closeSync(home);
      if (errno !== 0) endLost('mount', errno);
      // Their places in the view keep them.
      for (const { path } of files.values()) rmSync(path, { force: true });
    }
  }

  close(): void {
    closeSync(this.#home);
  }

  #inMounts<T>(fd: number, visit: () => T): T {
    const cwd = process.cwd();
    const home = openSync('/proc/thread-self/ns/mnt', 'r');
    try {
      const errno = this.calls.enterMounts(fd, '/');
      if (errno !== 0) throw kernelError(errno, 'setns');
      return visit();
    } finally {
      const errno = this.calls.enterMounts(home, cwd);
      closeSync(home);
      if (errno !== 0) endLost('mount', errno);
    }
  }

  /** No other namespace keeps a name there, neither those of the node nor those in other folders. */
  #coverNetns(folder: string): void {
    while (this.calls.detach(NETNS_DIRECTORY));
    this.calls.mount(folder, NETNS_DIRECTORY, MS_BIND | MS_REC);
    while (this.calls.detach(dirname(folder)));
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
