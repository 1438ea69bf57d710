import { formatIpPrefix, networkOf, parseIpPrefix } from '../../../model/ip-prefix.ts';
import type { YangEdit } from '../../../model/yang-edit.ts';

/** Whether this release of FRR has the models that the words here are of: they change, and FRR ends at a wrong path. */
export function speaksYang(version: string): boolean {
  return version.startsWith('8.4');
}

/** One kind of line of FRR's configuration, in the words of FRR's YANG models (release 8.4). */
export interface YangWords {
  /** Where the line stands: at the left margin, or in a section that another line opens. */
  readonly within: 'margin' | 'interface' | 'vrf' | 'isis' | 'rip' | 'bfd' | 'bfd profile';
  readonly line: RegExp;
  /** The section that the line opens. */
  readonly opens?: Exclude<YangWords['within'], 'margin'>;
  /** False where `no` before the line means something else than taking back what the line says. */
  readonly revocable?: false;
  /**
   * Edits with paths below that of the section; what is below another one of them goes with it. Null where it cannot
   * be said after all. Of a line that opens a section the first path is the section's.
   * @param groups of the regular expression; what did not match is ""
   * @param section name of the section, such as that of the VRF
   */
  readonly says: (groups: readonly string[], section: string) => readonly YangEdit[] | null;
  /** What taking it back says, where that is not only that what the line says is no more. */
  readonly unsays?: YangWords['says'];
}

/** Lines that all daemons of this table know. */
const OF_ALL: readonly YangWords[] = [
  {
    within: 'margin',
    line: /^interface ([^\s']+)(?: vrf ([^\s']+))?$/,
    opens: 'interface',
    // Where namespaces are VRFs, interfaces of different VRFs may bear one name.
    says: ([name, vrf]) => [
      entry(`/frr-interface:lib/interface[name='${vrf === '' ? '' : `${vrf}:`}${name}']`),
    ],
  },
  { within: 'interface', line: /^description(?: (.+))?$/, says: ([text]) => [leaf('description', text)] },
];

