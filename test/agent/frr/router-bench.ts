import { fileURLToPath } from 'node:url';
import { type Frr, openFrr } from '../../../src/agent/frr/frr.ts';
import type { FrrDeadlines } from '../../../src/agent/frr/frr-daemon.ts';
import { type IpNamespace, makeIpNamespace } from './ip-namespace.ts';

const TEMPLATES = fileURLToPath(new URL('../../../frr/templates', import.meta.url));

/** FRR objects and namespaces of one test; `clear` ends and removes everything that the test made. */
export class RouterBench {
  readonly #frrs: Frr[] = [];
  readonly #namespaces = new Map<string, IpNamespace>();

  async openFrr(deadlines: Partial<FrrDeadlines> = {}): Promise<Frr> {
    const frr = await openFrr({
      templateDirectories: [TEMPLATES],
      deadlines: { startMs: 30_000, ...deadlines },
    });
    this.#frrs.push(frr);
    return frr;
  }

  /** Names begin with `vt_`. */
  makeNamespace(name: string): IpNamespace {
    const made = makeIpNamespace(name);
    this.#namespaces.set(name, made);
    return made;
  }

  async clear(): Promise<void> {
    const frr = await this.openFrr();
    for (const [name, namespace] of this.#namespaces) {
      await frr.remove(name);
      namespace.delete();
    }
    this.#namespaces.clear();
    for (const opened of this.#frrs.splice(0)) opened.close();
  }
}
