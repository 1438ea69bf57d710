import type {
  DaemonName,
  EnvironmentState,
  LinkState,
  NodeState,
  OverlayState,
  RoutingState,
} from '../model/node-state.ts';
import {
  badMessage,
  choice,
  count,
  interfaceName,
  line,
  lines,
  memberName,
  namespaceName,
  optional,
  overlayName,
  part,
} from './field.ts';
import type {
  WireEnvironmentState,
  WireLinkState,
  WireNodeState,
  WireOverlayState,
  WireRoutingState,
} from './wire.ts';

/** NodeState ↔ message. What the model calls null is an empty text, a zero or an absent part on the wire. */
export function encodeNodeState(state: NodeState): WireNodeState {
  return {
    revision: state.revision,
    overlays: state.overlays.map((overlay) => ({
      name: overlay.name,
      environments: overlay.environments.map(encodeEnvironment),
      destinations: overlay.destinations,
    })),
  };
}

/** Fails with `bad-message`; a name that would leave our folders or a line break never gets past it. */
export function decodeNodeState(wire: WireNodeState): NodeState {
  return { revision: count(wire.revision, 'revision'), overlays: wire.overlays.map(decodeOverlay) };
}

function encodeEnvironment(environment: EnvironmentState): WireEnvironmentState {
  const { routing } = environment;
  return {
    ...environment,
    links: environment.links.map(encodeLink),
    routing: routing === null ? null : encodeRouting(routing),
  };
}

function encodeLink(link: LinkState): WireLinkState {
  const common = {
    name: link.name,
    link: link.link,
    mtu: link.mtu,
    addresses: link.addresses,
    master: link.master ?? '',
  };
  switch (link.kind) {
    case 'veth':
      return { ...common, veth: { peerNamespace: link.peer.namespace, peerName: link.peer.name } };
    case 'vxlan': {
      const { vni, port, local, remotes, learning } = link;
      return { ...common, vxlan: { vni, port, local, remotes, learning } };
    }
    case 'bridge':
      return { ...common, bridge: {} };
  }
}

function encodeRouting(routing: RoutingState): WireRoutingState {
  return {
    ...routing,
    interfaces: routing.interfaces.map((one) => ({ ...one, cost: one.cost ?? 0 })),
  };
}

function decodeOverlay(wire: WireOverlayState): OverlayState {
  return {
    name: overlayName(wire.name, 'overlay.name'),
    environments: wire.environments.map(decodeEnvironment),
    destinations: lines(wire.destinations, 'overlay.destinations'),
  };
}

function decodeEnvironment(wire: WireEnvironmentState): EnvironmentState {
  return {
    name: memberName(wire.name, 'environment.name'),
    role: choice(wire.role, ['router', 'segment'], 'environment.role'),
    namespace: namespaceName(wire.namespace, 'environment.namespace'),
    ipv4: wire.ipv4,
    ipv6: wire.ipv6,
    loopback: lines(wire.loopback, 'environment.loopback'),
    links: wire.links.map(decodeLink),
    routing: wire.routing === null ? null : decodeRouting(wire.routing),
  };
}

function decodeLink(wire: WireLinkState): LinkState {
  const common = {
    name: interfaceName(wire.name, 'link.name'),
    link: line(wire.link, 'link.link'),
    mtu: wire.mtu,
    addresses: lines(wire.addresses, 'link.addresses'),
    master: optional(wire.master, 'link.master', interfaceName) || null,
  };
  switch (wire.kind) {
    case 'veth': {
      const veth = part(wire.veth, 'link.veth');
      const namespace = namespaceName(veth.peerNamespace, 'link.veth.peer_namespace');
      const name = interfaceName(veth.peerName, 'link.veth.peer_name');
      return { ...common, kind: 'veth', peer: { namespace, name } };
    }
    case 'vxlan': {
      const vxlan = part(wire.vxlan, 'link.vxlan');
      return {
        ...common,
        kind: 'vxlan',
        vni: atMost(vxlan.vni, 0xff_ffff, 'link.vxlan.vni'),
        port: atMost(vxlan.port, 0xffff, 'link.vxlan.port'),
        local: line(vxlan.local, 'link.vxlan.local'),
        remotes: lines(vxlan.remotes, 'link.vxlan.remotes'),
        learning: vxlan.learning,
      };
    }
    case 'bridge':
      return { ...common, kind: 'bridge' };
    default:
      throw badMessage('link.kind', 'is missing or unknown to this version');
  }
}

const DAEMONS: readonly DaemonName[] = ['zebra', 'ospfd', 'staticd'];
const NETWORKS = ['point-to-point', 'broadcast', 'loopback'] as const;

function decodeRouting(wire: WireRoutingState): RoutingState {
  return {
    hostname: line(wire.hostname, 'routing.hostname'),
    routerId: line(wire.routerId, 'routing.router_id'),
    daemons: wire.daemons.map((daemon) => choice(daemon, DAEMONS, 'routing.daemons')),
    interfaces: wire.interfaces.map((one) => ({
      name: interfaceName(one.name, 'routing.interface.name'),
      network: choice(one.network, NETWORKS, 'routing.interface.network'),
      cost: one.cost === 0 ? null : one.cost,
    })),
    ospf:
      wire.ospf === null
        ? null
        : {
            area: line(wire.ospf.area, 'routing.ospf.area'),
            helloIntervalS: wire.ospf.helloIntervalS,
            deadIntervalS: wire.ospf.deadIntervalS,
          },
    routes: wire.routes.map((route) => ({
      prefix: line(route.prefix, 'routing.route.prefix'),
      via: line(route.via, 'routing.route.via'),
      interface: optional(route.interface, 'routing.route.interface', interfaceName),
    })),
  };
}

function atMost(value: number, limit: number, field: string): number {
  if (value > limit) throw badMessage(field, 'is out of range');
  return value;
}
