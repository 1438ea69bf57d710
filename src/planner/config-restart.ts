import type { DaemonName } from '../model/routing-state.ts';
import { parseConfig, type Section } from './config-sections.ts';

/**
 * Why a daemon has to be started anew for a change of its configuration; empty when it takes the change while it
 * runs. FRR says nothing of most of these: it takes the line and goes on as before.
 */
export function restartReason(daemon: DaemonName, from: string, to: string): string {
  if (from === to) return '';
  const before = parseConfig(from);
  const after = parseConfig(to);
  for (const { daemon: concerned, section, setting, reason } of STUBBORN) {
    if (concerned !== daemon) continue;
    for (const header of before.sections.keys()) {
      if (header !== section && !header.startsWith(`${section} vrf `)) continue;
      const held = settingIn(before, header, setting);
      const wanted = settingIn(after, header, setting);
      const isGone = wanted === undefined && header !== section;
      if (held !== undefined && held !== wanted && !isGone) return `restarts ${daemon}: ${reason}`;
    }
  }
  return '';
}

interface StubbornSetting {
  readonly daemon: DaemonName;
  readonly section: string;
  readonly setting: string;
  readonly reason: string;
}

const STUBBORN: readonly StubbornSetting[] = [
  {
    daemon: 'ospfd',
    section: 'router ospf',
    setting: 'ospf router-id',
    reason: 'it keeps its router-id as long as it has neighbours',
  },
  {
    daemon: 'ospfd',
    section: 'router ospf',
    setting: 'graceful-restart grace-period',
    reason: 'it is ready to be restarted and stays so',
  },
  {
    daemon: 'ospf6d',
    section: 'router ospf6',
    setting: 'ospf6 router-id',
    reason: 'it keeps its router-id as long as it has neighbours',
  },
];

function settingIn(config: Section, section: string, setting: string): string | undefined {
  return config.sections.get(section)?.lines.get(setting);
}
