import { TIMERS } from '../model/routing-schema.ts';
import {
  type AuthenticationState,
  type BabelState,
  type BfdState,
  type BgpPeer,
  type BgpState,
  DAEMONS,
  type IsisState,
  type OspfArea,
  type OspfInterface,
  type OspfState,
  type PimInterface,
  type PimState,
  type PrefixListEntry,
  type PrefixListState,
  type RawConfig,
  type RedistributionState,
  type RipState,
  type RouteMapEntry,
  type RouteMapState,
  type RoutingInterface,
  type RoutingState,
  type StaticRoute,
} from '../model/routing-state.ts';
import { interfaceName, optional } from './field.ts';
import { family, flag, listOf, message, oneOf, orNull, type Shape, text, whole } from './shape.ts';

const anInterface = text(interfaceName);
const perhapsInterface = text((value, field) => optional(value, field, interfaceName));
const action = oneOf(['permit', 'deny']);
const defaultOriginate = oneOf(['never', 'if-present', 'always']);

const interfaceFields = {
  name: anInterface,
  network: oneOf(['point-to-point', 'broadcast', 'loopback']),
  cost: whole(),
  passive: flag,
};
const routingInterface = message<RoutingInterface>(interfaceFields);

const authentication = orNull(
  message<AuthenticationState>({ password: text(), key: text(), keyId: whole(255), digest: text() }),
);

const redistribute = listOf(message<RedistributionState>({ source: text(), family, routeMap: text() }));

const ospf = orNull(
  message<OspfState>({
    interfaces: listOf(message<OspfInterface>({ ...interfaceFields, area: text() })),
    areas: listOf(message<OspfArea>({ id: text(), type: oneOf(['stub', 'nssa']), total: flag })),
    authentication,
    defaultOriginate,
    redistribute,
  }),
);

const rip = orNull(
  message<RipState>({
    interfaces: listOf(routingInterface),
    prefixes: listOf(text()),
    authentication,
    defaultOriginate,
    redistribute,
  }),
);

const isis = orNull(
  message<IsisState>({
    net: text(),
    level: oneOf(['level-1', 'level-2', 'level-1-2']),
    families: listOf(family),
    interfaces: listOf(routingInterface),
    authentication,
    defaultOriginate,
    redistribute,
  }),
);

const peer = message<BgpPeer>({
  name: text(),
  address: text(),
  unnumbered: flag,
  as: whole(),
  source: text(),
  families: listOf(family),
  external: flag,
  client: flag,
  nextHopSelf: flag,
  in: text(),
  out: text(),
});

const bgp = orNull(
  message<BgpState>({
    as: whole(),
    families: listOf(family),
    peers: listOf(peer),
    key: text(),
    defaultOriginate,
    distance: whole(255),
    redistribute,
  }),
);

const prefixList = message<PrefixListState>({
  name: text(),
  family,
  entries: listOf(
    message<PrefixListEntry>({
      sequence: whole(),
      action,
      prefix: text(),
      ge: whole(128),
      le: whole(128),
    }),
  ),
});

const routeMap = message<RouteMapState>({
  name: text(),
  entries: listOf(
    message<RouteMapEntry>({
      sequence: whole(),
      action,
      matchPrefixList4: text(),
      matchPrefixList6: text(),
      matchInterface: perhapsInterface,
      matchTag: whole(),
      matchMetric: text(),
      setTag: whole(),
      setMetric: text(),
      setLocalPreference: text(),
      setWeight: text(),
      setAsPathPrepend: listOf(whole()),
      setCommunities: listOf(text()),
    }),
  ),
});

/** RoutingState as proto's message of that name. */
export const routingShape: Shape<RoutingState> = message<RoutingState>({
  hostname: text(),
  routerId: text(),
  daemons: listOf(oneOf(DAEMONS)),
  timers: oneOf(TIMERS),
  maximumPaths: whole(),
  gracefulRestart: flag,
  summarized: flag,
  neighbors: whole(),
  drained: flag,
  renewsDaemons: flag,
  bfd: orNull(message<BfdState>({ intervalMs: whole(), multiplier: whole(255) })),
  ospf,
  ospf6: ospf,
  isis,
  bgp,
  rip,
  ripng: rip,
  babel: orNull(message<BabelState>({ interfaces: listOf(routingInterface), redistribute })),
  pim: orNull(
    message<PimState>({
      rendezvousPoint: text(),
      groups: text(),
      interfaces: listOf(message<PimInterface>({ name: anInterface, igmp: flag })),
    }),
  ),
  routes: listOf(
    message<StaticRoute>({
      prefix: text(),
      via: text(),
      interface: perhapsInterface,
      distance: whole(255),
    }),
  ),
  prefixLists: listOf(prefixList),
  routeMaps: listOf(routeMap),
  raw: listOf(message<RawConfig>({ daemon: oneOf(DAEMONS), lines: listOf(text()) })),
});
