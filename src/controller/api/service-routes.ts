import { Type } from 'typebox';
import { VersionBody } from '../../model/api.ts';
import { overlayJsonSchema } from '../../model/overlay-document.ts';
import type { Api, ApiParts } from './app.ts';

/** About the controller itself: what monitoring and editors ask. */
export function addServiceRoutes(app: Api, { metrics, inventory, version }: ApiParts): void {
  const open = { config: { public: true } };
  app.get('/healthz', { ...open, schema: { security: [], response: { 200: Health } } }, async () => ({
    status: 'ok',
  }));
  app.get('/metrics', { ...open, schema: { hide: true } }, async (_, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
  app.get('/openapi.json', { ...open, schema: { hide: true } }, async () => app.swagger());
  // Prometheus' HTTP service discovery sends no token unless it is told one.
  app.get('/v1/targets', { ...open, schema: { security: [], response: { 200: Targets } } }, async () =>
    [...inventory.nodes.values()]
      .filter((node) => node.metrics !== '')
      .map((node) => ({ targets: [node.metrics], labels: { node: node.name } })),
  );
  app.get('/v1/version', { schema: { response: { 200: VersionBody } } }, async () => ({
    version,
    apiVersion: 'vinet/v1',
  }));
  app.get('/v1/schema/overlay', async () => overlayJsonSchema());
}

const Health = Type.Object({ status: Type.String() });
const Targets = Type.Array(
  Type.Object({ targets: Type.Array(Type.String()), labels: Type.Object({ node: Type.String() }) }),
);
