import { type Static, Type } from 'typebox';
import { MEMBER_NAME, NODE_NAME, OVERLAY_NAME } from './names.ts';
import { RouterRouting, Routing } from './routing-schema.ts';
import { CIPHERS } from './security.ts';

/**
 * The overlay file: the one source of its TypeScript type, its validation, the OpenAPI description and
 * the JSON Schema that editors use. Everything that an operator may write is here, also what this version
 * cannot do yet: `unsupported.ts` refuses that by name.
 */

const closed = { additionalProperties: false } as const;

const OverlayName = Type.String({
  pattern: OVERLAY_NAME,
  description: 'a lower-case letter, then letters, digits or "-"; at most 24',
});
const MemberName = Type.String({
  pattern: MEMBER_NAME,
  description: 'a lower-case letter, then letters, digits or "-"; at most 15',
});
const NodeName = Type.String({
  pattern: NODE_NAME,
  description: 'a lower-case letter, then letters, digits or "-"; at most 32',
});
const Duration = Type.String({
  pattern: '^[0-9]+(\\.[0-9]+)?(us|ms|s|m)$',
  description: 'a duration with its unit, such as 20ms',
});
const Percentage = Type.String({
  pattern: '^[0-9]+(\\.[0-9]+)?%$',
  description: 'a percentage, such as 0.5%',
});
const Rate = Type.String({
  pattern: '^[0-9]+(\\.[0-9]+)?(bit|kbit|mbit|gbit)$',
  description: 'a rate with its unit, such as 100mbit',
});
const Prefix = Type.String({ maxLength: 64, description: 'an IPv4 or IPv6 prefix, such as 10.20.0.0/16' });
const Prefixes = Type.Union([Prefix, Type.Array(Prefix, { minItems: 1, maxItems: 2 })]);
const Cost = Type.Integer({ minimum: 1, maximum: 65535, description: 'an OSPF cost from 1 to 65535' });

export const ENCAPSULATIONS = ['vxlan', 'ipip', 'gre', 'geneve', 'gue', 'wireguard'] as const;
const Encapsulation = Type.Enum([...ENCAPSULATIONS]);

const impairments = {
  delay: Type.Optional(Duration),
  jitter: Type.Optional(Duration),
  loss: Type.Optional(Percentage),
  rate: Type.Optional(Rate),
};
const Emulation = Type.Object(impairments, closed);
const LinkEmulation = Type.Object(
  {
    ...impairments,
    from: Type.Optional(
      Type.Record(Type.String({ pattern: MEMBER_NAME }), Emulation, {
        ...closed,
        description: 'what is different in the packets that this member sends',
      }),
    ),
  },
  closed,
);

/** Two names are a point-to-point link; more are a segment that all of them share. */
const Between = Type.Array(MemberName, { minItems: 2, maxItems: 4096 });
const CustomLink = Type.Union([
  Between,
  Type.Object(
    {
      between: Between,
      name: Type.Optional(MemberName),
      cost: Type.Optional(Cost),
      encapsulation: Type.Optional(Encapsulation),
      emulate: Type.Optional(LinkEmulation),
      down: Type.Optional(Type.Boolean({ description: 'true: the link is there and cut' })),
    },
    closed,
  ),
]);

export const TOPOLOGY_KINDS = ['line', 'ring', 'star', 'bus', 'mesh', 'tree', 'grid', 'custom'] as const;

const Topology = Type.Object(
  {
    kind: Type.Enum([...TOPOLOGY_KINDS]),
    routers: Type.Optional(
      Type.Union(
        [
          Type.Integer({ minimum: 1, maximum: 65536 }),
          Type.Array(MemberName, { minItems: 1, maxItems: 65536 }),
        ],
        {
          description: 'a number (routers are r1…rN), or the names of a custom topology',
        },
      ),
    ),
    rows: Type.Optional(Type.Integer({ minimum: 1, maximum: 65536 })),
    columns: Type.Optional(Type.Integer({ minimum: 1, maximum: 65536 })),
    branching: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65536,
        description: 'children of each router of a tree; 2 unless said',
      }),
    ),
    links: Type.Optional(Type.Array(CustomLink, { maxItems: 100_000 })),
  },
  closed,
);

