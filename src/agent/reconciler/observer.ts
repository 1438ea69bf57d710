import type { Observation, ObservedEnvironment } from '../../model/observation.ts';
import type { Frr } from '../frr/frr.ts';
import type { Kernel, Namespace } from '../kernel/kernel.ts';
import type { Mark, StateFolder } from '../state-folder.ts';
import type { Environments } from './environments.ts';
import { readForwarding } from './forwarding.ts';

/**
 * Reads what there is of the agent's own environments. What was read stays valid until something says that
 * it changed: a node with 200 routers is read once, not every time.
 */
export class Observer {
  private readonly kernel: Kernel;
  private readonly frr: Frr;
  private readonly folder: StateFolder;
  private readonly environments: Environments;
  private readonly known = new Map<string, ObservedEnvironment>();
  /** Read at the moment; removed when something changes meanwhile, so that the answer is not kept. */
  private readonly reading = new Set<string>();

  constructor(kernel: Kernel, frr: Frr, folder: StateFolder, environments: Environments) {
    this.kernel = kernel;
    this.frr = frr;
    this.folder = folder;
    this.environments = environments;
  }

  /** Forgets what was read of a namespace; it is read again when next observed. */
  invalidate(namespace: string): void {
    this.known.delete(namespace);
    this.reading.delete(namespace);
  }

  invalidateAll(): void {
    this.known.clear();
    this.reading.clear();
  }

  async observe(): Promise<Observation> {
    const named = new Set(
      this.kernel.listNamespaces().flatMap((entry) => (entry.mounted ? [entry.name] : [])),
    );
    const environments = await Promise.all(
      this.folder.marks().map((mark) => this.observeEnvironment(mark, named.has(mark.namespace))),
    );
    return { environments };
  }

  private async observeEnvironment(mark: Mark, named: boolean): Promise<ObservedEnvironment> {
    const known = this.known.get(mark.namespace);
    if (known !== undefined && known.named === named) return known;
    const namespace = this.environments.find(mark.namespace);
    this.reading.add(mark.namespace);
    const seen = await this.read(mark, named, namespace);
    if (this.reading.delete(mark.namespace)) this.known.set(mark.namespace, seen);
    return seen;
  }

  private async read(mark: Mark, named: boolean, namespace: Namespace | null): Promise<ObservedEnvironment> {
    const daemons = await this.frr.observe(mark.namespace, namespace);
    const base = { ...mark, named, daemons };
    if (namespace === null)
      return { ...base, exists: false, ipv4Forwarding: false, ipv6Forwarding: false, links: [] };
    return {
      ...base,
      exists: true,
      ...readForwarding(namespace),
      links: await namespace.readLinks(),
    };
  }
}
