import type { Change } from '../model/change.ts';
import { hideSecrets, summarizeChange } from '../planner/change-summary.ts';
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

/**
 * Changes by hand that stay, by `NAMESPACE DAEMON`, as somebody would mend them: the overlay keeps them, or what was
 * tried did not help.
 */
export function keptDrifts({ desired, observed }: Round): ReadonlyMap<string, string> {
  const keeping = new Set(
    desired.overlays
      .filter(({ keepsDrift }) => keepsDrift)
      .flatMap(({ environments }) => environments.map(({ namespace }) => namespace)),
  );
  return new Map(
    observed.environments.flatMap(({ namespace, daemons }) =>
      daemons.flatMap(({ daemon, drift }): [string, string][] =>
        drift !== null && (keeping.has(namespace) || !drift.mendable)
          ? [[`${namespace} ${daemon}`, drift.commands.map((line) => hideSecrets(line.trim())).join('; ')]]
          : [],
      ),
    ),
  );
}

/** What is new of `keptDrifts`, and what is over. */
export function eventsOfDrift(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): { kind: 'config-drift' | 'config-agrees'; namespace: string; message: string }[] {
  const found = [...now].filter(([key, commands]) => before.get(key) !== commands);
  const gone = [...before.keys()].filter((key) => !now.has(key));
  return [
    ...found.map(([key, commands]) => {
      const [namespace = '', daemon = ''] = key.split(' ');
      const message = `${daemon} holds what is not declared; declared again by: ${commands}`;
      return { kind: 'config-drift' as const, namespace, message };
    }),
    ...gone.map((key) => {
      const [namespace = '', daemon = ''] = key.split(' ');
      return { kind: 'config-agrees' as const, namespace, message: `${daemon} holds what is declared` };
    }),
  ];
}

/** Daemons of each namespace that run another program than the one installed, in the order of the observation. */
export function outdatedDaemons({ observed }: Round): ReadonlyMap<string, string> {
  return new Map(
    observed.environments.flatMap(({ namespace, daemons }): [string, string][] => {
      const outdated = daemons.filter((one) => one.outdated).map(({ daemon }) => daemon);
      return outdated.length === 0 ? [] : [[namespace, outdated.join(', ')]];
    }),
  );
}

function repairKind(change: Change): ReportedEvent['kind'] {
  return change.kind === 'start-daemon' ? 'daemon-started' : 'drift-repaired';
}

function describe(change: Change): string {
  const { action, object, detail } = summarizeChange(change);
  return `${action} ${object}${detail === '' ? '' : `: ${detail}`}`;
}
