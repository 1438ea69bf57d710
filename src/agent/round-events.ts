import type { Change } from '../model/change.ts';
import { summarizeChange } from '../planner/change-summary.ts';
import type { ReportedEvent } from '../rpc/report-codec.ts';
import type { Round } from './reconciler/reconciler.ts';

/** What of a round an operator wants to hear: repairs of what others changed, and failures that are new. */
export function eventsOfRound(
  round: Round,
  failuresBefore: ReadonlyMap<string, string>,
  now: Date,
): ReportedEvent[] {
  const members = new Map<string, { overlay: string; member: string }>();
  for (const { overlay, name, namespace } of round.observed.environments)
    members.set(namespace, { overlay, member: name });
  for (const overlay of round.desired.overlays)
    for (const { name, namespace } of overlay.environments)
      members.set(namespace, { overlay: overlay.name, member: name });

  const event = (kind: ReportedEvent['kind'], namespace: string, message: string): ReportedEvent => ({
    time: now.toISOString(),
    kind,
    ...(members.get(namespace) ?? { overlay: '', member: '' }),
    message,
  });
  const repairs = round.drift ? round.changes.filter(({ namespace }) => !round.failures.has(namespace)) : [];
  return [
    ...repairs.map((change) => event(repairKind(change), change.namespace, describe(change))),
    ...[...round.failures]
      .filter(([namespace, message]) => failuresBefore.get(namespace) !== message)
      .map(([namespace, message]) => event('reconcile-failed', namespace, message)),
  ];
}

function repairKind(change: Change): ReportedEvent['kind'] {
  return change.kind === 'start-daemon' ? 'daemon-started' : 'drift-repaired';
}

function describe(change: Change): string {
  const { action, object, detail } = summarizeChange(change);
  return `${action} ${object}${detail === '' ? '' : `: ${detail}`}`;
}
