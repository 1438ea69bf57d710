import fc from 'fast-check';
import type { ChangeSummary } from '../../src/model/change.ts';
import type { Node } from '../../src/model/node.ts';
import {
  ENVIRONMENT_ROLES,
  type EnvironmentState,
  type LinkState,
  type NodeState,
} from '../../src/model/node-state.ts';
import { CIPHERS, type Protection } from '../../src/model/security.ts';
import { EVENT_KINDS, type NodeStatus } from '../../src/model/status.ts';
import type { Tunnel } from '../../src/model/tunnel.ts';
import type { ReportedEvent } from '../../src/rpc/report-codec.ts';
import type { FleetReply, FleetRequest } from '../../src/rpc/request-codec.ts';
import { routing } from './arbitrary-routing.ts';

/** Arbitrary values of the model, as far as its types and names.ts allow them. */
const letter = 'abcdefghijklmnopqrstuvwxyz';
const tail = fc.array(fc.constantFrom(...`${letter}0123456789-`), { maxLength: 10 });
export const name = fc.tuple(fc.constantFrom(...letter), tail).map(([head, rest]) => head + rest.join(''));
const namespace = fc.array(name, { minLength: 2, maxLength: 3 }).map((parts) => parts.join('_'));
const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\p{Cc}\u2028\u2029]/u.test(text));
const lines = fc.array(line, { maxLength: 3 });
const text = fc.string({ unit: 'grapheme' });
const uint32 = fc.nat({ max: 0x7fff_ffff });
const uint64 = fc.maxSafeNat();
const list = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 3 });

const port = fc.nat({ max: 0xffff });
const emulation = fc.record({
  delayUs: uint64,
  jitterUs: uint64,
  lossPpm: fc.nat({ max: 1_000_000 }),
  rateBps: uint64,
});
const securityKey = fc.record({
  spi: uint32,
  key: fc.uint8Array({ maxLength: 36 }).map((bytes) => Buffer.from(bytes).toString('hex')),
});
const protection: fc.Arbitrary<Protection> = fc.record({
  local: line,
  remote: line,
  reqid: uint32,
  cipher: fc.constantFrom(...CIPHERS),
  inbound: list(securityKey),
  outbound: list(securityKey),
  sending: uint32,
});
const wireguardKey = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));
const vni = fc.nat({ max: 0xff_ffff });
const tunnel: fc.Arbitrary<Tunnel> = fc.oneof(
  fc.record({
    kind: fc.constant('vxlan' as const),
    vni,
    port,
    local: line,
    remotes: lines,
    learning: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('geneve' as const), vni, port, remote: line }),
  fc.record({ kind: fc.constant('gre' as const), key: uint32, local: line, remote: line }),
  fc.record({ kind: fc.constant('gue' as const), key: uint32, port, local: line, remote: line }),
  fc.record({
    kind: fc.constant('ipip' as const),
    local: line,
    remote: line,
    carries: list(fc.constantFrom(4 as const, 6 as const)),
  }),
  fc.record({
    kind: fc.constant('wireguard' as const),
    port,
    remote: line,
    remotePort: port,
    privateKey: wireguardKey,
    peerPublicKey: wireguardKey,
    presharedKey: wireguardKey,
  }),
);

const commonLink = {
  name,
  link: line,
  mtu: uint32,
  addresses: lines,
  master: fc.option(name),
  enabled: fc.boolean(),
  emulation: fc.option(emulation),
};
const link: fc.Arbitrary<LinkState> = fc.oneof(
  fc.record({
    ...commonLink,
    kind: fc.constant('veth' as const),
    peer: fc.record({ namespace, name }),
  }),
  fc.record({
    ...commonLink,
    kind: fc.constant('tunnel' as const),
    transport: fc.option(namespace),
    tunnel,
    protections: list(protection),
  }),
  fc.record({ ...commonLink, kind: fc.constant('bridge' as const) }),
);
const route = fc.record({ prefix: line, via: line, interface: name });

