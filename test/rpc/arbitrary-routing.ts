import fc from 'fast-check';
import { TIMERS } from '../../src/model/routing-schema.ts';
import { DAEMONS, type RoutingState } from '../../src/model/routing-state.ts';

/** Arbitrary routing of a router, from one line of text and a name. */
export function routing({
  line,
  name,
}: {
  line: fc.Arbitrary<string>;
  name: fc.Arbitrary<string>;
}): fc.Arbitrary<RoutingState> {
  const uint32 = fc.nat({ max: 0xffff_ffff });
  const byte = fc.nat({ max: 255 });
  const list = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 3 });
  const family = fc.constantFrom(4 as const, 6 as const);
  const action = fc.constantFrom('permit' as const, 'deny' as const);
  const interfaceFields = {
    name,
    network: fc.constantFrom('point-to-point' as const, 'broadcast' as const, 'loopback' as const),
    cost: uint32,
    passive: fc.boolean(),
  };
  const interfaces = list(fc.record(interfaceFields));
  const authentication = fc.option(fc.record({ password: line, key: line, keyId: byte, digest: line }));
  const defaultOriginate = fc.constantFrom('never' as const, 'if-present' as const, 'always' as const);
  const redistribute = list(fc.record({ source: line, family, routeMap: line }));
  const protocol = { authentication, defaultOriginate, redistribute };
  const ospf = fc.option(
    fc.record({
      ...protocol,
      interfaces: list(fc.record({ ...interfaceFields, area: line })),
      areas: list(
        fc.record({
          id: line,
          type: fc.constantFrom('stub' as const, 'nssa' as const),
          total: fc.boolean(),
        }),
      ),
    }),
  );
  const rip = fc.option(fc.record({ ...protocol, interfaces, prefixes: fc.array(line) }));
  const peer = fc.record({
    name: line,
    address: line,
    unnumbered: fc.boolean(),
    as: uint32,
    source: line,
    families: list(family),
    external: fc.boolean(),
    client: fc.boolean(),
    nextHopSelf: fc.boolean(),
    in: line,
    out: line,
  });
  return fc.record({
    hostname: line,
    routerId: line,
    daemons: list(fc.constantFrom(...DAEMONS)),
    timers: fc.constantFrom(...TIMERS),
    maximumPaths: uint32,
    gracefulRestart: fc.boolean(),
    drained: fc.boolean(),
    renewsDaemons: fc.boolean(),
    summarized: fc.boolean(),
    neighbors: uint32,
    bfd: fc.option(fc.record({ intervalMs: uint32, multiplier: byte })),
    ospf,
    ospf6: ospf,
    isis: fc.option(
      fc.record({
        ...protocol,
        net: line,
        level: fc.constantFrom('level-1' as const, 'level-2' as const, 'level-1-2' as const),
        families: list(family),
        interfaces,
      }),
    ),
    bgp: fc.option(
      fc.record({
        as: uint32,
        families: list(family),
        peers: list(peer),
        key: line,
        defaultOriginate,
        distance: byte,
        redistribute,
      }),
    ),
    rip,
    ripng: rip,
    babel: fc.option(fc.record({ interfaces, redistribute })),
    pim: fc.option(
      fc.record({
        rendezvousPoint: line,
        groups: line,
        interfaces: list(fc.record({ name, igmp: fc.boolean() })),
      }),
    ),
    routes: list(fc.record({ prefix: line, via: line, interface: name, distance: byte })),
    prefixLists: list(
      fc.record({
        name: line,
        family,
        entries: list(
          fc.record({
            sequence: uint32,
            action,
            prefix: line,
            ge: fc.nat({ max: 128 }),
            le: fc.nat({ max: 128 }),
          }),
        ),
      }),
    ),
    routeMaps: list(
      fc.record({
        name: line,
        entries: list(
          fc.record({
            sequence: uint32,
            action,
            matchPrefixList4: line,
            matchPrefixList6: line,
            matchInterface: name,
            matchTag: uint32,
            matchMetric: line,
            setTag: uint32,
            setMetric: line,
            setLocalPreference: line,
            setWeight: line,
            setAsPathPrepend: list(uint32),
            setCommunities: list(line),
          }),
        ),
      }),
    ),
    raw: list(fc.record({ daemon: fc.constantFrom(...DAEMONS), lines: list(line) })),
  });
}
