import type { FastifyReply } from 'fastify';
import type { ControllerMetrics } from '../metrics.ts';
import type { DeployOutcome } from '../overlays/deployment.ts';
import { sendError } from './error-reply.ts';

export function countDeploy(metrics: ControllerMetrics, outcome: DeployOutcome, tookMs: number): void {
  metrics.applyTook(tookMs / 1000);
  if (outcome.kind === 'done') for (const result of outcome.results) metrics.applied(result.outcome);
  else metrics.applied(outcome.kind === 'invalid' ? 'invalid' : 'refused');
}

/** @param where the problems are, where there are any: "in the file" */
export function sendOutcome(reply: FastifyReply, outcome: DeployOutcome, where: string): FastifyReply {
  switch (outcome.kind) {
    case 'done':
      return reply.send({ results: outcome.results });
    case 'invalid': {
      const { length } = outcome.problems;
      const message = length === 1 ? `there is a problem ${where}` : `there are ${length} problems ${where}`;
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
