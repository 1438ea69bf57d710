import type { Change } from '../../model/change.ts';
import { VinetError } from '../../model/vinet-error.ts';
import { usedKeyName } from '../../planner/used-keys.ts';
import type { Kernel, TransportStep } from '../kernel/kernel.ts';
import type { UsedKeys } from '../used-keys.ts';
import type { Environments } from './environments.ts';
import type { Failures } from './failures.ts';
import { groupBy } from './group-by.ts';

export type TransportChange = Extract<Change, { readonly transport: string | null }>;

/** Carries out what tunnels need in the networks that carry them, all of a network in one go. */
export class TransportProgrammer {
  private readonly kernel: Kernel;
  private readonly environments: Environments;
  private readonly usedKeys: UsedKeys;
  private readonly failures: Failures;

  constructor(kernel: Kernel, environments: Environments, usedKeys: UsedKeys, failures: Failures) {
    this.kernel = kernel;
    this.environments = environments;
    this.usedKeys = usedKeys;
    this.failures = failures;
  }

  async program(changes: readonly TransportChange[]): Promise<void> {
    for (const [transport, group] of groupBy(changes, (change) => change.transport))
      try {
        await this.programNetwork(transport, group);
      } catch (error) {
        for (const { namespace } of group) this.failures.add(namespace, error);
      }
  }

  private async programNetwork(transport: string | null, changes: readonly TransportChange[]): Promise<void> {
    const network = transport === null ? this.kernel.underlay : this.environments.find(transport);
    if (network === null) throw new VinetError('not-found', `namespace ${transport} is not there`);
    this.usedKeys.note(changes.flatMap(keysOf));
    const errors = await network.programTransport(changes.map(stepOf));
    changes.forEach((change, at) => {
      const error = errors[at];
      if (!error) return;
      this.failures.add(change.namespace, error);
      // Where something else has its SPI, the key is given up for others, which have other SPIs.
      if (!(error instanceof VinetError && error.code === 'exists')) this.usedKeys.forget(keysOf(change));
    });
  }
}

function keysOf(change: TransportChange): string[] {
  return change.kind === 'add-association' ? [usedKeyName(change.transport, change.association)] : [];
}

function stepOf(change: TransportChange): TransportStep {
  if (change.kind === 'set-tunnel-sources') return { step: change.kind, sources: change.sources };
  if (change.kind === 'set-protected-packets') return { step: change.kind, packets: change.packets };
  if ('guePort' in change) return { step: change.kind, guePort: change.guePort };
  if ('association' in change) return { step: change.kind, association: change.association };
  return { step: change.kind, policy: change.policy };
}
