import { Type } from 'typebox';
import { ApplyBody } from '../../model/api.ts';
import { VinetError } from '../../model/vinet-error.ts';
import type { Api, ApiParts } from './app.ts';
import { countDeploy, sendOutcome } from './deploy-reply.ts';

const MEDIA_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'application/json'];

/** Applies a file of overlays: all of it or nothing. */
export function addApplyRoute(app: Api, { service, metrics }: ApiParts): void {
  // A scope of its own: here JSON is a document with lines, not yet a value.
  void app.register(async (scope: Api) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(MEDIA_TYPES, { parseAs: 'buffer' }, (_, body, done) => done(null, body));
    scope.post(
      '/v1/apply',
      {
        schema: {
          consumes: MEDIA_TYPES,
          querystring: Type.Object({ dryRun: Type.Optional(Type.Boolean({ default: false })) }),
          response: { 200: ApplyBody },
        },
      },
      async ({ body, query }, reply) => {
        if (!Buffer.isBuffer(body))
          throw new VinetError('bad-request', 'the body must be a file of overlays');
        const dryRun = query.dryRun ?? false;
        const startedAt = performance.now();
        const outcome = await service.apply(body, dryRun);
        if (!dryRun) countDeploy(metrics, outcome, performance.now() - startedAt);
        return sendOutcome(reply, outcome, 'in the file');
      },
    );
  });
}
