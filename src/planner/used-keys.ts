import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { OverlayState } from '../model/node-state.ts';
import type { Observation } from '../model/observation.ts';
import type { SecurityAssociation } from '../model/security.ts';
import { generationSlotOf } from './protections.ts';
import { securityOf } from './security.ts';

/**
 * A key has one life in a node's kernel: with its association go the sequence number and the anti-replay window. Put
 * there again, it would begin at 1: nonces would be used twice (RFC 4106, section 9), far ends would take packets for
 * replays, and real replays would be taken for packets. So an agent remembers what it used, by this name, which says
 * nothing of the key; two networks of a node are the two ends of a tunnel.
 */
export function usedKeyName(transport: string | null, { cipher, key }: SecurityAssociation): string {
  return createHash('sha256')
    .update(JSON.stringify([transport ?? '', cipher, key]))
    .digest('base64url')
    .slice(0, NAME_CHARACTERS);
}

/** 132 bits. */
const NAME_CHARACTERS = 22;

/** By `generationSlotOf`: of which keys of an overlay the node had associations that are gone. Sorted. */
export function lostGenerationsOf(
  { environments }: OverlayState,
  { transports, usedKeys }: Pick<Observation, 'transports' | 'usedKeys'>,
): number[] {
  if (usedKeys.size === 0) return [];
  const present = new Map(transports.map(({ namespace, associations }) => [namespace, associations]));
  const lost = new Set<number>();
  for (const { links } of environments)
    for (const link of links)
      if (link.kind === 'tunnel')
        for (const association of securityOf(link).associations) {
          const found = present.get(link.transport)?.some((other) => isDeepStrictEqual(other, association));
          if (found !== true && usedKeys.has(usedKeyName(link.transport, association)))
            lost.add(generationSlotOf(association.spi));
        }
  return [...lost].sort((one, other) => one - other);
}
