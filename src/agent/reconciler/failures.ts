import { errorText } from '../../model/vinet-error.ts';

/** What went wrong, by namespace: one environment's failure never stops the others. */
export class Failures {
  private readonly byNamespace = new Map<string, string[]>();

  add(namespace: string, error: unknown): void {
    const list = this.byNamespace.get(namespace) ?? [];
    list.push(errorText(error));
    this.byNamespace.set(namespace, list);
  }

  has(namespace: string): boolean {
    return this.byNamespace.has(namespace);
  }

  get size(): number {
    return this.byNamespace.size;
  }

  /** The first failure of a namespace; later ones mostly follow from it. Empty where nothing failed. */
  firstOf(namespace: string): string {
    return this.byNamespace.get(namespace)?.[0] ?? '';
  }

  entries(): [namespace: string, message: string][] {
    return [...this.byNamespace.keys()].map((namespace) => [namespace, this.firstOf(namespace)]);
  }
}

/** Does the work; what it fails with is the namespace's failure. */
export async function attempt(
  failures: Failures,
  namespace: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    failures.add(namespace, error);
  }
}

/** As `attempt`. */
export function attemptNow(failures: Failures, namespace: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    failures.add(namespace, error);
  }
}
