import type { ChangeSummary } from '../model/change.ts';
import type { NodeState } from '../model/node-state.ts';
import type { Route } from '../model/route.ts';
import type { Hop } from '../model/trace.ts';
import { badMessage, choice, count, line, memberName, overlayName, part } from './field.ts';
import { decodeNodeState, encodeNodeState } from './node-state-codec.ts';
import type { WireReply, WireRequest } from './wire.ts';

/** What the controller asks of an agent. */
export type FleetRequest =
  | {
      readonly kind: 'prepare';
      readonly transaction: string;
      readonly candidate: NodeState;
      /** Only look: reserve nothing. */
      readonly dryRun: boolean;
    }
  | { readonly kind: 'abort'; readonly transaction: string }
  | { readonly kind: 'read-routes'; readonly overlay: string; readonly member: string }
  | {
      readonly kind: 'open-exec';
      readonly ticket: string;
      readonly overlay: string;
      readonly member: string;
      readonly argv: readonly string[];
    }
  | { readonly kind: 'trace'; readonly overlay: string; readonly from: string; readonly destination: string };

/** What an agent answers: `done` where there is nothing to say but that it worked. */
export type FleetReply =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | {
      readonly kind: 'prepared';
      readonly changes: readonly ChangeSummary[];
      /** Everything in the way, a sentence each; empty when the node is willing. */
      readonly refusals: readonly string[];
    }
  | { readonly kind: 'routes'; readonly routes: readonly Route[] }
  | { readonly kind: 'hops'; readonly hops: readonly Hop[] };

export function encodeRequest(id: number, request: FleetRequest): WireRequest {
  switch (request.kind) {
    case 'prepare': {
      const { transaction, candidate, dryRun } = request;
      return { id, prepare: { transaction, candidate: encodeNodeState(candidate), dryRun } };
    }
    case 'abort':
      return { id, abort: request };
    case 'read-routes':
      return { id, readRoutes: request };
    case 'open-exec':
      return { id, openExec: request };
    case 'trace':
      return { id, trace: request };
  }
}

export function decodeRequest(wire: WireRequest): { id: number; request: FleetRequest } {
  return { id: count(wire.id, 'request.id'), request: decodeRequestBody(wire) };
}

export function encodeReply(id: number, reply: FleetReply): WireReply {
  const success = { id, errorCode: '', errorMessage: '' };
  switch (reply.kind) {
    case 'done':
      return success;
    case 'failed':
      // An empty code would read as success at the other end.
      return { id, errorCode: reply.code || 'internal', errorMessage: reply.message };
    case 'prepared':
      return { ...success, prepared: reply };
    case 'routes':
      return { ...success, routes: reply };
    case 'hops':
      return { ...success, hops: reply };
  }
}

export function decodeReply(wire: WireReply): { id: number; reply: FleetReply } {
  return { id: count(wire.id, 'reply.id'), reply: decodeReplyBody(wire) };
}

function decodeRequestBody(wire: WireRequest): FleetRequest {
  switch (wire.body) {
    case 'prepare': {
      const { transaction, candidate, dryRun } = part(wire.prepare, 'prepare');
      const state = decodeNodeState(part(candidate, 'prepare.candidate'));
      return { kind: 'prepare', transaction, candidate: state, dryRun };
    }
    case 'abort':
      return { kind: 'abort', transaction: part(wire.abort, 'abort').transaction };
    case 'readRoutes': {
      const { overlay, member } = part(wire.readRoutes, 'read_routes');
      return { kind: 'read-routes', ...memberOf(overlay, member, 'read_routes') };
    }
    case 'openExec': {
      const { ticket, overlay, member, argv } = part(wire.openExec, 'open_exec');
      return { kind: 'open-exec', ticket, ...memberOf(overlay, member, 'open_exec'), argv: [...argv] };
    }
    case 'trace': {
      const { overlay, from, destination } = part(wire.trace, 'trace');
      return {
        kind: 'trace',
        overlay: overlayName(overlay, 'trace.overlay'),
        from: memberName(from, 'trace.from'),
        destination: line(destination, 'trace.destination'),
      };
    }
    default:
      throw badMessage('request.body', 'is missing or unknown to this version');
  }
}

function memberOf(overlay: string, member: string, field: string): { overlay: string; member: string } {
  return {
    overlay: overlayName(overlay, `${field}.overlay`),
    member: memberName(member, `${field}.member`),
  };
}

function decodeReplyBody(wire: WireReply): FleetReply {
  if (wire.errorCode !== '') return { kind: 'failed', code: wire.errorCode, message: wire.errorMessage };
  switch (wire.body) {
    case undefined:
      return { kind: 'done' };
    case 'prepared': {
      const { changes, refusals } = part(wire.prepared, 'prepared');
      return { kind: 'prepared', changes: changes.map(decodeChange), refusals: [...refusals] };
    }
    case 'routes':
      return { kind: 'routes', routes: part(wire.routes, 'routes').routes.map(decodeRoute) };
    case 'hops':
      return { kind: 'hops', hops: part(wire.hops, 'hops').hops.map(decodeHop) };
    default:
      throw badMessage('reply.body', 'is unknown to this version');
  }
}

function decodeChange(wire: {
  action: string;
  namespace: string;
  object: string;
  detail: string;
}): ChangeSummary {
  const action = choice(wire.action, ['create', 'update', 'delete'], 'change.action');
  return { ...wire, action };
}

function decodeRoute(wire: Route): Route {
  return { ...wire, nextHops: wire.nextHops.map((hop) => ({ ...hop })) };
}

function decodeHop(wire: Hop): Hop {
  if (!Number.isFinite(wire.rttMs) || wire.rttMs < 0) throw badMessage('hop.rtt_ms', 'is out of range');
  return { ...wire };
}
