import { VinetError } from '../../model/vinet-error.ts';

/** What a router's daemon would be told if the router had it for itself. */
export interface RouterConfig {
  /** The router's VRF. */
  readonly vrf: string;
  readonly config: string;
  /** What its interfaces are called in a namespace that it shares with others, by what it calls them; empty where it has one. */
  readonly devices: ReadonlyMap<string, string>;
}

/**
 * One configuration for a daemon that serves several routers: each one's own, bound to its VRF. So the same templates
 * and an operator's own lines serve both kinds of instance. Names that FRR knows only once for all VRFs (prefix
 * lists, route maps, BFD profiles…) become `VRF:NAME`. Fails with `no-vrf` where FRR has no VRFs for what is said.
 */
export function joinConfigs(hostname: string, routers: readonly RouterConfig[]): string {
  const crowd = crowdOf(routers.length);
  const sections = routers.flatMap((router) => scopeToVrf(router, crowd));
  return [`hostname ${hostname}`, ...linesOfAll(routers), '!', ...sections, ''].join('\n');
}

/** zebra has one stream of its decisions for all, and one queue to the kernel. */
function linesOfAll(routers: readonly RouterConfig[]): string[] {
  const lines = routers.flatMap(({ config }) => config.split('\n').filter((line) => OF_ALL.test(line)));
  return [...new Set(lines)];
}

function scopeToVrf({ vrf, config, devices }: RouterConfig, crowd: number): string[] {
  const lines = config
    .split('\n')
    .filter((line) => !isWithoutMeaning(line))
    .map((line) => waitInCrowd(line, crowd));
  const rename = renaming(lines, vrf);
  const scoped: string[] = [];
  const inVrf: string[] = [];
  for (const line of lines.map((one) => rename(callDevices(one, devices)))) {
    if (/^\s/.test(line)) scoped.push(line.replace(BFD_PEER, `$1 vrf ${vrf}`));
    else if (OF_A_VRF.test(line)) inVrf.push(` ${line}`);
    else scoped.push('!', scopeHeader(line, vrf, devices.size > 0));
  }
  if (inVrf.length > 0) scoped.push('!', `vrf ${vrf}`, ...inVrf, 'exit-vrf');
  return [...scoped, '!'];
}

/** A line with the names that interfaces have in the kernel. */
function callDevices(line: string, devices: ReadonlyMap<string, string>): string {
  if (devices.size === 0) return line;
  const isRoute = /^(no )?(ip|ipv6) route /.test(line);
  let before = '';
  return line.replace(/\S+/g, (word) => {
    const isDevice = isRoute || BEFORE_DEVICES.has(before);
    before = word;
    return (isDevice ? devices.get(word) : undefined) ?? word;
  });
}

/** Words that an interface's name follows. */
const BEFORE_DEVICES: ReadonlySet<string> = new Set([
  ...['interface', 'passive-interface', 'network', 'neighbor', 'update-source'],
]);

/** Routers in steps, so that one more seldom changes what the others are told. */
function crowdOf(routers: number): number {
  return routers < 8 ? 0 : 2 ** Math.ceil(Math.log2(routers));
}

/**
 * One process computes the paths of all its routers, which all hear of a change at the same time: computing at once,
 * and again for each of the many changes of a start, it would not get round to keeping its neighbours.
 */
function waitInCrowd(line: string, crowd: number): string {
  const atLeast = (said: string, ms: number) => String(Math.max(Number(said), ms));
  return line
    .replace(
      /^( timers throttle spf) (\d+) (\d+) (\d+)$/,
      (_, words: string, delay: string, hold: string, longest: string) =>
        `${words} ${atLeast(delay, crowd)} ${atLeast(hold, 2 * crowd)} ${atLeast(longest, 10 * crowd)}`,
    )
    .replace(
      /^( spf-delay-ietf init-delay) (\d+) short-delay (\d+) long-delay (\d+) holddown (\d+) /,
      (_, words: string, init: string, short: string, long: string, holddown: string) =>
        `${words} ${atLeast(init, crowd)} short-delay ${atLeast(short, 2 * crowd)} long-delay ${atLeast(long, 10 * crowd)} holddown ${atLeast(holddown, 20 * crowd)} `,
    );
}

/** What is said once for all routers, and what says nothing. */
function isWithoutMeaning(line: string): boolean {
  return line.trim() === '' || OF_ALL.test(line) || /^(!|#|hostname |exit$|end$)/.test(line);
}

const OF_ALL = /^(fpm|zebra) /;

/** @param isDevice whether the VRF is one: interfaces have names then that no other VRF has, and FRR shows them without it */
function scopeHeader(line: string, vrf: string, isDevice: boolean): string {
  if (/^router babel\b/.test(line))
    throw new VinetError('no-vrf', 'FRR knows no VRFs in Babel, so a shared instance cannot run it');
  const isScoped = isDevice ? /^router /.test(line) : /^(interface|router) /.test(line);
  return isScoped ? `${line} vrf ${vrf}` : line;
}

/** Whether a line at the margin is about the default VRF: FRR takes the same inside `vrf NAME` too. */
export function isOfVrf(line: string): boolean {
  return OF_A_VRF.test(line);
}

const OF_A_VRF =
  /^(no )?(ip|ipv6) (route|mroute|protocol|nht|pim|ssmpingd|msdp|igmp|import-table|router-id) /;

const BFD_PEER = /^( peer [0-9a-fA-F.:]+.*)$/;

/** Lines that define a name of the whole daemon; the name is the group. */
const DEFINITIONS = [
  /^(?:ip|ipv6) prefix-list (\S+) /,
  /^(?:ip |ipv6 )?access-list (\S+) /,
  /^route-map (\S+) /,
  /^bgp as-path access-list (\S+) /,
  /^bgp (?:large-|ext)?community-list (?:(?:standard|expanded) )?(\S+) /,
  /^key chain (\S+)$/,
];

/** Words that such a name follows, where it is defined and where it is used. */
const BEFORE_NAMES: ReadonlySet<string> = new Set([
  ...['prefix-list', 'prefix', 'access-list', 'route-map', 'filter-list', 'distribute-list', 'address'],
  ...['next-hop', 'as-path', 'community', 'large-community', 'extcommunity', 'community-list'],
  ...['large-community-list', 'extcommunity-list', 'standard', 'expanded', 'chain', 'key-chain'],
]);

function renaming(lines: readonly string[], vrf: string): (line: string) => string {
  const names = new Set(
    lines.flatMap((line) => DEFINITIONS.flatMap((definition) => definition.exec(line)?.[1] ?? [])),
  );
  return (line) => {
    let before = '';
    return line.replace(/\S+/g, (word) => {
      // A profile is bfdd's, and of use to others.
      const isName = before === 'profile' || (BEFORE_NAMES.has(before) && names.has(word));
      before = word;
      return isName ? `${vrf}:${word}` : word;
    });
  };
}
