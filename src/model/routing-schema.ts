import { type Static, type TProperties, Type } from 'typebox';
import { MEMBER_NAME } from './names.ts';

/**
 * `routing:` of an overlay and, without what only an overlay has, of one of its routers. Words are FRR's where
 * FRR has one. What is said of a router stands before what is said of the overlay.
 */

const closed = { additionalProperties: false } as const;

export const PROTOCOLS = ['ospf', 'ospf6', 'isis', 'bgp', 'rip', 'ripng', 'babel', 'static', 'none'] as const;
export type Protocol = Exclude<(typeof PROTOCOLS)[number], 'none'>;

/**
 * How soon routers act: `fast` finds a lost neighbour within seconds, `default` leaves every timer to FRR, and `calm`
 * is FRR's own with computations so far apart that one process can carry hundreds of routers.
 */
export const TIMERS = ['fast', 'default', 'calm'] as const;
export type Timers = (typeof TIMERS)[number];

/** What routes can come from (FRR, `redistribute`). */
export const ROUTE_SOURCES = [
  'connected',
  'static',
  'kernel',
  'ospf',
  'ospf6',
  'isis',
  'bgp',
  'rip',
  'ripng',
  'babel',
] as const;

const RouterName = Type.String({ pattern: MEMBER_NAME, description: "a router's name" });
const MapName = Type.String({
  pattern: '^[A-Za-z][A-Za-z0-9_-]{0,62}$',
  description: 'a letter, then letters, digits, "-" or "_"; at most 63',
});
const InterfaceName = Type.String({
  pattern: '^[a-z][a-z0-9.-]{0,14}$',
  description: "an interface of the router: the far router's name, or the segment's",
});
const Duration = Type.String({
  pattern: '^[0-9]+(\\.[0-9]+)?(us|ms|s|m)$',
  description: 'a duration with its unit, such as 50ms',
});
const Prefix = Type.String({ maxLength: 64, description: 'an IPv4 or IPv6 prefix, such as 10.20.0.0/16' });
const Uint32 = Type.Integer({ minimum: 0, maximum: 0xffff_ffff });
const AsNumber = Type.Integer({
  minimum: 1,
  maximum: 0xffff_fffe,
  description: 'an autonomous system, such as 65001',
});
const Area = Type.Union(
  [
    Uint32,
    Type.String({ pattern: '^[0-9]{1,3}(\\.[0-9]{1,3}){3}$', description: 'a dotted quad such as 0.0.0.1' }),
  ],
  { description: 'an OSPF area, such as 1 or 0.0.0.1' },
);
/** Nothing that could end a word or begin a comment in FRR's configuration. */
const Secret = Type.String({
  pattern: '^[A-Za-z0-9._:/@%+=,~^*-]{1,80}$',
  description: 'letters, digits or one of ._:/@%+=,~^*-, at most 80',
});

const Bfd = Type.Object(
  { interval: Duration, multiplier: Type.Optional(Type.Integer({ minimum: 2, maximum: 255 })) },
  closed,
);

export const DIGESTS = ['md5', 'hmac-sha-1', 'hmac-sha-256', 'hmac-sha-384', 'hmac-sha-512'] as const;

/** `password` stands in packets as it is; of `key` only a digest does. */
const Authentication = Type.Object(
  {
    password: Type.Optional(Secret),
    key: Type.Optional(Secret),
    id: Type.Optional(Type.Integer({ minimum: 1, maximum: 255 })),
    digest: Type.Optional(Type.Enum([...DIGESTS])),
  },
  closed,
);

const Redistribution = Type.Object(
  {
    from: Type.Enum([...ROUTE_SOURCES]),
    into: Type.Enum(['ospf', 'ospf6', 'isis', 'bgp', 'rip', 'ripng', 'babel']),
    routeMap: Type.Optional(MapName),
  },
  closed,
);

const Route = Type.Object(
  {
    prefix: Prefix,
    via: Type.Optional(Type.String({ maxLength: 64, description: "the next hop's address" })),
    interface: Type.Optional(InterfaceName),
    blackhole: Type.Optional(Type.Boolean()),
    distance: Type.Optional(Type.Integer({ minimum: 1, maximum: 255 })),
  },
  closed,
);

const Action = Type.Enum(['permit', 'deny']);
const Length = Type.Integer({ minimum: 0, maximum: 128 });

const PrefixList = Type.Array(
  Type.Object(
    { action: Action, prefix: Prefix, ge: Type.Optional(Length), le: Type.Optional(Length) },
    closed,
  ),
  { minItems: 1, maxItems: 4096 },
);

