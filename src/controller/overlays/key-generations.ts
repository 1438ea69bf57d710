import { randomBytes } from 'node:crypto';
import type { Overlay } from '../../model/overlay.ts';
import { needsSecrets } from '../../planner/overlay-secrets.ts';
import type { SecretsRecord } from './record.ts';

/** What all keys of a new overlay are made from. */
export function createSecrets(now: Date): SecretsRecord {
  const first = { number: 1, secret: randomSecret() };
  return {
    identity: randomSecret(),
    generations: [first],
    sending: first.number,
    madeAt: now.toISOString(),
    rotating: false,
  };
}

/** What an overlay as declared has of secrets: those that it had, new ones, or none. */
export function keepSecrets(
  overlay: Overlay,
  present: SecretsRecord | undefined,
  now: Date,
): SecretsRecord | null {
  return needsSecrets(overlay) ? (present ?? createSecrets(now)) : null;
}

/**
 * The next step of a rotation: a new generation is accepted beside the old one; it is sent with; the old one is
 * dropped; it is over. Each step may follow once every node has done the one before.
 */
export function nextStep(secrets: SecretsRecord, now: Date): SecretsRecord {
  const newest = secrets.generations.at(-1);
  if (newest === undefined || !secrets.rotating) {
    const next = { number: (newest?.number ?? 0) + 1, secret: randomSecret() };
    const generations = [...secrets.generations, next];
    return { ...secrets, generations, madeAt: now.toISOString(), rotating: true };
  }
  if (secrets.sending !== newest.number) return { ...secrets, sending: newest.number };
  if (secrets.generations.length > 1) return { ...secrets, generations: [newest] };
  return { ...secrets, rotating: false };
}

/** Whether its keys have become too old. */
export function isDue({ spec }: Overlay, { madeAt, rotating }: SecretsRecord, now: Date): boolean {
  const interval = spec.links?.rotation ?? DEFAULT_INTERVAL;
  if (rotating || interval === 'never') return false;
  const [, count = '0', unit = 'm'] = /^([0-9]+)([mhd])$/.exec(interval) ?? [];
  return now.getTime() - Date.parse(madeAt) >= Number(count) * (UNIT_MS[unit] ?? 0);
}

/** Whether the last rotation was so lately that no other follows: who keeps losing keys gets others at this pace. */
export function isYoung({ generations, madeAt }: SecretsRecord, now: Date): boolean {
  const newest = generations.at(-1)?.number ?? 0;
  return newest > 1 && now.getTime() - Date.parse(madeAt) < SHORTEST_LIFE_MS;
}

const SHORTEST_LIFE_MS = 10_000;
const DEFAULT_INTERVAL = '24h';
const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function randomSecret(): string {
  return randomBytes(32).toString('hex');
}
