import type {
  EventBody,
  HostView,
  LinkView,
  NodeView,
  OverlaySummary,
  RouterView,
  RouteView,
} from '../model/api.ts';
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
    router.daemons.map(daemonText).join(' '),
    router.namespace,
    router.message === '' ? ' ' : router.message,
  ],
};

function daemonText({ daemon, pid, restarts, drift, outdated }: RouterView['daemons'][number]): string {
  const remarks = [
    restarts === 0 ? '' : `${restarts} restarts`,
    drift === 0 ? '' : `${drift} lines drifted`,
    outdated ? 'outdated' : '',
  ].filter((remark) => remark !== '');
  return `${daemon}=${pid === 0 ? 'down' : pid}${remarks.length === 0 ? '' : `(${remarks.join(', ')})`}`;
}

export const HOST_VIEW: View<HostView> = {
  columns: [
    { title: 'HOST' },
    { title: 'NODE' },
    { title: 'PHASE' },
    { title: 'ADDRESS' },
    { title: 'ATTACHED TO' },
  ],
  row: (host) => [
    host.name,
    host.node,
    phaseCell(host.phase),
    host.addresses.join(' '),
    listText(host.adjacent, 6),
  ],
};

export const WIDE_HOST_VIEW: View<HostView> = {
  columns: [...HOST_VIEW.columns, { title: 'HOME' }, { title: 'NAMESPACE' }, { title: 'MESSAGE' }],
  row: (host) => [
    ...HOST_VIEW.row(host),
    host.home,
    host.namespace,
    host.message === '' ? ' ' : host.message,
  ],
};

export const LINK_VIEW: View<LinkView> = {
  columns: [
    { title: 'LINK' },
    { title: 'KIND' },
    { title: 'OVER' },
    { title: 'NUMBER', align: 'right' },
    { title: 'MTU', align: 'right' },
    { title: 'STATE' },
    { title: 'ENDS' },
  ],
  row: (link) => [
    link.name,
    linkKind(link),
    link.underlay,
    link.vni === null ? '' : String(link.vni),
    String(link.mtu),
    link.down ? { text: 'down', style: 'bad' } : 'up',
    link.ends
      .map((end) => {
        const cost = end.cost === null ? '' : ` cost ${end.cost}`;
        return `${end.router}@${end.node} ${end.addresses.join(' ')}${cost}${emulationText(end.emulation)}`;
      })
      .join(' — '),
  ],
};

/** From the inside out: `gre in gue encrypted`. */
function linkKind({ kind, physical, encrypted }: LinkView): string {
  const layers = physical === null ? kind : `${kind} in ${physical}`;
  return encrypted ? `${layers} encrypted` : layers;
}

function emulationText(emulation: LinkView['ends'][number]['emulation']): string {
  if (emulation === null) return '';
  const { delayUs, jitterUs, lossPpm, rateBps } = emulation;
  return [
    delayUs === 0 ? '' : ` delay ${delayUs / 1000}ms`,
    jitterUs === 0 ? '' : ` jitter ${jitterUs / 1000}ms`,
    lossPpm === 0 ? '' : ` loss ${lossPpm / 10_000}%`,
    rateBps === 0 ? '' : ` rate ${rateBps / 1_000_000}mbit`,
  ].join('');
}

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

export const WIDE_NODE_VIEW: View<NodeView> = {
  columns: [...NODE_VIEW.columns, { title: 'LINKS' }, { title: 'FEATURES' }, { title: 'ABOUT FRR' }],
  row: (node) => [
    ...NODE_VIEW.row(node),
    node.linkKinds.join(' '),
    node.features.join(' '),
    node.frrRemark === '' ? ' ' : node.frrRemark,
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
  if (/ready$|joined$|started$|rotated$|upgraded$/.test(kind)) return 'good';
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
