import { closeSync } from 'node:fs';
import { constants, release } from 'node:os';
import { VinetError } from '../../model/vinet-error.ts';
import { DetachedProcesses } from './detached-processes.ts';
import { GenericFamilies } from './generic-netlink.ts';
import type { FileView, Kernel, Namespace, Watch } from './kernel.ts';
import { MODULES_OF_FEATURES, probeFeatures } from './kernel-features.ts';
import { loadModules } from './kernel-modules.ts';
import { probeLinkKinds } from './link-kinds.ts';
import { NamespaceDirectory, namespaceExists } from './namespace-directory.ts';
import { NAMESPACE_MARK } from './namespace-mark.ts';
import { NetlinkConnection } from './netlink-connection.ts';
import { createNetlinkSocket, openNetlinkSocket } from './netlink-socket.ts';
import { NetworkNamespace } from './network-namespace.ts';
import { NetworkThread, openPresentNetwork } from './network-thread.ts';
import { loadSystemCalls } from './system-calls.ts';
import { VrfDirectory } from './vrf-directory.ts';

/**
 * Linux as the agent's kernel. Must be called, and its result used, on one thread that nothing else moves
 * between namespaces.
 * @param options.underlay name in /run/netns of the namespace that is this node's own network (of a lab);
 *   null: the process's own
 * @param options.timeoutMs how long an answer of the kernel is awaited
 */
export async function openKernel(options: { underlay: string | null; timeoutMs?: number }): Promise<Kernel> {
  return new LinuxKernel(options.underlay, options.timeoutMs ?? 10_000);
}

class LinuxKernel implements Kernel {
  readonly underlay: Namespace;
  readonly vrfFolders: VrfDirectory;
  readonly #thread: NetworkThread;
  readonly #detached: DetachedProcesses;
  readonly #directory: NamespaceDirectory;
  readonly #families = new GenericFamilies();
  readonly #timeoutMs: number;

  constructor(underlay: string | null, timeoutMs: number) {
    const calls = loadSystemCalls();
    this.#thread = new NetworkThread(calls);
    this.#detached = new DetachedProcesses(this.#thread);
    this.#directory = new NamespaceDirectory(calls);
    this.vrfFolders = new VrfDirectory(calls);
    this.#timeoutMs = timeoutMs;
    this.underlay = underlay === null ? this.#enter('', openPresentNetwork()) : this.#require(underlay);
  }

  async readLinkKinds(): Promise<string[]> {
    const socket = this.#thread.inNewNamespace((fd) => {
      const created = createNetlinkSocket(this.#thread.calls);
      closeSync(fd);
      return created;
    });
    const connection = new NetlinkConnection(socket, { timeoutMs: this.#timeoutMs });
    try {
      return await probeLinkKinds(connection);
    } finally {
      connection.close();
    }
  }

  async readFeatures(): Promise<string[]> {
    await loadModules(MODULES_OF_FEATURES);
    const namespace = this.#createUnnamed('');
    try {
      return await probeFeatures(namespace);
    } finally {
      namespace.close();
    }
  }

  openFileView(targets: readonly string[]): FileView {
    return this.#thread.openFileView(targets);
  }

  readRelease(): string {
    return release();
  }

  listNamespaces(): { name: string; mounted: boolean }[] {
    return this.#directory.list();
  }

  async createNamespace(name: string): Promise<Namespace> {
    if (this.#directory.isTaken(name)) throw namespaceExists(name);
    const namespace = this.#createUnnamed(name);
    try {
      const [unmarked, down] = await namespace.program([
        { step: 'set-alias', index: LOOPBACK_INDEX, alias: NAMESPACE_MARK },
        { step: 'set-up', index: LOOPBACK_INDEX, up: true },
      ]);
      if (unmarked || down) throw unmarked ?? down;
      this.#directory.give(name, namespace.fd);
      return namespace;
    } catch (error) {
      namespace.close();
      throw error;
    }
  }

  openNamespace(name: string): Namespace | null {
    const fd = this.#directory.open(name);
    if (fd === null) return null;
    try {
      return this.#enter(name, fd);
    } catch (error) {
      if (error instanceof VinetError && error.context.errno === constants.errno.EINVAL) return null;
      throw error;
    }
  }

  renameBack(namespace: Namespace): void {
    this.#directory.give(namespace.name, namespace.fd);
  }

  deleteNamespace(name: string): void {
    this.#directory.take(name);
  }

  watchNamespaces(onChange: (name: string) => void): Watch {
    return this.#directory.watch(onChange);
  }

  close(): void {
    this.#detached.close();
    this.underlay.close();
  }

  /** One whose name is not in /run/netns yet. */
  #createUnnamed(name: string): Namespace {
    return this.#thread.inNewNamespace((fd) => {
      const socket = createNetlinkSocket(this.#thread.calls);
      return new NetworkNamespace({ ...this.#shared(), name, fd, socket });
    });
  }

  #require(name: string): Namespace {
    const namespace = this.openNamespace(name);
    if (namespace === null)
      throw new VinetError('not-found', `no namespace ${name}`, { context: { namespace: name } });
    return namespace;
  }

  /** Takes over the descriptor, also when it fails. */
  #enter(name: string, fd: number): Namespace {
    try {
      const socket = openNetlinkSocket(this.#thread, fd);
      return new NetworkNamespace({ ...this.#shared(), name, fd, socket });
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  #shared() {
    return {
      thread: this.#thread,
      detached: this.#detached,
      families: this.#families,
      timeoutMs: this.#timeoutMs,
    };
  }
}

const LOOPBACK_INDEX = 1;