const environment: fc.Arbitrary<EnvironmentState> = fc.record({
  name,
  role: fc.constantFrom(...ENVIRONMENT_ROLES),
  namespace,
  vrf: fc.option(fc.record({ of: namespace, table: fc.nat() })),
  ipv4: fc.boolean(),
  ipv6: fc.boolean(),
  loopback: lines,
  links: list(link),
  routes: list(route),
  filter: fc.option(
    fc.oneof(
      fc.record({ accept: list(fc.record({ interface: name, source: line, destination: line })) }),
      fc.record({
        sources: list(fc.record({ interface: name, prefix: line, accept: fc.boolean() })),
        local: list(fc.record({ interface: name, address: line })),
        forward: list(fc.record({ from: name, to: name })),
      }),
    ),
  ),
  otherNames: list(fc.record({ address: line, name: fc.tuple(name, name).map((parts) => parts.join('.')) })),
  routing: fc.option(routing({ line, name })),
});

export const nodeState: fc.Arbitrary<NodeState> = fc.record({
  revision: uint64,
  overlays: list(
    fc.record({
      name,
      environments: list(environment),
      destinations: lines,
      keepsDrift: fc.boolean(),
      names: list(fc.record({ address: line, name })),
    }),
  ),
});

const partsOfNode = {
  name,
  underlay: lines,
  mtu: uint32,
  capabilities: fc.record({
    kernel: line,
    linkKinds: lines,
    features: lines,
    frr: line,
    frrRemark: line,
    daemons: lines,
  }),
  limits: fc.record({ members: uint32 }),
  metrics: line,
  version: line,
};
export const node: fc.Arbitrary<Node> = fc.oneof(
  fc.record(partsOfNode),
  fc.record({ ...partsOfNode, outside: fc.array(line, { minLength: 1, maxLength: 2 }) }),
);

const tally = fc.record({ have: uint32, want: uint32 });
export const nodeStatus: fc.Arbitrary<NodeStatus> = fc.record({
  revision: uint64,
  overlays: list(
    fc.record({
      name,
      environments: list(
        fc.record({
          name,
          role: fc.constantFrom(...ENVIRONMENT_ROLES),
          namespace,
          phase: fc.constantFrom(
            'pending' as const,
            'converging' as const,
            'ready' as const,
            'failed' as const,
            'removing' as const,
          ),
          message: text,
          routes: tally,
          neighbors: tally,
          daemons: list(
            fc.record({ daemon: line, pid: uint32, restarts: uint32, drift: uint32, outdated: fc.boolean() }),
          ),
        }),
      ),
      routeChanges: fc.option(fc.record({ firstAgoMs: uint64, lastAgoMs: uint64 })),
      lostGenerations: list(fc.integer({ min: 0, max: 15 })),
    }),
  ),
});

export const reportedEvent: fc.Arbitrary<ReportedEvent> = fc.record({
  time: fc
    .date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  kind: fc.constantFrom(...EVENT_KINDS),
  overlay: fc.oneof(fc.constant(''), name),
  member: fc.oneof(fc.constant(''), name),
  message: text,
});

const change: fc.Arbitrary<ChangeSummary> = fc.record({
  action: fc.constantFrom('create' as const, 'update' as const, 'delete' as const),
  namespace,
  object: text,
  detail: text,
});

export const request: fc.Arbitrary<FleetRequest> = fc.oneof(
  fc.record({
    kind: fc.constant('prepare' as const),
    transaction: text,
    candidate: nodeState,
    dryRun: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('abort' as const), transaction: text }),
  fc.record({ kind: fc.constant('read-routes' as const), overlay: name, member: name }),
  fc.record({
    kind: fc.constant('open-exec' as const),
    ticket: text,
    overlay: name,
    member: name,
    argv: list(text),
  }),
  fc.record({ kind: fc.constant('trace' as const), overlay: name, from: name, destination: line }),
);

export const reply: fc.Arbitrary<FleetReply> = fc.oneof(
  fc.record({ kind: fc.constant('done' as const) }),
  fc.record({ kind: fc.constant('failed' as const), code: name, message: text }),
  fc.record({ kind: fc.constant('prepared' as const), changes: list(change), refusals: list(text) }),
  fc.record({
    kind: fc.constant('routes' as const),
    routes: list(
      fc.record({
        prefix: text,
        protocol: text,
        nextHops: list(fc.record({ via: text, interface: text })),
        metric: uint32,
      }),
    ),
  }),
  fc.record({
    kind: fc.constant('hops' as const),
    hops: list(
      fc.record({
        ttl: uint32,
        address: text,
        rttMs: fc.double({ min: 0, max: 1e9, noNaN: true }).map((value) => value + 0),
      }),
    ),
  }),
);
