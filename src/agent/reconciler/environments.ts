import type { VrfPlace } from '../../model/node-state.ts';
import { VinetError } from '../../model/vinet-error.ts';
import type { Kernel, Namespace, Watch } from '../kernel/kernel.ts';
import type { StateFolder } from '../state-folder.ts';

/**
 * Namespaces that the agent holds open. Holding one keeps it alive when its name is taken away by hand, so
 * that it gets the name back instead of being built anew. A router that is a VRF is found by its mark.
 */
export class Environments {
  private readonly kernel: Kernel;
  private readonly marks: Pick<StateFolder, 'markOf'>;
  private readonly onChange: (namespace: string) => void;
  private readonly open = new Map<string, { namespace: Namespace; watch: Watch }>();
  private closed = false;

  constructor(kernel: Kernel, marks: Pick<StateFolder, 'markOf'>, onChange: (namespace: string) => void) {
    this.kernel = kernel;
    this.marks = marks;
    this.onChange = onChange;
  }

  /** The namespace, opened if it is there; null when none bears the name and none is held, and once closed. */
  find(name: string): Namespace | null {
    if (this.closed) return null;
    const held = this.open.get(name)?.namespace;
    if (held?.isThere === true) return held;
    this.release(name);
    const mark = this.marks.markOf(name);
    const vrf = mark?.vrf ?? null;
    const namespace =
      vrf === null
        ? this.kernel.openNamespace(name)
        : (this.find(vrf.of)?.openVrf(name, mark?.name ?? '', vrf.table) ?? null);
    return namespace === null ? null : this.hold(namespace);
  }

  async create(name: string): Promise<Namespace> {
    return this.hold(await this.kernel.createNamespace(name));
  }

  /** @param router the VRF's device */
  async createVrf(name: string, router: string, { of, table }: VrfPlace): Promise<Namespace> {
    const home = this.find(of);
    if (home === null) throw new VinetError('not-found', `namespace ${of} is not there`);
    return this.hold(await home.createVrf(name, router, table));
  }

  /** Lets go of it; its devices go once nothing else holds it. */
  release(name: string): void {
    const held = this.open.get(name);
    if (held === undefined) return;
    this.open.delete(name);
    held.watch.close();
    held.namespace.close();
  }

  /** Who still works on something then finds nothing more, and so holds nothing for ever. */
  close(): void {
    this.closed = true;
    for (const name of [...this.open.keys()]) this.release(name);
  }

  private hold(namespace: Namespace): Namespace {
    const watch = namespace.watchLinks(() => this.onChange(namespace.name));
    this.open.set(namespace.name, { namespace, watch });
    return namespace;
  }
}
