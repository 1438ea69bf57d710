import type { Socket } from 'node:net';
import swagger from '@fastify/swagger';
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify, {
  type FastifyInstance,
  type FastifyPluginOptions,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import type { EventLog } from '../events/event-log.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { bearsToken } from '../listen/token.ts';
import type { ControllerMetrics } from '../metrics.ts';
import type { Inventory } from '../overlays/inventory.ts';
import type { OverlayService } from '../overlays/overlay-service.ts';
import { addApplyRoute } from './apply-route.ts';
import { explainError, MAX_BODY_MIB, sendError } from './error-reply.ts';
import { addEventRoute } from './event-route.ts';
import { addExecRoute } from './exec-route.ts';
import { addLinkRoute } from './link-route.ts';
import { addNodeRoutes } from './node-routes.ts';
import { addOverlayRoutes } from './overlay-routes.ts';
import { addServiceRoutes } from './service-routes.ts';
import { addTraceRoute } from './trace-route.ts';
import { addUpgradeRoutes } from './upgrade-routes.ts';

/** What the API speaks for. */
export interface ApiParts {
  readonly service: OverlayService;
  readonly inventory: Inventory;
  readonly fleet: Fleet;
  readonly events: EventLog;
  readonly metrics: ControllerMetrics;
  readonly token: string;
  readonly version: string;
  readonly log: Logger;
  /** PEM texts; null speaks plain HTTP. */
  readonly tls: { readonly key: string; readonly cert: string } | null;
}

export type Api = ReturnType<typeof withTypes>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route answers without a token. */
    public?: boolean;
  }
}

/** The REST API, ready to listen or to be asked by `inject`. Every failure is answered with an ErrorBody. */
export async function buildApi(parts: ApiParts): Promise<Api> {
  const options = {
    bodyLimit: MAX_BODY_MIB * 1024 * 1024,
    // Followers of events and commands would keep a closing server open for ever.
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 256 },
    frameworkErrors: (error: unknown, _: FastifyRequest, reply: FastifyReply) =>
      answerFailure(parts, error, reply),
    clientErrorHandler: refuseGarbage,
  };
  const app = withTypes(open(options, parts.tls));
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setErrorHandler((error, _, reply) => answerFailure(parts, error, reply));
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.public || bearsToken(request.headers.authorization, parts.token)) return;
    const message = 'this needs the header "authorization: Bearer TOKEN" with the token of the controller';
    return sendError(reply, { code: 'unauthorized', message });
  });
  app.setNotFoundHandler((request, reply) =>
    sendError(reply, { code: 'not-found', message: `there is no ${request.method} ${pathOf(request)}` }),
  );
  app.addHook('onResponse', async (request, reply) => {
    const { method } = request;
    const ms = Math.round(reply.elapsedTime);
    parts.log.debug({ method, path: pathOf(request), status: reply.statusCode, ms }, 'answered');
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'vinet controller', description: 'Virtual internets', version: parts.version },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  });
  // A plugin, so that the routes are added once the description of the API listens for them.
  await app.register((scope: FastifyInstance, _: FastifyPluginOptions, done) => {
    addRoutes(withTypes(scope), parts);
    done();
  });
  return app;
}

function addRoutes(app: Api, parts: ApiParts): void {
  addServiceRoutes(app, parts);
  addOverlayRoutes(app, parts);
  addLinkRoute(app, parts);
  addNodeRoutes(app, parts);
  addEventRoute(app, parts);
  addTraceRoute(app, parts);
  addApplyRoute(app, parts);
  addExecRoute(app, parts);
  addUpgradeRoutes(app, parts);
}

function open(options: object, tls: ApiParts['tls']): FastifyInstance {
  if (tls === null) return Fastify(options);
  return Fastify({ ...options, https: { key: tls.key, cert: tls.cert } }) as unknown as FastifyInstance;
}

function withTypes(app: FastifyInstance) {
  return app.withTypeProvider<TypeBoxTypeProvider>();
}

/** Without the query, which may hold what no log should. */
function pathOf({ url }: FastifyRequest): string {
  return url.split('?')[0]?.slice(0, 200) ?? '';
}

/** What is not HTTP has no request to answer: the reply is written on the socket itself. */
function refuseGarbage(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const message = tooLarge ? 'the headers of the request are too large' : 'the request is not proper HTTP';
  const body = JSON.stringify({ error: { code: 'bad-request', message } });
  const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`);
}

function answerFailure({ log }: ApiParts, error: unknown, reply: FastifyReply): FastifyReply {
  const explained = explainError(error);
  if (explained === null || explained.code === 'internal') log.error({ err: error }, 'failed to answer');
  const message = 'the controller failed at this; its log says why';
  return sendError(reply, explained ?? { code: 'internal', message });
}
