import type { Change } from '../model/change.ts';
import type { EnvironmentState } from '../model/node-state.ts';
import type { ObservedDaemon, ObservedEnvironment } from '../model/observation.ts';
import type { DaemonName } from '../model/routing-state.ts';
import { diffConfig } from './config-diff.ts';
import { restartReason } from './config-restart.ts';

export interface DaemonPolicy {
  /** What somebody else has changed by hand stays. */
  readonly keepsDrift: boolean;
  /** Daemons that run another program than the one installed are started anew. */
  readonly renews: boolean;
}

/**
 * Daemons of one environment: a running one is given the lines that differ, be it that others are declared or that
 * somebody has changed them by hand, and is restarted only for what FRR takes at no other time. But a daemon that is older than its zebra is started again: FRR's daemons give a new zebra neither their routes
 * nor take from it the interfaces that come.
 */
export function diffDaemons(
  wanted: EnvironmentState,
  seen: ObservedEnvironment,
  configurations: ReadonlyMap<DaemonName, string>,
  { keepsDrift, renews }: DaemonPolicy,
): Change[] {
  const { namespace } = wanted;
  const daemons = [...configurations.keys()];
  const zebra = seen.daemons.find(({ daemon }) => daemon === 'zebra');
  const changes: Change[] = [];
  for (const found of seen.daemons)
    if (!daemons.some((daemon) => daemon === found.daemon))
      changes.push({ kind: 'stop-daemon', namespace, daemon: found.daemon });
  for (const daemon of daemons) {
    const config = configurations.get(daemon) ?? '';
    const found = seen.daemons.find((other) => other.daemon === daemon);
    const reason =
      reasonToStart(found, zebra, renews) ||
      (found === undefined ? '' : restartReason(daemon, found.config, config));
    if (found === undefined || reason !== '')
      changes.push({
        kind: 'start-daemon',
        namespace,
        daemon,
        config,
        reason,
        resumes: seen.exists && found?.config === config,
      });
    else {
      // What somebody else changed is led back when nothing else is to be said.
      const isOther = found.config !== config;
      const mending = keepsDrift || found.drift?.mendable !== true ? [] : found.drift.commands;
      const commands = isOther ? diffConfig(found.config, config) : mending;
      if (isOther || mending.length > 0)
        changes.push({ kind: 'configure-daemon', namespace, daemon, config, commands });
    }
  }
  return changes;
}

/** Empty when it runs as it should. */
function reasonToStart(
  found: ObservedDaemon | undefined,
  zebra: ObservedDaemon | undefined,
  renews: boolean,
): string {
  if (found === undefined || found.pid === 0) return 'not running';
  if (!found.healthy) return `process ${found.pid} does not answer or runs in another namespace`;
  if (renews && found.outdated) return 'its program is not the one installed';
  if (
    zebra === undefined ||
    !zebra.healthy ||
    zebra.startedAt > found.startedAt ||
    (renews && zebra.outdated)
  )
    return 'its zebra is started anew';
  return '';
}
