import type { Problem } from './problem.ts';
import { protocolsOf, routingOptions } from './routing-options.ts';
import type { Spec } from './topology.ts';

/** What FRR cannot do for several routers with one set of daemons (`instance: shared`), by its name and place. */
export function checkInstance(spec: Partial<Spec>): Problem[] {
  if (spec.routing?.instance !== 'shared') return [];
  const own = Object.entries(spec.routers ?? {}).filter(([, { routing }]) => routing !== undefined);
  return [
    ...(spec.routing.pim === undefined ? [] : [notShared('spec.routing.pim', PIM)]),
    ...checkPart(spec, '', 'spec.routing'),
    ...own.flatMap(([router]) => checkPart(spec, router, `spec.routers.${router}.routing`)),
    ...Object.entries(spec.routers ?? {})
      .filter(([, { frr }]) => /^\s*router babel\b/m.test(frr ?? ''))
      .map(([router]) => notShared(`spec.routers.${router}.frr`, BABEL)),
  ];
}

const BABEL = "FRR's babeld knows no VRFs, so a shared instance cannot run Babel";
const PIM = 'pimd of FRR 8.4 forwards multicast in its own namespace only, not in those that are its VRFs';
const UNNUMBERED_BFD =
  "FRR's bfdd brings up no session between link-local addresses in a VRF, which unnumbered BGP would need";
const OPAQUE = "FRR's ospfd has opaque LSAs, which a graceful restart needs, in no VRF";

function checkPart(spec: Partial<Spec>, router: string, path: string): Problem[] {
  const options = routingOptions(spec, router);
  const protocols = protocolsOf(options, []);
  const said = router === '' ? spec.routing : spec.routers?.[router]?.routing;
  const problems: Problem[] = [];
  if (protocols.includes('babel') && said?.protocol !== undefined)
    problems.push(notShared(`${path}.protocol`, BABEL));
  const hasBfd = options.bfd !== undefined && options.bfd !== false;
  const isSaid = said?.bfd !== undefined || said?.bgp !== undefined || said?.protocol !== undefined;
  if (protocols.includes('bgp') && options.bgp?.unnumbered === true && hasBfd && isSaid)
    problems.push(notShared(`${path}.${said?.bfd === undefined ? 'bgp' : 'bfd'}`, UNNUMBERED_BFD));
  const ranges = [spec.addressing?.network ?? ''].flat();
  const isIpv4 = ranges.some((range) => !range.includes(':'));
  if (said?.gracefulRestart === true && protocolsOf(options, isIpv4 ? [4] : []).includes('ospf'))
    problems.push(notShared(`${path}.gracefulRestart`, OPAQUE));
  return problems;
}

function notShared(path: string, message: string): Problem {
  return { code: 'not-shared', path, message, hint: 'use instance: dedicated' };
}
