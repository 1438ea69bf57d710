import type { EventBody, LinkView, NodeView, OverlaySummary, RouterView, RouteView } from '../model/api.ts';
import { seconds } from './progress.ts';
import type { Cell, Column } from './table.ts';
import type { Style } from './terminal.ts';

/** How a list of the API is shown to a person. */
export interface View<T> {
  readonly columns: readonly Column[];
  row(item: T): readonly Cell[];
}

export const OVERLAY_VIEW: View<OverlaySummary> = {
  columns: [
    { title: 'OVERLAY' },
    { title: 'PHASE' },
    { title: 'ROUTERS', align: 'right' },
    { title: 'ROUTES', align: 'right' },
    { title: 'NODES' },
    { title: 'CONVERGED', align: 'right' },
    { title: 'CREATED' },
    { title: 'MESSAGE' },
  ],
  row: (overlay) => [
    overlay.name,
    phaseCell(overlay.phase),
    tallyCell(overlay.routers.ready, overlay.routers.total),
    tallyCell(overlay.routes.have, overlay.routes.want),
    listText(overlay.nodes, 4),
    overlay.convergenceMs === null ? '' : seconds(overlay.convergenceMs),
    overlay.createdAt.replace(/\.[0-9]+Z$/, 'Z'),
    overlay.message === '' ? ' ' : overlay.message,
  ],
};

export const ROUTER_VIEW: View<RouterView> = {
  columns: [
    { title: 'ROUTER' },
    { title: 'NODE' },
    { title: 'PHASE' },
    { title: 'ADDRESS' },
    { title: 'NEIGHBOURS', align: 'right' },
    { title: 'ADJACENT' },
    { title: 'ROUTES', align: 'right' },
  ],
  row: (router) => [
    router.name,
    router.node,
    phaseCell(router.phase),
    router.addresses.join(' '),
    tallyCell(router.neighbors.have, router.neighbors.want),
    listText(router.adjacent, 6),
    tallyCell(router.routes.have, router.routes.want),
  ],
};

export const WIDE_ROUTER_VIEW: View<RouterView> = {
  columns: [...ROUTER_VIEW.columns, { title: 'DAEMONS' }, { title: 'NAMESPACE' }, { title: 'MESSAGE' }],
  row: (router) => [
    ...ROUTER_VIEW.row(router),
    router.daemons
      .map(
        ({ daemon, pid, restarts }) =>
          `${daemon}=${pid === 0 ? 'down' : pid}${restarts === 0 ? '' : `(${restarts} restarts)`}`,
      )
      .join(' '),
    router.namespace,
    router.message === '' ? ' ' : router.message,
  ],
};

export const LINK_VIEW: View<LinkView> = {
  columns: [
    { title: 'LINK' },
    { title: 'KIND' },
    { title: 'VNI', align: 'right' },
    { title: 'MTU', align: 'right' },
    { title: 'ENDS' },
  ],
  row: (link) => [
    link.name,
    link.kind,
    link.vni === null ? '' : String(link.vni),
    String(link.mtu),
    link.ends
      .map(
        (end) =>
          `${end.router}@${end.node} ${end.addresses.join(' ')}${end.cost === null ? '' : ` cost ${end.cost}`}`,
      )
      .join(' — '),
  ],
};

export const ROUTE_VIEW: View<RouteView> = {
  columns: [
    { title: 'ROUTER' },
    { title: 'PREFIX' },
    { title: 'PROTOCOL' },
    { title: 'METRIC', align: 'right' },
    { title: 'NEXT HOPS' },
  ],
  row: (route) => [
    route.router,
    route.prefix,
    route.protocol,
    String(route.metric),
    route.nextHops
      .map((hop) => (hop.via === '' ? hop.interface : `${hop.via} (${hop.interface})`))
      .join(', '),
  ],
};

export const NODE_VIEW: View<NodeView> = {
  columns: [
    { title: 'NODE' },
    { title: 'CONNECTED' },
    { title: 'UNDERLAY' },
    { title: 'ROUTERS', align: 'right' },
    { title: 'REVISION', align: 'right' },
    { title: 'FRR' },
    { title: 'KERNEL' },
    { title: 'METRICS' },
  ],
  row: (node) => [
    node.name,
    node.connected ? { text: 'yes', style: 'good' } : { text: 'no', style: 'bad' },
    node.underlay.join(' '),
    `${node.members.used}/${node.members.limit}`,
    tallyCell(node.revision.have, node.revision.want),
    node.frr,
    node.kernel,
    node.metrics,
  ],
};

export const EVENT_VIEW: View<EventBody> = {
  columns: [
    { title: 'TIME' },
    { title: 'KIND' },
    { title: 'OVERLAY' },
    { title: 'NODE' },
    { title: 'MEMBER' },
    { title: 'MESSAGE' },
  ],
  row: (event) => [
    event.time.replace(/\.[0-9]+Z$/, 'Z'),
    { text: event.kind, style: eventStyle(event.kind) },
    event.overlay,
    event.node,
    event.member,
    event.message,
  ],
};

export function eventStyle(kind: string): Style {
  if (/ready$|joined$|started$/.test(kind)) return 'good';
  if (/died$|left$|failed$|degraded$/.test(kind)) return 'bad';
  return /repaired$|deleting$/.test(kind) ? 'warn' : 'dim';
}

function phaseCell(phase: string): Cell {
  const style: Style =
    phase === 'ready'
      ? 'good'
      : phase === 'failed' || phase === 'degraded' || phase === 'unknown'
        ? 'bad'
        : 'warn';
  return { text: phase, style };
}

function tallyCell(have: number, want: number): Cell {
  return have >= want ? `${have}/${want}` : { text: `${have}/${want}`, style: 'warn' };
}

/** A hub's thousand neighbours would leave no room for anything else. */
function listText(names: readonly string[], most: number): string {
  if (names.length <= most) return names.join(' ');
  return `${names.slice(0, most).join(' ')} +${names.length - most}`;
}
