import { VinetError } from '../../model/vinet-error.ts';
import { nodesOfOverlay } from '../../planner/overlay-view.ts';
import { generationSlotOf } from '../../planner/protections.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Store } from '../store/store.ts';
import type { Inventory, StoredOverlay } from './inventory.ts';
import { isDue, isYoung, nextStep } from './key-generations.ts';
import { DESIRED, OVERLAYS, SECRETS, type SecretsRecord } from './record.ts';

/** How the keys of an overlay fare; nothing of the keys themselves. */
export interface KeyStatus {
  /** Number of the newest generation. */
  readonly generation: number;
  /** RFC 3339, UTC. */
  readonly madeAt: string;
  readonly rotating: boolean;
  /** Nodes that have not yet done the last step of the rotation; none when it is over. */
  readonly waitingFor: readonly string[];
}

export interface RotationParts {
  readonly store: Store;
  readonly inventory: Inventory;
  readonly fleet: Pick<Fleet, 'statusOf'>;
  readonly now: () => Date;
}

/** Null where the overlay has no keys. */
export function keyStatusOf(
  stored: StoredOverlay,
  { inventory, fleet }: Pick<RotationParts, 'inventory' | 'fleet'>,
): KeyStatus | null {
  const secrets = inventory.secrets.get(stored.name);
  if (secrets === undefined) return null;
  const { generations, madeAt, rotating } = secrets;
  const revision = inventory.revisionOf(SECRETS + stored.name);
  const late = nodesOfOverlay(stored.plan).filter((node) => (fleet.statusOf(node)?.revision ?? 0) < revision);
  return { generation: generations.at(-1)?.number ?? 0, madeAt, rotating, waitingFor: rotating ? late : [] };
}

/**
 * Begins a rotation; one that is under way goes on. Fails with `not-found`, and with `conflict` where the overlay
 * has no keys or is being deleted.
 */
export async function beginRotation(name: string, parts: RotationParts): Promise<void> {
  const { inventory } = parts;
  const stored = inventory.overlays.get(name);
  if (stored === undefined) throw new VinetError('not-found', `there is no overlay ${name}`);
  if (stored.deleting) throw new VinetError('conflict', `overlay ${name} is being deleted`);
  const secrets = inventory.secrets.get(name);
  if (secrets === undefined) {
    throw new VinetError('conflict', `overlay ${name} has no keys: it has neither ipsec nor wireguard`);
  }
  if (!secrets.rotating && !(await takeStep(stored, secrets, parts))) {
    throw new VinetError('conflict', `overlay ${name} changed meanwhile; try again`);
  }
}

/** Begins what is due, by age or because nodes lost keys. Returns the latter with those nodes. */
export async function beginDueRotations(
  parts: RotationParts,
): Promise<{ overlay: string; losers: readonly string[] }[]> {
  const begun: { overlay: string; losers: readonly string[] }[] = [];
  for (const [stored, secrets] of withSecrets(parts.inventory)) {
    const losers = isYoung(secrets, parts.now()) ? [] : losersOf(stored, secrets, parts.fleet);
    if (losers.length === 0 && !isDue(stored.overlay, secrets, parts.now())) continue;
    if ((await takeStep(stored, secrets, parts)) && losers.length > 0)
      begun.push({ overlay: stored.name, losers });
  }
  return begun;
}

/** Whether a node lost keys that cannot wait for the next look. */
export function hasLostKeys({ inventory, fleet, now }: Omit<RotationParts, 'store'>): boolean {
  return withSecrets(inventory).some(
    ([stored, secrets]) => !isYoung(secrets, now()) && losersOf(stored, secrets, fleet).length > 0,
  );
}

/** Nodes that can send no more with the keys that are sent with. While new ones are on their way: none. */
function losersOf(
  { name, plan }: StoredOverlay,
  { rotating, sending }: SecretsRecord,
  fleet: RotationParts['fleet'],
): string[] {
  if (rotating) return [];
  return nodesOfOverlay(plan).filter((node) =>
    fleet
      .statusOf(node)
      ?.overlays.find((overlay) => overlay.name === name)
      ?.lostGenerations.includes(generationSlotOf(sending)),
  );
}

/** Whether a rotation can go on. */
export function mayAdvance(parts: Pick<RotationParts, 'inventory' | 'fleet'>): boolean {
  return withSecrets(parts.inventory).some(([stored]) => isReady(stored, parts));
}

/**
 * Takes the next step wherever every node has done the one before; a node that is away is waited for. Returns the
 * names of the overlays whose rotation is over now.
 */
export async function advanceRotations(parts: RotationParts): Promise<string[]> {
  const over: string[] = [];
  for (const [stored, secrets] of withSecrets(parts.inventory)) {
    if (!isReady(stored, parts)) continue;
    const isLast = secrets.sending === secrets.generations[0]?.number && secrets.generations.length === 1;
    if ((await takeStep(stored, secrets, parts)) && isLast) over.push(stored.name);
  }
  return over;
}

function isReady(stored: StoredOverlay, parts: Pick<RotationParts, 'inventory' | 'fleet'>): boolean {
  const keys = keyStatusOf(stored, parts);
  return keys?.rotating === true && keys.waitingFor.length === 0;
}

function withSecrets({ overlays, secrets }: Inventory): [StoredOverlay, SecretsRecord][] {
  return [...overlays.values()].flatMap((stored): [StoredOverlay, SecretsRecord][] => {
    const found = secrets.get(stored.name);
    return found === undefined || stored.deleting ? [] : [[stored, found]];
  });
}

/** False when something else came before. The end of a rotation changes nothing on any node. */
async function takeStep(
  stored: StoredOverlay,
  secrets: SecretsRecord,
  { store, inventory, now }: RotationParts,
): Promise<boolean> {
  const next = nextStep(secrets, now());
  const keys = [OVERLAYS + stored.name, SECRETS + stored.name, DESIRED];
  const { ok } = await store.commit({
    compare: keys.map((key) => ({ key, modRevision: inventory.revisionOf(key) })),
    puts: [
      { key: SECRETS + stored.name, value: JSON.stringify(next) },
      ...(next.rotating ? [{ key: DESIRED, value: '' }] : []),
    ],
    deletes: [],
  });
  return ok;
}
