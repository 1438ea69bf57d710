import { areaId, BACKBONE_AREA } from '../../model/routing-options.ts';
import type { OspfArea, OspfInterface, OspfState } from '../../model/routing-state.ts';
import { authenticationOf, redistributionInto } from './protocol-options.ts';
import { interfacesOf, ownArea, peersOn, type Speaker, type Speakers } from './speakers.ts';

/** OSPFv2 or OSPFv3 of a router that speaks it. */
export function planOspf(speakers: Speakers, speaker: Speaker, protocol: 'ospf' | 'ospf6'): OspfState {
  const { options } = speaker;
  const own = ownArea(speaker, protocol);
  const areas = new Map(
    speakers.wiring
      .attachmentsOf(speaker.name)
      .map((attachment) => [
        attachment.interface,
        areaOfLink(own, peersOn(speakers, speaker, attachment, protocol).areas),
      ]),
  );
  const interfaces = interfacesOf(speakers, speaker, protocol).map(
    (one): OspfInterface => ({ ...one, area: areas.get(one.name) ?? own }),
  );
  const present = new Set(interfaces.map(({ area }) => area));
  return {
    interfaces,
    areas: specialAreas(speaker, protocol).filter(({ id }) => present.has(id)),
    authentication: authenticationOf(options, protocol),
    defaultOriginate: options.defaultOriginate ?? 'never',
    redistribute: redistributionInto(speakers, speaker, protocol),
  };
}

/** Whether the router hears nothing but a default route of other areas. */
export function isInTotalArea(speaker: Speaker, protocol: 'ospf' | 'ospf6'): boolean {
  const own = ownArea(speaker, protocol);
  return specialAreas(speaker, protocol).some(({ id, total }) => id === own && total);
}

/** A link between the backbone and another area is in the other: the backbone's router is its border router. */
function areaOfLink(own: string, areas: ReadonlySet<string>): string {
  return [own, ...areas].find((area) => area !== BACKBONE_AREA) ?? own;
}

function specialAreas({ options }: Speaker, protocol: 'ospf' | 'ospf6'): OspfArea[] {
  const areas = options[protocol]?.areas ?? options.ospf?.areas ?? {};
  return Object.entries(areas).map(([area, type]) => ({
    id: areaId(area),
    type: type.endsWith('nssa') ? 'nssa' : 'stub',
    total: type.startsWith('totally-'),
  }));
}
