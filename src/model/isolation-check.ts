import { MAX_INTERFACE_NAME_BYTES, vrfDeviceOf } from './names.ts';
import type { Problem } from './problem.ts';
import { protocolsOf, routingOptions } from './routing-options.ts';
import type { Spec, Topology } from './topology.ts';

/** What cannot be where routers are VRFs of one namespace (`isolation: vrf`), by its name and place. */
export function checkIsolation(spec: Partial<Spec>): Problem[] {
  if (spec.routing?.isolation !== 'vrf') return [];
  const { instance } = spec.routing;
  const routers = Object.keys(spec.routers ?? {});
  return [
    ...(instance === 'shared' ? [] : [notInVrf('spec.routing.isolation', DEDICATED, 'use instance: shared')]),
    ...['', ...routers].flatMap((router) => checkPart(spec, router)),
    ...(spec.hosts ?? []).flatMap((host, index) =>
      (['overlays', 'home'] as const)
        .filter((field) => host[field] !== undefined)
        .map((field) => notInVrf(`spec.hosts[${index}].${field}`, SHARED_HOST)),
    ),
  ];
}

/** Names of routers' interfaces, which have to be unique in a namespace and fit into what Linux allows. */
export function checkVrfNames(spec: Partial<Spec>, { routers, links, segments }: Topology): Problem[] {
  if (spec.routing?.isolation !== 'vrf') return [];
  const known = new Set(routers);
  const ends = [
    ...links.flatMap(({ ends, interfaces }) => [
      { router: ends[0], name: interfaces[0] },
      { router: ends[1], name: interfaces[1] },
    ]),
    ...segments.flatMap(({ name, members }) => members.map((router) => ({ router, name }))),
  ];
  const long = ends
    .filter(({ router }) => known.has(router))
    .map(({ router, name }) => vrfDeviceOf(router, name))
    .find((name) => name.length > MAX_INTERFACE_NAME_BYTES);
  if (long === undefined) return [];
  const message = `an interface would be called ${long}, and Linux allows ${MAX_INTERFACE_NAME_BYTES} bytes: routers that are VRFs have the names of their interfaces in common`;
  return [notInVrf('spec.routing.isolation', message, 'use isolation: namespace, or shorter names')];
}

const DEDICATED =
  "isolation vrf is for shared daemons: each router's own zebra would see the VRFs of all and, after a start, remove the others' routes, which it takes for its own from a former life";
const SHARED_HOST = 'a host in several overlays needs routers with namespaces of their own';
const UNNUMBERED = 'unnumbered BGP needs routers with namespaces of their own';

function checkPart(spec: Partial<Spec>, router: string): Problem[] {
  const said = router === '' ? spec.routing : spec.routers?.[router]?.routing;
  if (said?.bgp === undefined && said?.protocol === undefined) return [];
  const options = routingOptions(spec, router);
  const isUnnumbered = protocolsOf(options, []).includes('bgp') && options.bgp?.unnumbered === true;
  const path = router === '' ? 'spec.routing' : `spec.routers.${router}.routing`;
  return isUnnumbered ? [notInVrf(`${path}.${said.bgp === undefined ? 'protocol' : 'bgp'}`, UNNUMBERED)] : [];
}

function notInVrf(path: string, message: string, hint = 'use isolation: namespace'): Problem {
  return { code: 'not-in-vrf', path, message, hint };
}
