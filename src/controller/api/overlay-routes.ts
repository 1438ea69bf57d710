import { Type } from 'typebox';
import {
  HostList,
  type HostView,
  LinkList,
  OverlayList,
  OverlaySummary,
  RouteList,
  RouterList,
  type RouterView,
  type RouteView,
} from '../../model/api.ts';
import type { EnvironmentStatus } from '../../model/status.ts';
import { VinetError } from '../../model/vinet-error.ts';
import {
  describeHosts,
  describeLinks,
  describeRouters,
  type HostDescription,
  type RouterDescription,
} from '../../planner/overlay-view.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { StoredOverlay } from '../overlays/inventory.ts';
import { keyStatusOf } from '../overlays/rotation.ts';
import type { Api, ApiParts } from './app.ts';
import { mapBounded } from './bounded.ts';
import { MemberName, OverlayParams, overlayOf, routerOf } from './named.ts';

const READ_DEADLINE_MS = 10_000;
const QUESTIONS_AT_ONCE = 16;

/** What is declared and how it fares. */
export function addOverlayRoutes(app: Api, parts: ApiParts): void {
  const { inventory, fleet, service } = parts;

  app.get('/v1/overlays', { schema: { response: { 200: OverlayList } } }, async () => ({
    overlays: [...inventory.overlays.values()].sort(byName).map((stored) => summaryOf(parts, stored)),
  }));

  app.get(
    '/v1/overlays/:name',
    { schema: { params: OverlayParams, response: { 200: OverlayWithDocument } } },
    async ({ params }) => {
      const stored = overlayOf(inventory, params.name);
      return { ...summaryOf(parts, stored), document: stored.overlay };
    },
  );

  app.delete(
    '/v1/overlays/:name',
    {
      schema: {
        params: OverlayParams,
        querystring: Type.Object({
          cascade: Type.Optional(
            Type.Boolean({ default: false, description: 'what rides on it goes first' }),
          ),
        }),
        response: { 202: OverlaySummary },
      },
    },
    async ({ params, query }, reply) => {
      const before = overlayOf(inventory, params.name);
      if (!(await service.delete(params.name, query.cascade ?? false))) overlayOf(inventory, params.name);
      // It may be gone already, and was accepted all the same.
      const stored = inventory.overlays.get(params.name) ?? { ...before, deleting: true };
      return reply.code(202).send(summaryOf(parts, stored));
    },
  );

  app.post(
    '/v1/overlays/:name/rotate',
    { schema: { params: OverlayParams, response: { 202: OverlaySummary } } },
    async ({ params }, reply) => {
      await service.rotate(params.name);
      return reply.code(202).send(summaryOf(parts, overlayOf(inventory, params.name)));
    },
  );

  app.get(
    '/v1/overlays/:name/routers',
    { schema: { params: OverlayParams, response: { 200: RouterList } } },
    async ({ params }) => {
      const { name, overlay, plan } = overlayOf(inventory, params.name);
      return { routers: describeRouters(overlay, plan).map((router) => routerView(name, router, fleet)) };
    },
  );

  app.get(
    '/v1/overlays/:name/hosts',
    { schema: { params: OverlayParams, response: { 200: HostList } } },
    async ({ params }) => {
      const { name, overlay, plan } = overlayOf(inventory, params.name);
      return { hosts: describeHosts(overlay, plan).map((host) => hostView(name, host, fleet)) };
    },
  );

  app.get(
    '/v1/overlays/:name/links',
    { schema: { params: OverlayParams, response: { 200: LinkList } } },
    async ({ params }) => {
      const { overlay, plan } = overlayOf(inventory, params.name);
      return { links: describeLinks(overlay, plan, inventory.nodes, inventory.overlays) };
    },
  );

  app.get(
    '/v1/overlays/:name/routes',
    {
      schema: {
        params: OverlayParams,
        querystring: Type.Object({ router: Type.Optional(MemberName) }),
        response: { 200: RouteList },
      },
    },
    async ({ params, query }) => {
      const stored = overlayOf(inventory, params.name);
      const routers =
        query.router === undefined
          ? describeRouters(stored.overlay, stored.plan)
          : [routerOf(stored, query.router)];
      const lists = await mapBounded(routers, QUESTIONS_AT_ONCE, (router) =>
        readRoutes(fleet, stored.name, router),
      );
      return { routes: lists.flat() };
    },
  );
}

const OverlayWithDocument = Type.Object({
  ...OverlaySummary.properties,
  document: Type.Unknown({ description: 'as it was applied; its schema is /v1/schema/overlay' }),
});

function byName(one: StoredOverlay, other: StoredOverlay): number {
  return one.name < other.name ? -1 : 1;
}

function summaryOf(parts: ApiParts, stored: StoredOverlay): OverlaySummary {
  const { name, revision, createdAt } = stored;
  const status = keyStatusOf(stored, parts);
  const keys = status === null ? null : { ...status, waitingFor: [...status.waitingFor] };
  const health = parts.service.watch.healthOf(name);
  if (health === null) {
    const none = { phase: 'deleting' as const, message: '', nodes: [], convergenceMs: null };
    const counts = { routers: { total: 0, ready: 0 }, routes: { have: 0, want: 0 } };
    return { name, revision, createdAt, keys, ...none, ...counts };
  }
  const { phase, message, nodes, routers, routes, convergenceMs } = health;
  const counts = { routers, routes };
  return { name, phase, message, revision, nodes: [...nodes], ...counts, createdAt, convergenceMs, keys };
}

function routerView(overlay: string, router: RouterDescription, fleet: Fleet): RouterView {
  const { neighborsWanted, home: _home, ...description } = router;
  const status = statusOf(overlay, router, fleet);
  return {
    overlay,
    ...description,
    ...phaseOf(status, router.node, fleet),
    neighbors: status?.neighbors ?? { have: 0, want: neighborsWanted },
    routes: status?.routes ?? { have: 0, want: 0 },
    daemons: status?.daemons.map((daemon) => ({ ...daemon })) ?? [],
  };
}

function hostView(overlay: string, host: HostDescription, fleet: Fleet): HostView {
  return { overlay, ...host, ...phaseOf(statusOf(host.home, host, fleet), host.node, fleet) };
}

function statusOf(overlay: string, { node, namespace }: HostDescription, fleet: Fleet) {
  const environments = fleet.statusOf(node)?.overlays.find(({ name }) => name === overlay)?.environments;
  return environments?.find((one) => one.namespace === namespace);
}

function phaseOf(
  status: EnvironmentStatus | undefined,
  node: string,
  fleet: Fleet,
): Pick<HostView, 'phase' | 'message'> {
  if (status !== undefined) return { phase: status.phase, message: status.message };
  if (fleet.isConnected(node)) return { phase: 'pending', message: '' };
  return { phase: 'unknown', message: `node ${node} is not connected` };
}

async function readRoutes(fleet: Fleet, overlay: string, router: RouterDescription): Promise<RouteView[]> {
  const question = { kind: 'read-routes', overlay, member: router.name } as const;
  const answer = await fleet.request(router.node, question, READ_DEADLINE_MS);
  if (answer.kind !== 'routes') {
    throw new VinetError('node-failed', `node ${router.node} answered with something else than routes`);
  }
  return answer.routes.map(({ prefix, protocol, nextHops, metric }) => ({
    router: router.name,
    prefix,
    protocol,
    nextHops: nextHops.map((hop) => ({ ...hop })),
    metric,
  }));
}
