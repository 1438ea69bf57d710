import { type Static, Type } from 'typebox';
import { ENCAPSULATIONS } from './overlay.ts';

/** Bodies of the REST API: what the controller answers with and what the command line reads. */

const Tally = Type.Object({ have: Type.Integer(), want: Type.Integer() });

export const ProblemBody = Type.Object({
  code: Type.String(),
  path: Type.String(),
  message: Type.String(),
  hint: Type.Optional(Type.String()),
  line: Type.Optional(Type.Integer()),
  column: Type.Optional(Type.Integer()),
});

export const ErrorBody = Type.Object({
  error: Type.Object({
    /** Stable: `invalid-overlay`, `refused`, `not-found`, `unauthorized`, `too-large`, `conflict`, … */
    code: Type.String(),
    message: Type.String(),
    /** Everything wrong with the document, when that is the reason. */
    problems: Type.Optional(Type.Array(ProblemBody)),
    /** Which node said what, when nodes refused or did not answer. */
    refusals: Type.Optional(Type.Array(Type.Object({ node: Type.String(), reason: Type.String() }))),
  }),
});

export const ChangeBody = Type.Object({
  action: Type.Enum(['create', 'update', 'delete']),
  namespace: Type.String(),
  object: Type.String(),
  detail: Type.String(),
});

export const ApplyResult = Type.Object({
  overlay: Type.String(),
  outcome: Type.Enum(['created', 'changed', 'unchanged']),
  /** Revision of the store that holds it; for a dry run the present one. */
  revision: Type.Integer(),
  nodes: Type.Array(Type.Object({ node: Type.String(), changes: Type.Array(ChangeBody) })),
});
export const ApplyBody = Type.Object({ results: Type.Array(ApplyResult) });

export const KeysBody = Type.Object({
  /** Number of the newest generation of keys, from 1 on. */
  generation: Type.Integer(),
  madeAt: Type.String({ description: 'RFC 3339, UTC' }),
  rotating: Type.Boolean(),
  /** Nodes that have not yet done the last step of the rotation. */
  waitingFor: Type.Array(Type.String()),
});

export const OverlaySummary = Type.Object({
  name: Type.String(),
  phase: Type.Enum(['deploying', 'converging', 'ready', 'degraded', 'deleting']),
  /** Why it is not ready, in one sentence; empty when it is. */
  message: Type.String(),
  revision: Type.Integer(),
  nodes: Type.Array(Type.String()),
  routers: Type.Object({ total: Type.Integer(), ready: Type.Integer() }),
  routes: Tally,
  createdAt: Type.String({ description: 'RFC 3339, UTC' }),
  /** From the last acknowledged change to the last route of the last router, in ms; null until then. */
  convergenceMs: Type.Union([Type.Number(), Type.Null()]),
  /** Null where none of its links is encrypted. */
  keys: Type.Union([KeysBody, Type.Null()]),
});
export const OverlayList = Type.Object({ overlays: Type.Array(OverlaySummary) });

export const RouterView = Type.Object({
  overlay: Type.String(),
  name: Type.String(),
  node: Type.String(),
  namespace: Type.String(),
  /** FRR's, for `vtysh -N`: the namespace's name, or that of daemons that serve the router as a VRF by its name. */
  pathspace: Type.String(),
  phase: Type.Enum(['pending', 'converging', 'ready', 'failed', 'removing', 'unknown']),
  message: Type.String(),
  addresses: Type.Array(Type.String()),
  /** Names of the routers that share a link with it, in the order of its links. */
  adjacent: Type.Array(Type.String()),
  neighbors: Tally,
  routes: Tally,
  daemons: Type.Array(
    Type.Object({
      daemon: Type.String(),
      pid: Type.Integer(),
      restarts: Type.Integer(),
      /** Lines of its configuration that somebody else has changed. */
      drift: Type.Integer(),
      /** It runs another program than the one that is installed now. */
      outdated: Type.Boolean(),
    }),
  ),
});
export const RouterList = Type.Object({ routers: Type.Array(RouterView) });

export const HostView = Type.Object({
  overlay: Type.String(),
  name: Type.String(),
  node: Type.String(),
  namespace: Type.String(),
  phase: RouterView.properties.phase,
  message: Type.String(),
  addresses: Type.Array(Type.String()),
  /** The overlay whose file says all of it: another one where that shares the host. */
  home: Type.String(),
  /** The routers that it is attached to, by its internal router where it has one; else its default route is by the first. */
  adjacent: Type.Array(Type.String()),
});
export const HostList = Type.Object({ hosts: Type.Array(HostView) });

