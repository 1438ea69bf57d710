import { constants } from 'node:os';
import type { Node } from '../model/node.ts';
import type { NodeState } from '../model/node-state.ts';
import type { NodeStatus } from '../model/status.ts';
import { badMessage, part } from './field.ts';
import { decodeNodeState, encodeNodeState } from './node-state-codec.ts';
import {
  decodeEvent,
  decodeRegister,
  decodeStatus,
  encodeEvent,
  encodeRegister,
  encodeStatus,
  type ReportedEvent,
} from './report-codec.ts';
import {
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeRequest,
  type FleetReply,
  type FleetRequest,
} from './request-codec.ts';
import type { WireAgentMessage, WireControllerMessage, WireExecInput, WireExecOutput } from './wire.ts';

/** What an agent says on its stream; the first message is `register`. */
export type AgentMessage =
  | { readonly kind: 'register'; readonly node: Node }
  | { readonly kind: 'status'; readonly status: NodeStatus }
  | { readonly kind: 'event'; readonly event: ReportedEvent }
  | { readonly kind: 'reply'; readonly id: number; readonly reply: FleetReply };

/** What the controller says; the first message is `welcome`. */
export type ControllerMessage =
  | { readonly kind: 'welcome'; readonly version: string }
  | { readonly kind: 'desired'; readonly state: NodeState }
  | { readonly kind: 'request'; readonly id: number; readonly request: FleetRequest };

/** What comes out of a command. The ticket of the request that asked for it goes with every frame. */
export interface ExecOutput {
  readonly ticket: string;
  readonly body:
    | { readonly kind: 'attached' }
    | { readonly kind: 'stdout' | 'stderr'; readonly data: Uint8Array }
    | ({ readonly kind: 'exit' } & ExecExit);
}

export interface ExecExit {
  readonly status: number;
  /** Name of the signal that ended it; empty when it ended by itself. */
  readonly signal: string;
  /** Why it could not be started; empty when it was. */
  readonly failure: string;
}

/** What goes into a command. */
export type ExecInput =
  | { readonly kind: 'stdin'; readonly data: Uint8Array }
  | { readonly kind: 'stdin-closed' }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals };

export function encodeAgentMessage(message: AgentMessage): WireAgentMessage {
  switch (message.kind) {
    case 'register':
      return { register: encodeRegister(message.node) };
    case 'status':
      return { status: encodeStatus(message.status) };
    case 'event':
      return { event: encodeEvent(message.event) };
    case 'reply':
      return { reply: encodeReply(message.id, message.reply) };
  }
}

export function decodeAgentMessage(wire: WireAgentMessage): AgentMessage {
  switch (wire.body) {
    case 'register':
      return { kind: 'register', node: decodeRegister(part(wire.register, 'register')) };
    case 'status':
      return { kind: 'status', status: decodeStatus(part(wire.status, 'status')) };
    case 'event':
      return { kind: 'event', event: decodeEvent(part(wire.event, 'event')) };
    case 'reply':
      return { kind: 'reply', ...decodeReply(part(wire.reply, 'reply')) };
    default:
      throw badMessage('body', 'is missing or unknown to this version');
  }
}

export function encodeControllerMessage(message: ControllerMessage): WireControllerMessage {
  switch (message.kind) {
    case 'welcome':
      return { welcome: { version: message.version } };
    case 'desired':
      return { desired: encodeNodeState(message.state) };
    case 'request':
      return { request: encodeRequest(message.id, message.request) };
  }
}

export function decodeControllerMessage(wire: WireControllerMessage): ControllerMessage {
  switch (wire.body) {
    case 'welcome':
      return { kind: 'welcome', version: part(wire.welcome, 'welcome').version };
    case 'desired':
      return { kind: 'desired', state: decodeNodeState(part(wire.desired, 'desired')) };
    case 'request':
      return { kind: 'request', ...decodeRequest(part(wire.request, 'request')) };
    default:
      throw badMessage('body', 'is missing or unknown to this version');
  }
}

export function encodeExecOutput({ ticket, body }: ExecOutput): WireExecOutput {
  switch (body.kind) {
    case 'attached':
      return { ticket };
    case 'stdout':
      return { ticket, stdout: body.data };
    case 'stderr':
      return { ticket, stderr: body.data };
    case 'exit':
      return { ticket, exit: body };
  }
}

export function decodeExecOutput(wire: WireExecOutput): ExecOutput {
  const { ticket } = wire;
  switch (wire.body) {
    case undefined:
      return { ticket, body: { kind: 'attached' } };
    case 'stdout':
      return { ticket, body: { kind: 'stdout', data: part(wire.stdout, 'stdout') } };
    case 'stderr':
      return { ticket, body: { kind: 'stderr', data: part(wire.stderr, 'stderr') } };
    case 'exit':
      return { ticket, body: { kind: 'exit', ...part(wire.exit, 'exit') } };
    default:
      throw badMessage('body', 'is unknown to this version');
  }
}

export function encodeExecInput(input: ExecInput): WireExecInput {
  switch (input.kind) {
    case 'stdin':
      return { stdin: input.data };
    case 'stdin-closed':
      return { stdinClosed: true };
    case 'signal':
      return { signal: input.signal };
  }
}

export function decodeExecInput(wire: WireExecInput): ExecInput {
  switch (wire.body) {
    case 'stdin':
      return { kind: 'stdin', data: part(wire.stdin, 'stdin') };
    case 'stdinClosed':
      return { kind: 'stdin-closed' };
    case 'signal':
      return { kind: 'signal', signal: signalName(part(wire.signal, 'signal')) };
    default:
      throw badMessage('body', 'is missing or unknown to this version');
  }
}

function signalName(name: string): NodeJS.Signals {
  if (!isSignal(name)) throw badMessage('signal', 'is not the name of a signal');
  return name;
}

function isSignal(name: string): name is NodeJS.Signals {
  return Object.hasOwn(constants.signals, name);
}