const RouteMap = Type.Array(
  Type.Object(
    {
      action: Action,
      match: Type.Optional(
        Type.Object(
          {
            prefixList: Type.Optional(MapName),
            interface: Type.Optional(InterfaceName),
            tag: Type.Optional(Type.Integer({ minimum: 1, maximum: 0xffff_ffff })),
            // bgpd of FRR 8.4 crashes when it has to show a 0.
            metric: Type.Optional(Type.Integer({ minimum: 1, maximum: 0xffff_ffff })),
          },
          closed,
        ),
      ),
      set: Type.Optional(
        Type.Object(
          {
            metric: Type.Optional(Uint32),
            tag: Type.Optional(Type.Integer({ minimum: 1, maximum: 0xffff_ffff })),
            localPreference: Type.Optional(Uint32),
            weight: Type.Optional(Uint32),
            asPathPrepend: Type.Optional(Type.Array(AsNumber, { minItems: 1, maxItems: 32 })),
            communities: Type.Optional(
              Type.Array(
                Type.String({ pattern: '^([0-9]{1,5}:[0-9]{1,5}|no-export|no-advertise|local-AS)$' }),
                { minItems: 1, maxItems: 32, description: 'BGP communities such as 65000:1 or no-export' },
              ),
            ),
          },
          closed,
        ),
      ),
    },
    closed,
  ),
  { minItems: 1, maxItems: 1024 },
);

const named = <T extends TProperties[string]>(value: T) =>
  Type.Record(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_-]{0,62}$' }), value, closed);

export const AREA_TYPES = ['stub', 'totally-stub', 'nssa', 'totally-nssa'] as const;

const Ospf = Type.Object(
  {
    area: Type.Optional(Area),
    areas: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[0-9]{1,10}$|^[0-9]{1,3}(\\.[0-9]{1,3}){3}$' }),
        Type.Enum([...AREA_TYPES]),
        {
          ...closed,
          description: 'the type of an area, such as { 1: stub }',
        },
      ),
    ),
  },
  closed,
);

const IsIs = Type.Object(
  {
    area: Type.Optional(
      Type.String({
        pattern: '^[0-9A-Fa-f]{2}(\\.[0-9A-Fa-f]{4}){0,6}$',
        description: 'an area address such as 49.0001 (quoted)',
      }),
    ),
    level: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: 2 }), Type.Literal('1-2')], {
        description: '1, 2 or "1-2"',
      }),
    ),
  },
  closed,
);

const BgpPolicy = { in: Type.Optional(MapName), out: Type.Optional(MapName) };

const Bgp = Type.Object(
  {
    mode: Type.Optional(Type.Enum(['ebgp', 'ibgp'])),
    as: Type.Optional(AsNumber),
    unnumbered: Type.Optional(Type.Boolean()),
    routeReflectors: Type.Optional(Type.Array(RouterName, { minItems: 1, maxItems: 64 })),
    ...BgpPolicy,
    neighbors: Type.Optional(
      Type.Record(Type.String({ pattern: MEMBER_NAME }), Type.Object(BgpPolicy, closed), closed),
    ),
  },
  closed,
);

const Pim = Type.Object(
  {
    rendezvousPoint: RouterName,
    groups: Type.Optional(Prefix),
  },
  closed,
);

const PROTOCOL_WORDS = Type.Union(
  [Type.Array(Type.Enum([...PROTOCOLS]), { minItems: 1, maxItems: 8 }), Type.Enum([...PROTOCOLS])],
  { description: `one of ${PROTOCOLS.join(', ')}, or a list of them` },
);

const ROUTER_FIELDS = {
  protocol: Type.Optional(PROTOCOL_WORDS),
  timers: Type.Optional(Type.Enum([...TIMERS])),
  bfd: Type.Optional(
    Type.Union([Bfd, Type.Literal(false)], { description: 'interval and multiplier, or false' }),
  ),
  maximumPaths: Type.Optional(Type.Integer({ minimum: 1, maximum: 256 })),
  authentication: Type.Optional(
    Type.Union([Authentication, Type.Literal(false)], {
      description: 'a password, or a key with id and digest, or false',
    }),
  ),
  gracefulRestart: Type.Optional(Type.Boolean()),
  defaultOriginate: Type.Optional(Type.Enum(['always', 'if-present', 'never'])),
  passive: Type.Optional(Type.Array(InterfaceName, { maxItems: 4096 })),
  redistribute: Type.Optional(Type.Array(Redistribution, { maxItems: 64 })),
  routes: Type.Optional(Type.Array(Route, { maxItems: 65536 })),
  prefixLists: Type.Optional(named(PrefixList)),
  routeMaps: Type.Optional(named(RouteMap)),
  ospf: Type.Optional(Ospf),
  ospf6: Type.Optional(Ospf),
  isis: Type.Optional(IsIs),
  bgp: Type.Optional(Bgp),
};

export const RouterRouting = Type.Object(ROUTER_FIELDS, closed);

export const Routing = Type.Object(
  {
    ...ROUTER_FIELDS,
    instance: Type.Optional(Type.Enum(['dedicated', 'shared'])),
    isolation: Type.Optional(Type.Enum(['namespace', 'vrf'])),
    /** What becomes of changes that somebody makes in a daemon by hand. */
    drift: Type.Optional(Type.Enum(['mend', 'report'])),
    pim: Type.Optional(Pim),
  },
  { ...closed, description: 'a map, such as { protocol: ospf }' },
);

export type RouterRoutingSpec = Static<typeof RouterRouting>;
export type RoutingSpec = Static<typeof Routing>;
