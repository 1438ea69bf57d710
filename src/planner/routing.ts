import { formatIpAddress } from '../model/ip-prefix.ts';
import type { RoutingInterface, RoutingState, StaticRoute } from '../model/node-state.ts';
import type { AddressBook } from './address-book.ts';
import { computeStaticRoutes } from './static-routes.ts';
import type { Wiring } from './wiring.ts';

/** Seconds. The shortest that OSPF allows in whole seconds, and four of them missed (RFC 2328, appendix C.3). */
const OSPF = { area: '0.0.0.0', helloIntervalS: 1, deadIntervalS: 4 } as const;

/** What each router's FRR is told; null where the overlay has no routing. */
export function planRouting(wiring: Wiring): (router: string) => RoutingState | null {
  const protocol = wiring.overlay.spec.routing?.protocol ?? 'ospf';
  if (protocol === 'none') return () => null;
  const routes: ReadonlyMap<string, StaticRoute[]> =
    protocol === 'static' ? computeStaticRoutes(wiring) : new Map<string, StaticRoute[]>();
  return (router) => ({
    hostname: router,
    routerId: routerIdOf(wiring.book, router),
    daemons: protocol === 'static' ? ['zebra', 'staticd'] : ['zebra', 'ospfd'],
    interfaces: interfacesOf(wiring, router),
    ospf: protocol === 'static' ? null : OSPF,
    routes: routes.get(router) ?? [],
  });
}

/** The router's IPv4 address, or its number where the overlay has no IPv4. */
function routerIdOf(book: AddressBook, router: string): string {
  const ipv4 = book.loopbacks(router).find(({ family }) => family === 4);
  return formatIpAddress(ipv4 ?? { family: 4, value: BigInt(book.numberOf(router) + 1) });
}

function interfacesOf(wiring: Wiring, router: string): RoutingInterface[] {
  const links = wiring.attachmentsOf(router).map(
    (attachment): RoutingInterface => ({
      name: attachment.interface,
      network: attachment.to.kind === 'link' ? 'point-to-point' : 'broadcast',
      cost: attachment.cost,
      passive: attachment.to.kind === 'link' && attachment.to.link.isAccess,
    }),
  );
  return [{ name: 'lo', network: 'loopback', cost: null, passive: true }, ...links];
}
