import type { ObservedTransport } from '../../model/observation.ts';
import type { ProtectedPackets } from '../../model/security.ts';
import type { TunnelSource } from '../../model/tunnel.ts';
import { errorText, VinetError } from '../../model/vinet-error.ts';
import { GuardTable } from './guard-table.ts';
import type { TransportStep, TunnelDrops } from './kernel.ts';
import type { Nft } from './nft.ts';
import { PROTECTION_RULES } from './protection-guard.ts';
import { SOURCE_RULES } from './tunnel-guard.ts';

export type GuardStep = Extract<TransportStep, { readonly sources: unknown } | { readonly packets: unknown }>;

export function isGuardStep(step: TransportStep): step is GuardStep {
  return 'sources' in step || 'packets' in step;
}

/** What of nftables guards the tunnels that a network carries. */
export class Guards {
  readonly #sources: GuardTable<TunnelSource, readonly TunnelDrops[]>;
  readonly #protected: GuardTable<ProtectedPackets, number>;

  constructor(nft: Nft) {
    this.#sources = new GuardTable(nft, SOURCE_RULES);
    this.#protected = new GuardTable(nft, PROTECTION_RULES);
  }

  async read(): Promise<Pick<ObservedTransport, 'sources' | 'protectedPackets'>> {
    return { sources: await this.#sources.read(), protectedPackets: await this.#protected.read() };
  }

  /** Resolves with one entry a step: null, or why it failed. */
  async program(steps: readonly GuardStep[]): Promise<(Error | null)[]> {
    const results: (Error | null)[] = [];
    for (const step of steps) results.push(await this.#write(step).then(() => null, asError));
    return results;
  }

  /** Packets for tunnels that came from elsewhere than their far ends. */
  readSourceDrops(): Promise<readonly TunnelDrops[]> {
    return this.#sources.readDrops();
  }

  /** Packets that came in in clear and may not. */
  readProtectionDrops(): Promise<number> {
    return this.#protected.readDrops();
  }

  #write(step: GuardStep): Promise<void> {
    return 'sources' in step ? this.#sources.write(step.sources) : this.#protected.write(step.packets);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new VinetError('kernel', errorText(error));
}
