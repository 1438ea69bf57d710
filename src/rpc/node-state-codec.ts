import {
  ENVIRONMENT_ROLES,
  type EnvironmentFilter,
  type EnvironmentState,
  isLinkFilter,
  type KernelRoute,
  type LinkFilter,
  type NodeState,
  type OverlayState,
} from '../model/node-state.ts';
import {
  choice,
  count,
  foreignName,
  interfaceName,
  line,
  lines,
  memberName,
  namespaceName,
  optional,
  overlayName,
} from './field.ts';
import { decodeLink, encodeLink } from './link-codec.ts';
import { routingShape } from './routing-codec.ts';
import type { WireEnvironmentState, WireNodeState, WireOverlayState } from './wire.ts';

/** NodeState ↔ message. What the model calls null is an empty text, a zero or an absent part on the wire. */
export function encodeNodeState(state: NodeState): WireNodeState {
  return {
    revision: state.revision,
    overlays: state.overlays.map((overlay) => ({
      name: overlay.name,
      environments: overlay.environments.map(encodeEnvironment),
      destinations: overlay.destinations,
      keepsDrift: overlay.keepsDrift,
      names: overlay.names,
    })),
  };
}

/** Fails with `bad-message`; a name that would leave our folders or a line break never gets past it. */
export function decodeNodeState(wire: WireNodeState): NodeState {
  return { revision: count(wire.revision, 'revision'), overlays: wire.overlays.map(decodeOverlay) };
}

function encodeEnvironment(environment: EnvironmentState): WireEnvironmentState {
  const { routing, filter } = environment;
  return {
    ...environment,
    filter: filter !== null && isLinkFilter(filter) ? filter : null,
    border: filter !== null && !isLinkFilter(filter) ? filter : null,
    links: environment.links.map(encodeLink),
    routing: routing === null ? null : routingShape.encode(routing),
  };
}

function decodeOverlay(wire: WireOverlayState): OverlayState {
  return {
    name: overlayName(wire.name, 'overlay.name'),
    environments: wire.environments.map(decodeEnvironment),
    destinations: lines(wire.destinations, 'overlay.destinations'),
    keepsDrift: wire.keepsDrift === true,
    names: wire.names.map(({ address, name }) => ({
      address: line(address, 'overlay.names.address'),
      name: memberName(name, 'overlay.names.name'),
    })),
  };
}

function decodeEnvironment(wire: WireEnvironmentState): EnvironmentState {
  return {
    name: memberName(wire.name, 'environment.name'),
    role: choice(wire.role, ENVIRONMENT_ROLES, 'environment.role'),
    namespace: namespaceName(wire.namespace, 'environment.namespace'),
    vrf:
      wire.vrf === null
        ? null
        : { of: namespaceName(wire.vrf.of, 'environment.vrf.of'), table: wire.vrf.table },
    ipv4: wire.ipv4,
    ipv6: wire.ipv6,
    loopback: lines(wire.loopback, 'environment.loopback'),
    links: wire.links.map(decodeLink),
    routes: wire.routes.map(decodeRoute),
    filter: decodeFilter(wire),
    otherNames: wire.otherNames.map(({ address, name }) => ({
      address: line(address, 'environment.otherNames.address'),
      name: foreignName(name, 'environment.otherNames.name'),
    })),
    routing: wire.routing === null ? null : routingShape.decode(wire.routing, 'routing'),
  };
}

function decodeRoute(route: WireEnvironmentState['routes'][number]): KernelRoute {
  return {
    prefix: line(route.prefix, 'route.prefix'),
    via: line(route.via, 'route.via'),
    interface: optional(route.interface, 'route.interface', interfaceName),
  };
}

function decodeFilter({ filter, border }: WireEnvironmentState): EnvironmentFilter | null {
  if (border === null) return filter === null ? null : { accept: filter.accept.map(decodePath) };
  return {
    sources: border.sources.map((source) => ({
      interface: interfaceName(source.interface, 'border.sources.interface'),
      prefix: line(source.prefix, 'border.sources.prefix'),
      accept: source.accept,
    })),
    local: border.local.map(({ interface: name, address }) => ({
      interface: interfaceName(name, 'border.local.interface'),
      address: line(address, 'border.local.address'),
    })),
    forward: border.forward.map(({ from, to }) => ({
      from: interfaceName(from, 'border.forward.from'),
      to: interfaceName(to, 'border.forward.to'),
    })),
  };
}

function decodePath(path: LinkFilter['accept'][number]): LinkFilter['accept'][number] {
  return {
    interface: interfaceName(path.interface, 'filter.interface'),
    source: line(path.source, 'filter.source'),
    destination: line(path.destination, 'filter.destination'),
  };
}
