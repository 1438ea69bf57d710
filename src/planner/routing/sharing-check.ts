import { attachedTo, internalRouterOf } from '../../model/internal-router.ts';
import type { Problem } from '../../model/problem.ts';
import { areaId } from '../../model/routing-options.ts';

import type { Wiring } from '../wiring.ts';
import { authenticationOf } from './protocol-options.ts';
import { findSpeakers, ownArea, type Speaker } from './speakers.ts';

/**
 * Why hosts of several overlays could not be reached in this one: its routing has to notice what fails, and their
 * internal routers speak BGP only to overlays that they are guests in.
 */
export function checkSharing(wiring: Wiring): Problem[] {
  const { spec } = wiring.overlay;
  const shared = (spec.hosts ?? []).filter(
    ({ home, overlays }) => home !== undefined || overlays !== undefined,
  );
  if (shared.length === 0) return [];
  const speakers = findSpeakers(wiring);
  return (spec.hosts ?? []).flatMap((host, index) => {
    if (host.overlays !== undefined) {
      const router = internalRouterOf(host.name);
      const own = spec.routers?.[router]?.routing ?? {};
      return [
        ...complain(`spec.hosts[${index}].overlays`, host.name, atHome(speakers.of(router))),
        ...ORIGINATING.filter((field) => own[field] !== undefined).flatMap((field) =>
          complain(
            `spec.routers.${router}.routing.${field}`,
            host.name,
            `with ${field} its internal router would tell one overlay of another`,
          ),
        ),
      ];
    }
    if (host.home === undefined) return [];
    return attachedTo(host).flatMap((router) =>
      complain(`spec.hosts[${index}].attach`, host.name, asGuest(speakers.of(router))),
    );
  });
}

/** What makes a router tell of more than its own. */
const ORIGINATING = ['redistribute', 'defaultOriginate'] as const;

function complain(path: string, host: string, why: string): Problem[] {
  if (why === '') return [];
  return [{ code: 'sharing-not-supported', path, message: `host ${host} cannot be shared: ${why}` }];
}

/** Empty where nothing is in the way. */
function atHome({ name, protocols }: Speaker): string {
  const why = withoutNews(name, protocols);
  if (why !== '') return why;
  if (protocols.includes('bgp'))
    return `its internal router ${name} would speak BGP at home too, and routes of one overlay would be told in another`;
  return protocols.includes('babel')
    ? `Babel announces all that router ${name} is connected to, links of other overlays too`
    : '';
}

function asGuest(speaker: Speaker): string {
  const { name, protocols } = speaker;
  const why = withoutNews(name, protocols);
  if (why !== '') return why;
  if (protocols.includes('bgp') && protocols.length > 1)
    return `router ${name} speaks BGP beside ${protocols.filter((one) => one !== 'bgp').join(', ')}: attach it to one that speaks either`;
  if (protocols.includes('bgp') && authenticationOf(speaker.options, 'bgp') !== null)
    return `router ${name} authenticates its BGP, and internal routers have no key of the overlay's`;
  const stub = (['ospf', 'ospf6'] as const).find(
    (protocol) => protocols.includes(protocol) && isInStubArea(speaker, protocol),
  );
  return stub === undefined
    ? ''
    : `router ${name} is in a stub area, which hears of nothing outside of ${stub}`;
}

function withoutNews(router: string, protocols: Speaker['protocols']): string {
  if (protocols.length === 0) return `router ${router} has no routing`;
  return protocols.includes('static')
    ? `router ${router} has static routes, which stay when what they lead to is lost`
    : '';
}

function isInStubArea(speaker: Speaker, protocol: 'ospf' | 'ospf6'): boolean {
  const { options } = speaker;
  const areas = options[protocol]?.areas ?? options.ospf?.areas ?? {};
  const own = ownArea(speaker, protocol);
  return Object.entries(areas).some(([area, type]) => areaId(area) === own && !type.endsWith('nssa'));
}
