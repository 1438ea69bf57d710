import type { Problem } from './problem.ts';
import { areaId, BACKBONE_AREA, durationMs, protocolsOf, type RoutingOptions } from './routing-options.ts';
import { checkPolicies } from './routing-policy-check.ts';
import { PROTOCOL_FEATURES, type ProtocolFeatures } from './routing-protocols.ts';
import type { Protocol } from './routing-schema.ts';

/** What is wrong with what a router's routing is told; each problem's path begins with the field it is about. */
export function checkRoutingPart(
  path: string,
  options: RoutingOptions,
  families: readonly (4 | 6)[],
): Problem[] {
  const protocols = protocolsOf(options, families);
  const problem: Complain = (field, code, message, hint) => ({
    code,
    path: `${path}.${field}`,
    message,
    ...(hint === undefined ? {} : { hint }),
  });
  return [
    ...checkProtocols(options, protocols, families, problem),
    ...checkFeatures(options, protocols, problem),
    ...checkBfd(options, problem),
    ...checkAuthentication(options, protocols, problem),
    ...checkAreas(options, problem),
    ...checkPim(options, families, problem),
    ...checkPolicies(options, problem),
  ];
}

export type Complain = (field: string, code: string, message: string, hint?: string) => Problem;

/** Families are looked at where a protocol is said: those that follow from the families always carry them. */
function checkProtocols(
  { protocol }: RoutingOptions,
  protocols: readonly Protocol[],
  families: readonly (4 | 6)[],
  problem: Complain,
): Problem[] {
  if (protocol === undefined) return [];
  const said = typeof protocol === 'string' ? [protocol] : protocol;
  const repeated = said.filter((one, index) => said.indexOf(one) !== index);
  const lonely = said.filter((one) => one === 'none' || one === 'static');
  const carried = new Set(protocols.flatMap((one) => PROTOCOL_FEATURES[one].families));
  return [
    ...repeated.map((one) => problem('protocol', 'duplicate-protocol', `${one} is in the list twice`)),
    ...(said.length > 1 ? lonely : []).map((one) =>
      problem(
        'protocol',
        'protocol-alone',
        `${one} cannot stand beside other protocols`,
        'routes of your own go into routes:',
      ),
    ),
    ...families
      .filter((family) => protocols.length > 0 && !carried.has(family))
      .map((family) =>
        problem(
          'protocol',
          'family-not-carried',
          `${protocols.join(' and ')} ${protocols.length === 1 ? 'carries' : 'carry'} no IPv${family}, and addressing.network has an IPv${family} range`,
          family === 6
            ? 'add ospf6, or use isis, bgp, babel or static'
            : 'add ospf, or use isis, bgp, babel or static',
        ),
      ),
    ...protocols
      .filter((one) => !PROTOCOL_FEATURES[one].families.some((family) => families.includes(family)))
      .map((one) =>
        problem(
          'protocol',
          'family-missing',
          `${one} carries IPv${PROTOCOL_FEATURES[one].families.join(' and IPv')} only, and addressing.network has no such range`,
        ),
      ),
  ];
}

/** A field that no protocol of the router has a use for. */
function checkFeatures(
  options: RoutingOptions,
  protocols: readonly Protocol[],
  problem: Complain,
): Problem[] {
  const can = (feature: keyof ProtocolFeatures) =>
    protocols.some((protocol) => PROTOCOL_FEATURES[protocol][feature] === true);
  const wanted: [field: 'maximumPaths' | 'gracefulRestart' | 'defaultOriginate' | 'bfd', isAsked: boolean][] =
    [
      ['maximumPaths', options.maximumPaths !== undefined],
      ['gracefulRestart', options.gracefulRestart === true],
      ['defaultOriginate', options.defaultOriginate !== undefined && options.defaultOriginate !== 'never'],
      ['bfd', options.bfd !== undefined && options.bfd !== false],
    ];
  return wanted
    .filter(([field, isAsked]) => isAsked && !can(field))
    .map(([field]) =>
      problem(field, 'unused-field', `FRR has no ${field} for ${protocols.join(' and ') || 'no protocol'}`),
    );
}

