import { Type } from 'typebox';
import { UpgradeBody } from '../../model/api.ts';
import { VinetError } from '../../model/vinet-error.ts';
import type { Api, ApiParts } from './app.ts';

/** Starting FRR's daemons anew after an upgrade of its package. */
export function addUpgradeRoutes(app: Api, { service }: ApiParts): void {
  app.get('/v1/upgrade', { schema: { response: { 200: UpgradeBody } } }, async () =>
    service.upgrade.status(),
  );

  app.post(
    '/v1/upgrade',
    { schema: { body: UpgradeRequest, response: { 202: UpgradeBody } } },
    async ({ body }, reply) => {
      await service.upgrade.begin(body.nodes);
      return reply.code(202).send(service.upgrade.status());
    },
  );

  app.delete('/v1/upgrade', { schema: { response: { 202: UpgradeBody } } }, async (_, reply) => {
    if (!(await service.upgrade.abort())) throw new VinetError('not-found', 'no upgrade of FRR is under way');
    return reply.code(202).send(service.upgrade.status());
  });
}

const UpgradeRequest = Type.Object(
  {
    nodes: Type.Array(Type.String({ maxLength: 64 }), {
      maxItems: 10_000,
      description: 'daemons on these nodes only; none: on all',
    }),
  },
  { additionalProperties: false },
);
