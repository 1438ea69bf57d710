import { parseConfig } from '../../../planner/config-sections.ts';

/** What a daemon is told for a while, and what takes that back. */
export interface Adjustment {
  readonly commands: readonly string[];
  readonly undo: readonly string[];
}

/**
 * Has a daemon (ospfd, ospf6d or isisd) gather news before it computes paths: of many routers that come up at the
 * same time each would compute them again for every one of the others, and all wait for each other's processor time.
 * @returns null for few routers, and where the configuration leaves these timers to FRR
 */
export function calmTimers(config: string, routers: number): Adjustment | null {
  if (routers < MANY) return null;
  const waitMs = Math.min(routers * MS_A_ROUTER, LONGEST_MS);
  const commands: string[] = [];
  const undo: string[] = [];
  for (const [header, { lines }] of parseConfig(config).sections)
    for (const line of lines.values()) {
      const calm = calmed(line, waitMs);
      if (calm === line) continue;
      commands.push(header, ` ${calm}`);
      undo.push(header, ` ${line}`);
    }
  return commands.length === 0 ? null : { commands, undo };
}

const MANY = 16;
/** Telling each other of 200 routers takes about a second on two processors. */
const MS_A_ROUTER = 5;
const LONGEST_MS = 3_000;
/** While news keeps coming. */
const LONGEST_WAITS = 5;

function calmed(line: string, waitMs: number): string {
  const ospf = /^(timers throttle spf) (\d+) (\d+) (\d+)$/.exec(line);
  if (ospf !== null) return [ospf[1], ...atLeast(ospf.slice(2), waitMs)].join(' ');
  const isis = /^spf-delay-ietf init-delay (\d+) short-delay (\d+) long-delay (\d+) (.*)$/.exec(line);
  if (isis === null) return line;
  const [init, short, long] = atLeast(isis.slice(1, 4), waitMs);
  return `spf-delay-ietf init-delay ${init} short-delay ${short} long-delay ${long} ${isis[4]}`;
}

/** @param said first delay, the next one, and the longest */
function atLeast(said: readonly string[], waitMs: number): number[] {
  const least = [waitMs, waitMs, LONGEST_WAITS * waitMs];
  return said.map((ms, at) => Math.max(Number(ms), least[at] ?? 0));
}
