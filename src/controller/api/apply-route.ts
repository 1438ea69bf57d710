import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { ApplyBody } from '../../model/api.ts';
import { VinetError } from '../../model/vinet-error.ts';
import type { DeployOutcome } from '../overlays/deployment.ts';
import type { Api, ApiParts } from './app.ts';
import { sendError } from './error-reply.ts';

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
        if (!dryRun) {
          metrics.applyTook((performance.now() - startedAt) / 1000);
          count(metrics, outcome);
        }
        return answer(reply, outcome);
      },
    );
  });
}

function count(metrics: ApiParts['metrics'], outcome: DeployOutcome): void {
  if (outcome.kind === 'done') for (const result of outcome.results) metrics.applied(result.outcome);
  else metrics.applied(outcome.kind === 'invalid' ? 'invalid' : 'refused');
}

function answer(reply: FastifyReply, outcome: DeployOutcome): FastifyReply {
  switch (outcome.kind) {
    case 'done':
      return reply.send({ results: outcome.results });
    case 'invalid': {
      const { length } = outcome.problems;
      const message =
        length === 1 ? 'there is a problem in the file' : `there are ${length} problems in the file`;
      return sendError(reply, { code: 'invalid-overlay', message, problems: [...outcome.problems] });
    }
    case 'refused': {
      const nodes = new Set(outcome.refusals.map(({ node }) => node));
      const message = `nothing was changed, for ${[...nodes].join(', ')} did not agree`;
      return sendError(reply, { code: 'refused', message, refusals: [...outcome.refusals] });
    }
    case 'conflict':
      return sendError(reply, { code: 'conflict', message: outcome.message });
  }
}
