import { readEmulation } from './emulation-values.ts';
import type { EmulationSpec, LinkEmulationSpec } from './overlay.ts';
import type { Problem } from './problem.ts';
import type { Topology, TopologyParts } from './topology.ts';

/** Whether what is said of links, of all and of each, goes together. `topology` is null where it is not known. */
export function checkLinks(spec: TopologyParts, topology: Topology | null): Problem[] {
  const links = spec.topology.links ?? [];
  return [
    ...checkEmulation('spec.links.emulate', spec.links?.emulate),
    ...links.flatMap((link, index) =>
      Array.isArray(link) ? [] : checkEmulation(`spec.topology.links[${index}].emulate`, link.emulate),
    ),
    ...checkLayers(spec),
    ...checkIpsec(spec),
    ...(topology === null ? [] : checkSegments(spec, topology)),
  ];
}

function checkEmulation(path: string, emulate: LinkEmulationSpec | undefined): Problem[] {
  if (emulate === undefined) return [];
  const { from = {}, ...both } = emulate;
  return [
    ...checkValues(path, both, both),
    ...Object.entries(from).flatMap(([sender, own]) =>
      checkValues(`${path}.from.${sender}`, own, { ...both, ...own }),
    ),
  ];
}

const MAX_DELAY_US = 60e6;
const MAX_LOSS_PPM = 1e6;
const MAX_RATE_BPS = 1e12;

/** `said` stands at the path; `whole` is what it makes together with what holds for both directions. */
function checkValues(path: string, said: EmulationSpec, whole: EmulationSpec): Problem[] {
  const { delayUs, jitterUs, lossPpm, rateBps } = readEmulation(said);
  const limits = [
    ['delay', delayUs, MAX_DELAY_US, '1m'],
    ['jitter', jitterUs, MAX_DELAY_US, '1m'],
    ['loss', lossPpm, MAX_LOSS_PPM, '100%'],
    ['rate', rateBps, MAX_RATE_BPS, '1000gbit'],
  ] as const;
  const problems = limits
    .filter(([, value, limit]) => value > limit)
    .map(([field, , , limit]) => problem('out-of-range', `${path}.${field}`, `is more than ${limit}`));
  if (jitterUs === 0 || readEmulation(whole).delayUs > 0) return problems;
  return [...problems, problem('missing-field', `${path}.jitter`, 'jitter is a part of a delay: say one')];
}

/** The physical header is the same for all links between two sites. */
function checkLayers({ links, topology }: TopologyParts): Problem[] {
  if (links?.layers !== 2) return [];
  return (topology.links ?? []).flatMap((link, index) => {
    if (Array.isArray(link) || link.encapsulation === undefined) return [];
    const message = 'with layers: 2 all links have the encapsulation of the overlay';
    const hint = 'say it in spec.links, or use layers: 1';
    return [problem('contradiction', `spec.topology.links[${index}].encapsulation`, message, hint)];
  });
}

function checkIpsec({ links, topology }: TopologyParts): Problem[] {
  if (links?.ipsec === undefined) return [];
  const message = 'wireguard encrypts by itself, so ipsec would do it twice';
  const hint = 'leave one of both away';
  if (links.encapsulation === 'wireguard')
    return [problem('contradiction', 'spec.links.ipsec', message, hint)];
  return (topology.links ?? []).flatMap((link, index) =>
    Array.isArray(link) || link.encapsulation !== 'wireguard'
      ? []
      : [problem('contradiction', `spec.topology.links[${index}].encapsulation`, message, hint)],
  );
}

/** What several share is one broadcast domain, and only VXLAN takes a packet to several remotes. */
function checkSegments({ links, topology: said }: TopologyParts, { segments }: Topology): Problem[] {
  if (links?.layers === 2) return [];
  const other = segments.find(({ encapsulation }) => encapsulation !== 'vxlan');
  if (other === undefined) return [];
  const own = (said.links ?? []).findIndex(
    (link) => !Array.isArray(link) && link.between.length > 2 && link.encapsulation === other.encapsulation,
  );
  const path = own < 0 ? 'spec.links.encapsulation' : `spec.topology.links[${own}].encapsulation`;
  const message = `segment ${other.name} is shared by several routers, which ${other.encapsulation} cannot do by itself`;
  return [problem('contradiction', path, message, 'use layers: 2, or vxlan')];
}

function problem(code: string, path: string, message: string, hint?: string): Problem {
  return { code, path, message, ...(hint === undefined ? {} : { hint }) };
}
