import type {
  EventBody,
  HostView,
  LinkView,
  NodeView,
  OverlaySummary,
  RouterView,
  RouteView,
} from '../model/api.ts';
import { VinetError } from '../model/vinet-error.ts';
import { type ApiClient, apiPath } from './api-client.ts';
import {
  EVENT_VIEW,
  HOST_VIEW,
  LINK_VIEW,
  NODE_VIEW,
  OVERLAY_VIEW,
  ROUTE_VIEW,
  ROUTER_VIEW,
  type View,
  WIDE_HOST_VIEW,
  WIDE_NODE_VIEW,
  WIDE_ROUTER_VIEW,
} from './get-views.ts';
import { renderTable } from './table.ts';
import { printable, type Terminal } from './terminal.ts';

export const OUTPUT_FORMATS = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export const RESOURCES = ['overlays', 'routers', 'hosts', 'links', 'nodes', 'routes', 'events'] as const;
export type Resource = (typeof RESOURCES)[number];

export interface GetOptions {
  /** An overlay, `OVERLAY/MEMBER` for routers, hosts and routes, or a node; null for all. */
  readonly name: string | null;
  readonly output: OutputFormat;
  /** Events after this number only. */
  readonly since: number | null;
}

/** Shows a list of the API: a table for people, exactly the API's own words for programs. */
export async function runGet(
  client: ApiClient,
  resource: Resource,
  options: GetOptions,
  terminal: Terminal,
): Promise<void> {
  const { output } = options;
  const answer = await GETTERS[resource](client, options);
  if (output === 'json') return terminal.write(`${JSON.stringify(answer.body, null, 2)}\n`);
  if (output === 'yaml') {
    const yaml = await import('yaml');
    return terminal.write(yaml.stringify(answer.body));
  }
  if (output === 'name') return terminal.write(answer.names.map((name) => `${printable(name)}\n`).join(''));
  if (answer.names.length === 0) return terminal.tell(`no ${resource}\n`);
  terminal.write(answer.table(output === 'wide', terminal.paint));
}

interface Answer {
  readonly body: unknown;
  readonly names: readonly string[];
  table(wide: boolean, paint: Terminal['paint']): string;
}

type Getter = (client: ApiClient, options: GetOptions) => Promise<Answer>;

const GETTERS: Record<Resource, Getter> = {
  async overlays(client, { name }) {
    if (name === null) {
      const body = await client.send<{ overlays: OverlaySummary[] }>({ path: apiPath(['overlays']) });
      return answer(body, body.overlays, OVERLAY_VIEW, nameOf);
    }
    const body = await client.send<OverlaySummary>({ path: apiPath(['overlays', name]) });
    return answer(body, [body], OVERLAY_VIEW, nameOf);
  },
  async routers(client, { name }) {
    const { overlay, router } = splitName(name);
    const body = { routers: await ofOverlays<RouterView>(client, overlay, 'routers') };
    if (router !== null)
      body.routers = named(body.routers, router, `overlay ${overlay} has no router ${router}`);
    return answer(
      body,
      body.routers,
      ROUTER_VIEW,
      (item) => `${item.overlay}/${item.name}`,
      WIDE_ROUTER_VIEW,
    );
  },
  async hosts(client, { name }) {
    const { overlay, router: host } = splitName(name);
    const body = { hosts: await ofOverlays<HostView>(client, overlay, 'hosts') };
    if (host !== null) body.hosts = named(body.hosts, host, `overlay ${overlay} has no host ${host}`);
    return answer(body, body.hosts, HOST_VIEW, (item) => `${item.overlay}/${item.name}`, WIDE_HOST_VIEW);
  },
  async links(client, { name }) {
    const body = { links: await ofOverlays<LinkView>(client, name, 'links') };
    return answer(body, body.links, LINK_VIEW, nameOf);
  },
  async routes(client, { name }) {
    const { overlay, router } = splitName(name);
    const query: [string, string][] = router === null ? [] : [['router', router]];
    const body = { routes: await ofOverlays<RouteView>(client, overlay, 'routes', query) };
    return answer(body, body.routes, ROUTE_VIEW, (route) => `${route.router} ${route.prefix}`);
  },
  async nodes(client, { name }) {
    const body = await client.send<{ nodes: NodeView[] }>({ path: apiPath(['nodes']) });
    if (name !== null) body.nodes = named(body.nodes, name, `there is no node ${name}`);
    return answer(body, body.nodes, NODE_VIEW, nameOf, WIDE_NODE_VIEW);
  },
  async events(client, { name, since }) {
    const query: [string, string][] = [];
    if (since !== null) query.push(['since', String(since)]);
    if (name !== null) query.push(['overlay', name]);
    const body = await client.send<{ events: EventBody[] }>({ path: apiPath(['events'], query) });
    return answer(body, body.events, EVENT_VIEW, (event) => String(event.id));
  },
};

function answer<T>(
  body: unknown,
  items: readonly T[],
  view: View<T>,
  name: (item: T) => string,
  wideView: View<T> = view,
): Answer {
  return {
    body,
    names: items.map(name),
    table(wide, paint) {
      const shown = wide ? wideView : view;
      return renderTable(
        shown.columns,
        items.map((item) => shown.row(item)),
        paint,
      );
    },
  };
}

/** What one overlay has of something, or all overlays one after another. */
async function ofOverlays<T>(
  client: ApiClient,
  overlay: string | null,
  what: 'routers' | 'hosts' | 'links' | 'routes',
  query: readonly (readonly [string, string])[] = [],
): Promise<T[]> {
  const names = overlay === null ? await overlayNames(client) : [overlay];
  const lists: T[][] = [];
  for (const name of names) {
    const body = await client.send<Record<string, T[]>>({ path: apiPath(['overlays', name, what], query) });
    lists.push(body[what] ?? []);
  }
  return lists.flat();
}

async function overlayNames(client: ApiClient): Promise<string[]> {
  const { overlays } = await client.send<{ overlays: OverlaySummary[] }>({ path: apiPath(['overlays']) });
  return overlays.map(nameOf);
}

function splitName(name: string | null): { overlay: string | null; router: string | null } {
  const slash = name?.indexOf('/') ?? -1;
  if (name === null || slash < 0) return { overlay: name, router: null };
  return { overlay: name.slice(0, slash), router: name.slice(slash + 1) };
}

function named<T extends { name: string }>(items: readonly T[], name: string, otherwise: string): T[] {
  const found = items.filter((item) => item.name === name);
  if (found.length === 0) throw new VinetError('not-found', otherwise);
  return found;
}

function nameOf(item: { name: string }): string {
  return item.name;
}