const STATICD: readonly YangWords[] = [
  {
    within: 'margin',
    line: /^vrf ([^\s']+)$/,
    opens: 'vrf',
    revocable: false,
    says: ([name]) => [entry(`/frr-vrf:lib/vrf[name='${name}']`)],
  },
  ...(['margin', 'vrf'] as const).map(
    (within): YangWords => ({
      within,
      line: /^(?:ip|ipv6) route (\S+) (?:(blackhole)|([0-9a-fA-F.:]+)(?: ([^\s']*[a-zA-Z][^\s']*))?|([^\s']*[a-zA-Z][^\s']*))(?: (\d+))?$/,
      says: (groups, vrf) => addStaticRoute(readStaticRoute(groups, vrf)),
      unsays: (groups, vrf) => removeStaticRoute(readStaticRoute(groups, vrf)),
    }),
  ),
];

const ISISD: readonly YangWords[] = [
  {
    within: 'margin',
    line: /^router isis ([^\s']+)(?: vrf ([^\s']+))?$/,
    opens: 'isis',
    says: ([tag, vrf]) => [entry(`/frr-isisd:isis/instance[area-tag='${tag}'][vrf='${vrf || 'default'}']`)],
  },
  ofIsis(/^is-type (level-1|level-1-2|level-2)(?:-only)?$/, ([level]) => [leaf('is-type', level)]),
  ofIsis(/^metric-style (\S+)$/, ([style]) => [leaf('metric-style', style)]),
  ofIsis(/^set-overload-bit$/, () => [leaf('overload', 'true')]),
  ofIsis(/^net ([0-9a-fA-F.]+)$/, ([net]) => [listed('area-address', net)]),
  ofIsis(/^lsp-gen-interval (\d+)$/, ([seconds]) =>
    LEVELS.map((level) => leaf(`lsp/timers/${level}/generation-interval`, seconds)),
  ),
  ofIsis(
    /^spf-delay-ietf init-delay (\d+) short-delay (\d+) long-delay (\d+) holddown (\d+) time-to-learn (\d+)$/,
    (delays) => [
      entry(SPF_DELAYS),
      ...['init-delay', 'short-delay', 'long-delay', 'hold-down', 'time-to-learn'].map((name, index) =>
        leaf(`${SPF_DELAYS}/${name}`, delays[index]),
      ),
    ],
  ),
  ofIsis(/^(area|domain)-password (clear|md5) (\S+)$/, ([whose, type, password]) => [
    entry(`${whose}-password`),
    leaf(`${whose}-password/password-type`, type),
    leaf(`${whose}-password/password`, password),
  ]),
  ofIsis(
    /^redistribute (ipv[46]) ([a-z0-9]+) (level-[12])(?: route-map ([^\s']+))?$/,
    ([family, source, level, map]) => {
      const path = `redistribute/${family}[protocol='${source}'][level='${level}']`;
      return [entry(path), optional(`${path}/route-map`, map)];
    },
  ),
  ofIsis(/^default-information originate (ipv[46]) (level-[12])( always)?$/, ([family, level, always]) => {
    const path = `default-information-originate/${family}[level='${level}']`;
    return [entry(path), leaf(`${path}/always`, always === '' ? 'false' : 'true')];
  }),
  {
    ...ofCircuit(/^(ip|ipv6) router isis ([^\s']+)$/, ([family, tag]) => [
      leaf('area-tag', tag),
      leaf(family === 'ipv6' ? 'ipv6-routing' : 'ipv4-routing', 'true'),
    ]),
    // The last family takes all that is said of the interface with it.
    revocable: false,
  },
  ofCircuit(/^isis passive$/, () => [leaf('passive', 'true')]),
  ofCircuit(/^isis network (point-to-point)$/, ([type]) => [leaf('network-type', type)]),
  ofCircuit(
    /^isis (hello-interval|hello-multiplier|csnp-interval|psnp-interval|metric) (\d+)$/,
    ([what, value]) => LEVELS.map((level) => leaf(`${what?.replace('hello-', 'hello/')}/${level}`, value)),
  ),
  ofCircuit(/^isis bfd$/, () => [leaf('bfd-monitoring/enabled', 'true')]),
  ofCircuit(/^isis bfd profile ([^\s']+)$/, ([profile]) => [leaf('bfd-monitoring/profile', profile)]),
  ofCircuit(/^isis password (clear|md5) (\S+)$/, ([type, password]) => [
    entry('password'),
    leaf('password/password-type', type),
    leaf('password/password', password),
  ]),
];

const RIPD: readonly YangWords[] = [
  {
    within: 'margin',
    line: /^router rip(?: vrf ([^\s']+))?$/,
    opens: 'rip',
    says: ([vrf]) => [entry(`/frr-ripd:ripd/instance[vrf='${vrf || 'default'}']`)],
  },
  ofRip(/^version ([12])$/, ([version]) => [leaf('version/receive', version), leaf('version/send', version)]),
  ofRip(/^timers basic (\d+) (\d+) (\d+)$/, (seconds) =>
    ['update-interval', 'holddown-interval', 'flush-interval'].map((name, index) =>
      leaf(`timers/${name}`, seconds[index]),
    ),
  ),
  ofRip(/^allow-ecmp$/, () => [leaf('allow-ecmp', 'true')]),
  ofRip(/^network ([0-9.]+\/\d+)$/, ([prefix]) => [listed('network', prefix)]),
  ofRip(/^network ([^\s'/]+)$/, ([name]) => [listed('interface', name)]),
  ofRip(/^route ([0-9.]+\/\d+)$/, ([prefix]) => [listed('static-route', prefix)]),
  ofRip(/^passive-interface (?!default$)([^\s']+)$/, ([name]) => [listed('passive-interface', name)]),
  ofRip(/^redistribute ([a-z0-9]+)(?: route-map ([^\s']+))?$/, ([source, map]) => {
    const path = `redistribute[protocol='${source}']`;
    return [entry(path), optional(`${path}/route-map`, map)];
  }),
  ofRip(/^default-information originate$/, () => [leaf('default-information-originate', 'true')]),
  {
    ...ofRipInterface(/^ip rip authentication mode (md5|text)$/, ([mode]) => [
      leaf(RIP_MODE, mode === 'md5' ? 'md5' : 'plain-text'),
    ]),
    // What holds of MD5 alone must not be left when the mode is another.
    unsays: below('frr-ripd:rip', () => [
      { path: RIP_MODE, value: null },
      { path: 'authentication-scheme/md5-auth-length', value: null },
    ]),
  },
  ofRipInterface(/^ip rip authentication string (\S+)$/, ([password]) => [
    leaf('authentication-password', password),
  ]),
  ofRipInterface(/^ip rip authentication key-chain ([^\s']+)$/, ([name]) => [
    leaf('authentication-key-chain', name),
  ]),
];

const BFDD: readonly YangWords[] = [
  { within: 'margin', line: /^bfd$/, opens: 'bfd', says: () => [entry('/frr-bfdd:bfdd/bfd')] },
  {
    within: 'bfd',
    line: /^profile ([^\s']+)$/,
    opens: 'bfd profile',
    says: ([name]) => [entry(`profile[name='${name}']`)],
  },
  ofProfile(/^detect-multiplier (\d+)$/, ([count]) => [leaf('detection-multiplier', count)]),
  ofProfile(/^receive-interval (\d+)$/, ([ms]) => [leaf('required-receive-interval', microseconds(ms))]),
  ofProfile(/^transmit-interval (\d+)$/, ([ms]) => [leaf('desired-transmission-interval', microseconds(ms))]),
];

/** What can be said in YANG, by daemon. All else that these daemons are told is said by VTY. */
export const YANG_WORDS: ReadonlyMap<string, readonly YangWords[]> = new Map([
  ['zebra', OF_ALL],
  ['staticd', [...OF_ALL, ...STATICD]],
  ['isisd', [...OF_ALL, ...ISISD]],
  ['ripd', [...OF_ALL, ...RIPD]],
  ['bfdd', [...OF_ALL, ...BFDD]],
]);

interface StaticRoute {
  /** Paths, each below the one before. */
  readonly list: string;
  readonly paths: string;
  readonly hop: string;
  readonly isBlackhole: boolean;
}

function readStaticRoute(groups: readonly string[], vrf: string): StaticRoute | null {
  const [prefix = '', blackhole = '', via = '', over = '', only = '', distance = ''] = groups;
  const parsed = parseIpPrefix(prefix);
  const isVersion6 = prefix.includes(':');
  if (parsed === null || (via !== '' && via.includes(':') !== isVersion6)) return null;
  const link = over + only;
  const version = isVersion6 ? 'ip6' : 'ip4';
  const type = blackhole || (via === '' ? 'ifindex' : link === '' ? version : `${version}-ifindex`);
  const place = vrf === '' ? 'default' : vrf;
  const list =
    `/frr-routing:routing/control-plane-protocols/control-plane-protocol[type='frr-staticd:staticd']` +
    `[name='staticd'][vrf='${place}']/frr-staticd:staticd/route-list` +
    `[prefix='${formatIpPrefix(networkOf(parsed))}'][afi-safi='frr-routing:${isVersion6 ? 'ipv6' : 'ipv4'}-unicast']`;
  const paths = `${list}/path-list[table-id='0'][distance='${distance || '1'}']`;
  // FRR's shell says so where there is no interface; it would not find an entry with an empty name.
  const device = link || '(null)';
  const hop = `${paths}/frr-nexthops/nexthop[nh-type='${type}'][vrf='${place}'][gateway='${via}'][interface='${device}']`;
  return { list, paths, hop, isBlackhole: blackhole !== '' };
}

function addStaticRoute(route: StaticRoute | null): YangEdit[] | null {
  if (route === null) return null;
  return [entry(route.hop), ...(route.isBlackhole ? [leaf(`${route.hop}/bh-type`, 'unspec')] : [])];
}

/** A list without an entry is refused: it goes with its last one. */
function removeStaticRoute(route: StaticRoute | null): YangEdit[] | null {
  if (route === null) return null;
  const { list, paths, hop } = route;
  return [hop, `${paths}[not(frr-nexthops/nexthop)]`, `${list}[not(path-list)]`].map((path) => ({
    path,
    value: null,
  }));
}

type Says = YangWords['says'];

function ofIsis(line: RegExp, says: Says): YangWords {
  return { within: 'isis', line, says };
}

function ofCircuit(line: RegExp, says: Says): YangWords {
  return { within: 'interface', line, says: below('frr-isisd:isis', says) };
}

function ofRip(line: RegExp, says: Says): YangWords {
  return { within: 'rip', line, says };
}

function ofRipInterface(line: RegExp, says: Says): YangWords {
  return { within: 'interface', line, says: below('frr-ripd:rip', says) };
}

function ofProfile(line: RegExp, says: Says): YangWords {
  return { within: 'bfd profile', line, says };
}

function below(container: string, says: Says): Says {
  return (groups, section) =>
    says(groups, section)?.map(({ path, value }) => ({ path: `${container}/${path}`, value })) ?? null;
}

/** An entry of a list, or a container that says something by being there. */
function entry(path: string): YangEdit {
  return { path, value: '' };
}

function leaf(path: string, value: string | undefined): YangEdit {
  return { path, value: value ?? '' };
}

function optional(path: string, value: string | undefined): YangEdit {
  return { path, value: value ? value : null };
}

function listed(path: string, value: string | undefined): YangEdit {
  return { path: `${path}[.='${value}']`, value: value ?? '' };
}

function microseconds(ms: string | undefined): string {
  return String(Number(ms) * 1000);
}

const LEVELS = ['level-1', 'level-2'] as const;
const RIP_MODE = 'authentication-scheme/mode';
const SPF_DELAYS = 'spf/ietf-backoff-delay';
