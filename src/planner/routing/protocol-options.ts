import { commonFamilies, type RoutingOptions } from '../../model/routing-options.ts';
import { PROTOCOL_FEATURES } from '../../model/routing-protocols.ts';
import type { Protocol } from '../../model/routing-schema.ts';
import type { AuthenticationState, RedistributionState } from '../../model/routing-state.ts';
import type { Speaker, Speakers } from './speakers.ts';

/** Null where nothing is said or the protocol knows none of it. */
export function authenticationOf(options: RoutingOptions, protocol: Protocol): AuthenticationState | null {
  const said = options.authentication;
  if (said === undefined || said === false) return null;
  const { passwordLength, digests } = PROTOCOL_FEATURES[protocol];
  const [first] = digests;
  if (said.key !== undefined && first !== undefined) {
    return { password: '', key: said.key, keyId: said.id ?? 1, digest: said.digest ?? first };
  }
  if (said.password !== undefined && passwordLength > 0) {
    return { password: said.password, key: '', keyId: 0, digest: '' };
  }
  return null;
}

/** What a router takes over into a protocol from others, a family at a time. */
export function redistributionInto(
  { wiring }: Speakers,
  { options }: Speaker,
  protocol: Protocol,
): RedistributionState[] {
  return (options.redistribute ?? [])
    .filter(({ into }) => into === protocol)
    .flatMap(({ from, routeMap = '' }) =>
      commonFamilies(from, protocol)
        .filter((family) => wiring.book.families.includes(family))
        .map((family) => ({ source: from, family, routeMap })),
    );
}
