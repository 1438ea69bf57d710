import { VinetError } from '../model/vinet-error.ts';
import { summarizeChange } from '../planner/change-summary.ts';
import type { FleetSession } from '../rpc/fleet-client.ts';
import type { FleetReply, FleetRequest } from '../rpc/request-codec.ts';
import type { Agent } from './agent.ts';
import { type CandidateCheckOptions, checkCandidate } from './candidate-check.ts';
import { runExec } from './exec.ts';
import type { Namespace } from './kernel/kernel.ts';
import type { Reservation } from './reservation.ts';
import { traceRoute } from './trace.ts';

/** Answers what the controller asks. What is thrown reaches it as a failed reply. */
export async function answerRequest(
  request: FleetRequest,
  session: FleetSession,
  agent: Agent,
  reservation: Reservation,
  check: CandidateCheckOptions,
): Promise<FleetReply> {
  switch (request.kind) {
    case 'prepare':
      return prepare(request, agent, reservation, check);
    case 'abort':
      reservation.release(request.transaction);
      return { kind: 'done' };
    case 'read-routes':
      return { kind: 'routes', routes: await require(agent, request.overlay, request.member).readRoutes() };
    case 'trace': {
      const from = require(agent, request.overlay, request.from);
      return { kind: 'hops', hops: await traceRoute(from, request.destination) };
    }
    case 'open-exec': {
      const inside = require(agent, request.overlay, request.member);
      void runExec(session.attach(request.ticket), inside, request.argv);
      return { kind: 'done' };
    }
  }
}

async function prepare(
  request: Extract<FleetRequest, { kind: 'prepare' }>,
  agent: Agent,
  reservation: Reservation,
  check: CandidateCheckOptions,
): Promise<FleetReply> {
  const { candidate, transaction, dryRun } = request;
  if (!dryRun && !reservation.take(transaction))
    return { kind: 'prepared', changes: [], refusals: ['another deployment is being prepared on it'] };
  const refusals = await checkCandidate(candidate, check);
  if (refusals.length > 0) {
    reservation.release(transaction);
    return { kind: 'prepared', changes: [], refusals };
  }
  return { kind: 'prepared', changes: (await agent.preview(candidate)).map(summarizeChange), refusals: [] };
}

function require(agent: Agent, overlay: string, member: string): Namespace {
  const namespace = agent.findMember(overlay, member);
  if (namespace === null) throw new VinetError('not-found', `${overlay}/${member} is not up on this node`);
  return namespace;
}
