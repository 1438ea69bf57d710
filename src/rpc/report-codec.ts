import type { Node } from '../model/node.ts';
import { ENVIRONMENT_ROLES } from '../model/node-state.ts';
import {
  type EnvironmentPhase,
  type EnvironmentStatus,
  EVENT_KINDS,
  type NodeStatus,
  type OverlayNodeStatus,
  type VinetEvent,
} from '../model/status.ts';
import {
  badMessage,
  choice,
  count,
  line,
  lines,
  memberName,
  namespaceName,
  nodeName,
  optional,
  overlayName,
  part,
} from './field.ts';
import type { WireEnvironmentStatus, WireEvent, WireRegister, WireStatus } from './wire.ts';

/** What an agent says of an event: the controller adds the number and the node, which it knows better. */
export type ReportedEvent = Omit<VinetEvent, 'id' | 'node'>;

/** Node ↔ Register. */
export function encodeRegister(node: Node): WireRegister {
  return {
    node: node.name,
    version: node.version,
    underlay: node.underlay,
    outside: node.outside ?? [],
    mtu: node.mtu,
    capabilities: node.capabilities,
    limits: node.limits,
    metrics: node.metrics,
  };
}

export function decodeRegister(wire: WireRegister): Node {
  const capabilities = part(wire.capabilities, 'register.capabilities');
  const outside = lines(wire.outside, 'register.outside');
  return {
    name: nodeName(wire.node, 'register.node'),
    version: line(wire.version, 'register.version'),
    underlay: lines(wire.underlay, 'register.underlay'),
    ...(outside.length === 0 ? {} : { outside }),
    mtu: wire.mtu,
    capabilities: {
      kernel: line(capabilities.kernel, 'register.capabilities.kernel'),
      features: lines(capabilities.features, 'register.capabilities.features'),
      linkKinds: lines(capabilities.linkKinds, 'register.capabilities.link_kinds'),
      frr: line(capabilities.frr, 'register.capabilities.frr'),
      frrRemark: line(capabilities.frrRemark, 'register.capabilities.frr_remark'),
      daemons: lines(capabilities.daemons, 'register.capabilities.daemons'),
    },
    limits: { members: part(wire.limits, 'register.limits').members },
    metrics: line(wire.metrics, 'register.metrics'),
  };
}

/** NodeStatus ↔ Status: the model's words are the wire's. */
export function encodeStatus(status: NodeStatus): WireStatus {
  return status;
}

export function decodeStatus(wire: WireStatus): NodeStatus {
  return {
    revision: count(wire.revision, 'status.revision'),
    overlays: wire.overlays.map((overlay) => ({
      name: overlayName(overlay.name, 'status.overlay.name'),
      environments: overlay.environments.map(decodeEnvironmentStatus),
      routeChanges: decodeRouteChanges(overlay.routeChanges),
      lostGenerations: overlay.lostGenerations.map(generationSlot),
    })),
  };
}

export function encodeEvent(event: ReportedEvent): WireEvent {
  const { time, kind, overlay, member, message } = event;
  return { time, kind, overlay, member, message };
}

export function decodeEvent(wire: WireEvent): ReportedEvent {
  if (!RFC_3339_UTC.test(wire.time) || Number.isNaN(Date.parse(wire.time))) {
    throw badMessage('event.time', 'is not a time of RFC 3339 in UTC');
  }
  return {
    time: wire.time,
    kind: choice(wire.kind, EVENT_KINDS, 'event.kind'),
    overlay: optional(wire.overlay, 'event.overlay', overlayName),
    member: optional(wire.member, 'event.member', memberName),
    message: wire.message,
  };
}

const RFC_3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
const PHASES: readonly EnvironmentPhase[] = ['pending', 'converging', 'ready', 'failed', 'removing'];

function decodeRouteChanges(
  wire: WireStatus['overlays'][number]['routeChanges'],
): OverlayNodeStatus['routeChanges'] {
  if (wire === null || wire === undefined) return null;
  return {
    firstAgoMs: count(wire.firstAgoMs, 'status.overlay.route_changes.first_ago_ms'),
    lastAgoMs: count(wire.lastAgoMs, 'status.overlay.route_changes.last_ago_ms'),
  };
}

function generationSlot(value: number): number {
  if (value >= 16) throw badMessage('status.overlay.lost_generations', 'is out of range');
  return value;
}

function decodeEnvironmentStatus(wire: WireEnvironmentStatus): EnvironmentStatus {
  return {
    name: memberName(wire.name, 'status.environment.name'),
    role: choice(wire.role, ENVIRONMENT_ROLES, 'status.environment.role'),
    namespace: namespaceName(wire.namespace, 'status.environment.namespace'),
    phase: choice(wire.phase, PHASES, 'status.environment.phase'),
    message: wire.message,
    routes: part(wire.routes, 'status.environment.routes'),
    neighbors: part(wire.neighbors, 'status.environment.neighbors'),
    daemons: wire.daemons.map((one) => ({ ...one, daemon: line(one.daemon, 'status.daemon') })),
  };
}