const SHORTEST_BFD_MS = 10;
const LONGEST_BFD_MS = 60_000;

/** RFC 5880 counts in microseconds, FRR in whole milliseconds. */
function checkBfd({ bfd }: RoutingOptions, problem: Complain): Problem[] {
  if (bfd === undefined || bfd === false) return [];
  const interval = durationMs(bfd.interval);
  const isFine = Number.isInteger(interval) && interval >= SHORTEST_BFD_MS && interval <= LONGEST_BFD_MS;
  if (isFine) return [];
  const message = `${bfd.interval} is not possible here`;
  return [problem('bfd.interval', 'wrong-value', message, 'whole milliseconds from 10ms to 60s')];
}

function checkAuthentication(
  { authentication }: RoutingOptions,
  protocols: readonly Protocol[],
  problem: Complain,
): Problem[] {
  if (authentication === undefined || authentication === false) return [];
  const { password, key, id, digest } = authentication;
  if ((password === undefined) === (key === undefined)) {
    return [problem('authentication', 'wrong-field', 'needs either a password or a key')];
  }
  if (password !== undefined && (id ?? digest) !== undefined) {
    return [problem('authentication', 'wrong-field', 'id and digest belong to a key, not to a password')];
  }
  const secret = key ?? password ?? '';
  const features = protocols.map((protocol) => ({ protocol, ...PROTOCOL_FEATURES[protocol] }));
  const users = features.filter(({ passwordLength, digests }) =>
    key === undefined ? passwordLength > 0 : digests.length > 0,
  );
  const kind = key === undefined ? 'password' : 'key';
  const without = features.filter((one) => !users.includes(one) && one.protocol !== 'static');
  return [
    // A protocol that would go on unprotected is not what was asked for.
    ...without.map(({ protocol }) =>
      problem('authentication', 'unused-field', `FRR has no authentication by ${kind} for ${protocol}`),
    ),
    ...users
      .filter(
        ({ passwordLength, keyLength }) => secret.length > (key === undefined ? passwordLength : keyLength),
      )
      .map(({ protocol, passwordLength, keyLength }) =>
        problem(
          `authentication.${kind}`,
          'too-long',
          `a ${kind} of ${protocol} has at most ${key === undefined ? passwordLength : keyLength} characters`,
        ),
      ),
    ...users
      .filter(({ digests }) => digest !== undefined && !digests.includes(digest))
      .map(({ protocol, digests }) =>
        problem(
          'authentication.digest',
          'wrong-value',
          `${protocol} has no ${digest}`,
          `it has ${digests.join(', ')}`,
        ),
      ),
  ];
}

function checkAreas(options: RoutingOptions, problem: Complain): Problem[] {
  return (['ospf', 'ospf6'] as const).flatMap((protocol) => {
    const { area, areas = {} } = options[protocol] ?? {};
    const named = [
      ...(area === undefined ? [] : [{ field: `${protocol}.area`, area }]),
      ...Object.keys(areas).map((key) => ({ field: `${protocol}.areas`, area: key })),
    ];
    const wrong = named.filter((one) => !isArea(one.area));
    const stubs = Object.keys(areas).filter((key) => isArea(key) && areaId(key) === BACKBONE_AREA);
    return [
      ...wrong.map((one) =>
        problem(one.field, 'wrong-value', `${one.area} is no area`, 'a number below 2^32, or a dotted quad'),
      ),
      ...stubs.map(() =>
        problem(`${protocol}.areas`, 'wrong-value', 'the backbone, area 0, is of no other type'),
      ),
    ];
  });
}

function isArea(area: string | number): boolean {
  const parts = String(area).split('.').map(Number);
  return parts.length === 1 ? (parts[0] ?? 0) <= 0xffff_ffff : parts.every((part) => part <= 255);
}

function checkPim({ pim }: RoutingOptions, families: readonly (4 | 6)[], problem: Complain): Problem[] {
  if (pim === undefined) return [];
  if (families.includes(4)) return [];
  return [
    problem('pim', 'family-missing', 'FRR 8 has PIM for IPv4 only, and addressing.network has no such range'),
  ];
}
