import { Type } from 'typebox';
import { ApplyBody } from '../../model/api.ts';
import { LinkEditSchema } from '../../model/overlay.ts';
import type { Api, ApiParts } from './app.ts';
import { countDeploy, sendOutcome } from './deploy-reply.ts';
import { LinkName, OverlayName } from './named.ts';

/** Declares one link of an overlay otherwise: cut or mended, better or worse. Applied like a file. */
export function addLinkRoute(app: Api, { service, metrics }: ApiParts): void {
  app.patch(
    '/v1/overlays/:name/links/:link',
    {
      schema: {
        params: Type.Object({ name: OverlayName, link: LinkName }),
        querystring: Type.Object({ dryRun: Type.Optional(Type.Boolean({ default: false })) }),
        body: LinkEditSchema,
        response: { 200: ApplyBody },
      },
    },
    async ({ params, query, body }, reply) => {
      const dryRun = query.dryRun ?? false;
      const startedAt = performance.now();
      const outcome = await service.editLink(params.name, params.link, body, dryRun);
      if (!dryRun) countDeploy(metrics, outcome, performance.now() - startedAt);
      return sendOutcome(reply, outcome, 'with that');
    },
  );
}