export const LinkView = Type.Object({
  overlay: Type.String(),
  name: Type.String(),
  /** `veth` within a node, else the encapsulation of the members' own tunnel. */
  kind: Type.Enum(['veth', 'segment', ...ENCAPSULATIONS]),
  layers: Type.Enum([1, 2]),
  /** Two layers: the encapsulation of the tunnels between link layers; null for one layer, or within a node. */
  physical: Type.Union([Type.Enum([...ENCAPSULATIONS]), Type.Null()]),
  /** Members' packets are in ESP, or in WireGuard. */
  encrypted: Type.Boolean(),
  /** The overlay that its tunnel runs over; empty for the real network. */
  underlay: Type.String(),
  /** The number of its tunnel: VNI or key. */
  vni: Type.Union([Type.Integer(), Type.Null()]),
  mtu: Type.Integer(),
  /** An operator has cut it. */
  down: Type.Boolean(),
  ends: Type.Array(
    Type.Object({
      router: Type.String(),
      node: Type.String(),
      interface: Type.String(),
      addresses: Type.Array(Type.String()),
      cost: Type.Union([Type.Integer(), Type.Null()]),
      /** Of what this end sends. */
      emulation: Type.Union([
        Type.Object({
          delayUs: Type.Number(),
          jitterUs: Type.Number(),
          lossPpm: Type.Number(),
          rateBps: Type.Number(),
        }),
        Type.Null(),
      ]),
    }),
  ),
});
export const LinkList = Type.Object({ links: Type.Array(LinkView) });

export const RouteView = Type.Object({
  router: Type.String(),
  prefix: Type.String(),
  protocol: Type.String(),
  nextHops: Type.Array(Type.Object({ via: Type.String(), interface: Type.String() })),
  metric: Type.Integer(),
});
export const RouteList = Type.Object({ routes: Type.Array(RouteView) });

export const NodeView = Type.Object({
  name: Type.String(),
  connected: Type.Boolean(),
  underlay: Type.Array(Type.String()),
  mtu: Type.Integer(),
  kernel: Type.String(),
  frr: Type.String(),
  /** What is to be known of that release: too old, too new, or not tried. */
  frrRemark: Type.String(),
  linkKinds: Type.Array(Type.String()),
  /** What its kernel can besides: `netem`, `esp-aes-gcm`, … */
  features: Type.Array(Type.String()),
  daemons: Type.Array(Type.String()),
  members: Type.Object({ used: Type.Integer(), limit: Type.Integer() }),
  metrics: Type.String(),
  version: Type.String(),
  /** Of the desired state that the node has reconciled, beside the one that it should have. */
  revision: Tally,
});
export const NodeList = Type.Object({ nodes: Type.Array(NodeView) });

export const EventBody = Type.Object({
  id: Type.Integer(),
  time: Type.String(),
  kind: Type.String(),
  overlay: Type.String(),
  node: Type.String(),
  member: Type.String(),
  message: Type.String(),
});
export const EventList = Type.Object({ events: Type.Array(EventBody) });

export const TraceRequest = Type.Object(
  { from: Type.String(), to: Type.String() },
  { additionalProperties: false },
);
export const TraceBody = Type.Object({
  hops: Type.Array(
    Type.Object({
      ttl: Type.Integer(),
      address: Type.String(),
      /** Whose address it is; empty where nobody of the overlay has it. */
      router: Type.String(),
      node: Type.String(),
      rttMs: Type.Number(),
    }),
  ),
  reached: Type.Boolean(),
});

export const UpgradeBody = Type.Object({
  running: Type.Boolean(),
  /** What happens to the present set: `drain`, `renew` its daemons, `restore` its traffic; empty when none runs. */
  step: Type.String(),
  /** Sets of daemons that are done with, and all: a router's own, or those that an overlay's routers share on a node. */
  done: Type.Integer(),
  total: Type.Integer(),
  current: Type.Union([
    Type.Object({ overlay: Type.String(), node: Type.String(), routers: Type.Array(Type.String()) }),
    Type.Null(),
  ]),
  /** Empty when none runs. */
  waitingFor: Type.String(),
});

export const VersionBody = Type.Object({ version: Type.String(), apiVersion: Type.String() });

export type ApplyBody = Static<typeof ApplyBody>;
export type ApplyResult = Static<typeof ApplyResult>;
export type ErrorBody = Static<typeof ErrorBody>;
export type OverlaySummary = Static<typeof OverlaySummary>;
export type RouterView = Static<typeof RouterView>;
export type HostView = Static<typeof HostView>;
export type LinkView = Static<typeof LinkView>;
export type RouteView = Static<typeof RouteView>;
export type NodeView = Static<typeof NodeView>;
export type EventBody = Static<typeof EventBody>;
export type TraceBody = Static<typeof TraceBody>;
export type UpgradeBody = Static<typeof UpgradeBody>;
export type VersionBody = Static<typeof VersionBody>;
