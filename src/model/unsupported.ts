import { networkRanges } from './network-range.ts';
import type { Overlay } from './overlay.ts';
import type { Problem } from './problem.ts';
import type { Spec } from './topology.ts';

/** What the schema knows and this version cannot do yet. To support something is to remove its row. */
export function refuseUnsupported({ spec }: Overlay): Problem[] {
  return UNSUPPORTED.flatMap(({ path, what, hint, asked }) => {
    const paths = asked(spec);
    return (paths === true ? [path] : paths === false ? [] : paths).map((where) => ({
      code: 'not-yet-supported',
      path: where,
      message: `${what(spec)} is not yet supported`,
      ...(hint === undefined ? {} : { hint }),
    }));
  });
}

interface Row {
  readonly path: string;
  readonly what: (spec: Spec) => string;
  readonly hint?: string;
  /** Whether the specification asks for it, or the places where it does when there may be several. */
  readonly asked: (spec: Spec) => boolean | readonly string[];
}

const UNSUPPORTED: readonly Row[] = [
  {
    path: 'spec.links.encapsulation',
    what: (spec) => `encapsulation ${spec.links?.encapsulation}`,
    hint: 'vxlan is',
    asked: ({ links }) => isOther(links?.encapsulation, ['vxlan']),
  },
  {
    path: 'spec.links.layers',
    what: () => 'a link header apart from the physical one (layers: 2)',
    hint: 'layers: 1 is',
    asked: ({ links }) => links?.layers === 2,
  },
  { path: 'spec.links.ipsec', what: () => 'ipsec', asked: ({ links }) => links?.ipsec !== undefined },
  { path: 'spec.links.emulate', what: () => 'emulate', asked: ({ links }) => links?.emulate !== undefined },
  {
    path: 'spec.topology.links',
    what: () => 'emulate',
    asked: ({ topology }) =>
      (topology.links ?? []).flatMap((link, index) =>
        Array.isArray(link) || link.emulate === undefined ? [] : [`spec.topology.links[${index}].emulate`],
      ),
  },
  {
    path: 'spec.routing.protocol',
    what: (spec) => `protocol ${spec.routing?.protocol}`,
    hint: 'ospf, static and none are',
    asked: ({ routing }) => isOther(routing?.protocol, ['ospf', 'static', 'none']),
  },
  {
    path: 'spec.addressing.network',
    what: () => 'IPv6 with protocol ospf, which carries IPv4 only,',
    hint: 'say routing: { protocol: static }, or give an IPv4 range alone',
    asked: (spec) => {
      const usesOspf = (spec.routing?.protocol ?? 'ospf') === 'ospf';
      return usesOspf && networkRanges(spec).some(({ family }) => family === 6);
    },
  },
  {
    path: 'spec.routing.instance',
    what: () => 'instance shared',
    hint: 'dedicated is',
    asked: ({ routing }) => isOther(routing?.instance, ['dedicated']),
  },
  {
    path: 'spec.routing.isolation',
    what: () => 'isolation vrf',
    hint: 'namespace is',
    asked: ({ routing }) => isOther(routing?.isolation, ['namespace']),
  },
  { path: 'spec.routing.bfd', what: () => 'bfd', asked: ({ routing }) => routing?.bfd !== undefined },
  {
    path: 'spec.routers',
    what: () => 'frr, configuration of your own,',
    asked: ({ routers }) =>
      Object.entries(routers ?? {}).flatMap(([name, { frr }]) =>
        frr === undefined ? [] : [`spec.routers.${name}.frr`],
      ),
  },
  { path: 'spec.hosts', what: () => 'hosts', asked: ({ hosts }) => (hosts ?? []).length > 0 },
  { path: 'spec.underlay', what: () => 'underlay', asked: ({ underlay }) => underlay !== undefined },
];

function isOther(value: string | undefined, supported: readonly string[]): boolean {
  return value !== undefined && !supported.includes(value);
}
