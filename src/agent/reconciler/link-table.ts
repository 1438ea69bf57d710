import type { Observation } from '../../model/observation.ts';

/**
 * Far above what kernels hand out by themselves. Before Linux 6.2 or so, a chosen index has to be free in the
 * namespace that programs the interface too, which is the node's own network.
 */
const FIRST_INDEX = 1_000_000;

/** Interface indices by namespace and name: as observed, then as changed, so that nothing is read twice. */
export class LinkTable {
  private readonly byNamespace = new Map<string, Map<string, number>>();
  /** Of all namespaces together: those that are VRFs share one. */
  private highest = FIRST_INDEX - 1;

  constructor(observed: Observation) {
    for (const environment of observed.environments) {
      const links = environment.links.map((link) => [link.name, link.index] as const);
      this.byNamespace.set(environment.namespace, new Map(links));
      this.highest = Math.max(this.highest, ...links.map(([, index]) => index));
    }
  }

  /** `lo` is interface 1 of every namespace. Undefined where there is no such interface. */
  indexOf(namespace: string, name: string): number | undefined {
    return name === 'lo' ? 1 : this.byNamespace.get(namespace)?.get(name);
  }

  /** Chooses an index for an interface about to be created. */
  add(namespace: string, name: string): number {
    const links = this.byNamespace.get(namespace) ?? new Map<string, number>();
    this.byNamespace.set(namespace, links);
    this.highest += 1;
    links.set(name, this.highest);
    return this.highest;
  }

  remove(namespace: string, name: string): void {
    this.byNamespace.get(namespace)?.delete(name);
  }

  forget(namespace: string): void {
    this.byNamespace.delete(namespace);
  }
}
