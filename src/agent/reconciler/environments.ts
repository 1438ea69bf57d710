import type { Kernel, Namespace, Watch } from '../kernel/kernel.ts';

/**
 * Namespaces that the agent holds open. Holding one keeps it alive when its name is taken away by hand, so
 * that it gets the name back instead of being built anew.
 */
export class Environments {
  private readonly kernel: Kernel;
  private readonly onChange: (namespace: string) => void;
  private readonly open = new Map<string, { namespace: Namespace; watch: Watch }>();

  constructor(kernel: Kernel, onChange: (namespace: string) => void) {
    this.kernel = kernel;
    this.onChange = onChange;
  }

  /** The namespace, opened if it is there; null when none bears the name and none is held. */
  find(name: string): Namespace | null {
    const held = this.open.get(name);
    if (held !== undefined) return held.namespace;
    const namespace = this.kernel.openNamespace(name);
    return namespace === null ? null : this.hold(namespace);
  }

  async create(name: string): Promise<Namespace> {
    return this.hold(await this.kernel.createNamespace(name));
  }

  /** Lets go of it; its devices go once nothing else holds it. */
  release(name: string): void {
    const held = this.open.get(name);
    if (held === undefined) return;
    this.open.delete(name);
    held.watch.close();
    held.namespace.close();
  }

  close(): void {
    for (const name of [...this.open.keys()]) this.release(name);
  }

  private hold(namespace: Namespace): Namespace {
    const watch = namespace.watchLinks(() => this.onChange(namespace.name));
    this.open.set(namespace.name, { namespace, watch });
    return namespace;
  }
}
