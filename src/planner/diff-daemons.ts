import type { Change } from '../model/change.ts';
import type { DaemonName, EnvironmentState } from '../model/node-state.ts';
import type { ObservedEnvironment } from '../model/observation.ts';
import { diffConfig } from './config-diff.ts';

/** Daemons of one environment: a running one is given the lines that differ, never restarted for them. */
export function diffDaemons(
  wanted: EnvironmentState,
  seen: ObservedEnvironment,
  configurations: ReadonlyMap<DaemonName, string>,
): Change[] {
  const { namespace } = wanted;
  const daemons: readonly DaemonName[] = wanted.routing?.daemons ?? [];
  const changes: Change[] = [];
  for (const found of seen.daemons)
    if (!daemons.some((daemon) => daemon === found.daemon))
      changes.push({ kind: 'stop-daemon', namespace, daemon: found.daemon });
  for (const daemon of daemons) {
    const config = configurations.get(daemon) ?? '';
    const found = seen.daemons.find((other) => other.daemon === daemon);
    if (found === undefined || !found.healthy)
      changes.push({ kind: 'start-daemon', namespace, daemon, config, reason: reasonToStart(found) });
    else if (found.config !== config)
      changes.push({
        kind: 'configure-daemon',
        namespace,
        daemon,
        config,
        commands: diffConfig(found.config, config),
      });
  }
  return changes;
}

function reasonToStart(found: { readonly pid: number } | undefined): string {
  if (found === undefined || found.pid === 0) return 'not running';
  return `process ${found.pid} does not answer or runs in another namespace`;
}