const Spec = Type.Object(
  {
    topology: Topology,
    placement: Type.Object({ nodes: Type.Array(NodeName, { minItems: 1, maxItems: 4096 }) }, closed),
    addressing: Type.Optional(
      Type.Object({ network: Type.Optional(Prefixes), link: Type.Optional(Prefixes) }, closed),
    ),
    links: Type.Optional(
      Type.Object(
        {
          encapsulation: Type.Optional(Encapsulation),
          layers: Type.Optional(Type.Enum([1, 2])),
          cost: Type.Optional(Cost),
          ipsec: Type.Optional(Type.Object({ cipher: Type.Enum([...CIPHERS]) }, closed)),
          emulate: Type.Optional(Emulation),
          rotation: Type.Optional(
            Type.String({
              pattern: '^([1-9][0-9]{0,4}(m|h|d)|never)$',
              description: 'how often keys of ipsec and wireguard are made anew, such as 24h, or never',
            }),
          ),
        },
        closed,
      ),
    ),
    routing: Type.Optional(Routing),
    routers: Type.Optional(
      Type.Record(
        Type.String({ pattern: MEMBER_NAME }),
        Type.Object(
          {
            node: Type.Optional(NodeName),
            routing: Type.Optional(RouterRouting),
            frr: Type.Optional(
              Type.String({
                maxLength: 65536,
                description: 'lines of FRR, as its running-config shows them',
              }),
            ),
          },
          closed,
        ),
        closed,
      ),
    ),
    hosts: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: MemberName,
            attach: Type.Union([MemberName, Type.Array(MemberName, { minItems: 1, maxItems: 64 })], {
              description: 'its router; of several the first one has its default route',
            }),
            node: Type.Optional(NodeName),
            overlays: Type.Optional(
              Type.Array(OverlayName, {
                maxItems: 16,
                description:
                  'overlays that it may be a member of too, behind an internal router; none: behind one all the same',
              }),
            ),
            home: Type.Optional(
              Type.String({
                pattern: OVERLAY_NAME,
                description: 'the overlay whose host of that name is a member of this one too',
              }),
            ),
          },
          closed,
        ),
        { maxItems: 65536 },
      ),
    ),
    underlay: Type.Optional(
      Type.Object(
        {
          overlays: Type.Array(OverlayName, { minItems: 1, maxItems: 64 }),
          multiplexer: Type.Optional(Type.Object({ mode: Type.String({ maxLength: 32 }) }, closed)),
        },
        closed,
      ),
    ),
  },
  closed,
);

const Label = Type.String({
  pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$',
  description: 'letters, digits, ".", "_" or "-"; at most 63',
});

export const OverlaySchema = Type.Object(
  {
    apiVersion: Type.Literal('vinet/v1'),
    kind: Type.Literal('Overlay'),
    metadata: Type.Object(
      {
        name: OverlayName,
        labels: Type.Optional(
          Type.Record(Type.String({ pattern: '^[a-z][a-z0-9._-]{0,62}$' }), Label, closed),
        ),
      },
      closed,
    ),
    spec: Spec,
  },
  { ...closed, $id: 'Overlay' },
);

/** An overlay as declared: valid by the schema, not yet checked against itself or the nodes. */
export type Overlay = Static<typeof OverlaySchema>;
export type TopologyKind = (typeof TOPOLOGY_KINDS)[number];
export type EncapsulationName = (typeof ENCAPSULATIONS)[number];
/** Of one link: `from` says what is different in the packets that one of its members sends. */
export type LinkEmulationSpec = Static<typeof LinkEmulation>;
export type EmulationSpec = Static<typeof Emulation>;

/** What `vinet link` asks to be different about a link. */
export const LinkEditSchema = Type.Object(
  {
    down: Type.Optional(Type.Boolean()),
    /** What is given takes the place of what is there; null takes all of it away. */
    emulate: Type.Optional(Type.Union([Type.Null(), Emulation])),
    /** Then `emulate` is about the packets that this member sends. */
    from: Type.Optional(MemberName),
  },
  closed,
);
export type LinkEdit = Static<typeof LinkEditSchema>;
