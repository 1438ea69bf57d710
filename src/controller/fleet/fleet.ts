import type { Logger } from 'pino';
import type { Node } from '../../model/node.ts';
import type { NodeState } from '../../model/node-state.ts';
import type { NodeStatus } from '../../model/status.ts';
import { errorText, VinetError } from '../../model/vinet-error.ts';
import type { AgentMessage } from '../../rpc/fleet-message.ts';
import { type AgentStream, startFleetServer } from '../../rpc/fleet-server.ts';
import type { ReportedEvent } from '../../rpc/report-codec.ts';
import type { FleetReply, FleetRequest } from '../../rpc/request-codec.ts';
import type { ListenAddress } from '../listen/listen-address.ts';
import { formatListenAddress } from '../listen/listen-address.ts';
import { bearsToken } from '../listen/token.ts';
import { clearStaleSocket, restrictSocket } from '../listen/unix-socket.ts';
import { type AgentSession, openAgentSession } from './agent-session.ts';
import { type CommandChannel, createExecTickets } from './exec-tickets.ts';

/** The agents that are connected now. */
export interface Fleet {
  isConnected(node: string): boolean;
  /** What the agent last said in its present session; null before that. */
  statusOf(node: string): NodeStatus | null;
  /** Fails with `not-connected`, `timeout`, or the agent's own code and words. */
  request(
    node: string,
    request: FleetRequest,
    deadlineMs: number,
  ): Promise<Exclude<FleetReply, { kind: 'failed' }>>;
  /** Asks for nothing in return; a node that is away is no failure. */
  tell(node: string, request: FleetRequest): void;
  desire(node: string, state: NodeState): void;
  /** Starts a command in an environment of the node and resolves with its stream. */
  openExec(node: string, command: ExecCommand, deadlineMs: number): Promise<CommandChannel>;
}

export interface ExecCommand {
  readonly overlay: string;
  readonly member: string;
  readonly argv: readonly string[];
}

/** Who decides about agents and wants to know of them. */
export interface FleetListener {
  /** Before a node is welcome; what it throws is told to the agent, and its stream ends. */
  admit(node: Node): Promise<void>;
  joined(node: string): void;
  left(node: string): void;
  reported(node: string, status: NodeStatus): void;
  happened(node: string, event: ReportedEvent): void;
}

export interface FleetOptions {
  readonly address: ListenAddress;
  /** PEM texts. */
  readonly tls: { readonly key: string; readonly cert: string; readonly ca: string | null } | null;
  /** Asked of agents that come by TCP; a Unix socket is guarded by its mode. */
  readonly token: string;
  readonly version: string;
  readonly log: Logger;
}

const REGISTRATION_DEADLINE_MS = 10_000;

/** The fleet before and while it listens. Made apart from its listener, which needs the fleet itself. */
export class AgentFleet implements Fleet {
  readonly #options: FleetOptions;
  /** Also those that are still being admitted: a name is taken from its registration on. */
  readonly #names = new Set<string>();
  readonly #sessions = new Map<string, AgentSession>();
  readonly #statuses = new Map<string, NodeStatus>();
  readonly #tickets = createExecTickets();
  /** No node leaves a controller that itself goes away. */
  #closing = false;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Fails with `address-in-use` or `listen-failed`. */
  async listen(listener: FleetListener): Promise<{ address: string; close(): void }> {
    const { address, tls, token, log } = this.#options;
    if (address.kind === 'unix') await clearStaleSocket(address.path);
    const server = await startFleetServer({
      address: formatListenAddress(address),
      tls,
      authorize: (authorization) => address.kind === 'unix' || bearsToken(authorization, token),
      onJoin: (stream) => this.#join(stream, listener),
      onAttach: (channel) => void this.#tickets.redeem(channel),
    });
    if (address.kind === 'unix') restrictSocket(address.path);
    const bound = formatListenAddress(address.kind === 'unix' ? address : { ...address, port: server.port });
    log.info({ address: bound }, 'waiting for agents');
    return {
      address: bound,
      close: () => {
        this.#closing = true;
        server.close();
      },
    };
  }

  isConnected(node: string): boolean {
    return this.#sessions.has(node);
  }

  statusOf(node: string): NodeStatus | null {
    return this.#statuses.get(node) ?? null;
  }

  async request(node: string, request: FleetRequest, deadlineMs: number) {
    return await this.#session(node).request(request, deadlineMs);
  }

  tell(node: string, request: FleetRequest): void {
    this.#sessions.get(node)?.tell(request);
  }

  desire(node: string, state: NodeState): void {
    this.#sessions.get(node)?.desire(state);
  }

  async openExec(node: string, command: ExecCommand, deadlineMs: number): Promise<CommandChannel> {
    const { ticket, channel, revoke } = this.#tickets.issue(deadlineMs);
    try {
      await this.request(node, { kind: 'open-exec', ticket, ...command }, deadlineMs);
      return await channel;
    } catch (error) {
      revoke();
      throw error;
    }
  }

  #session(node: string): AgentSession {
    const session = this.#sessions.get(node);
    if (session !== undefined) return session;
    throw new VinetError('not-connected', `node ${node} is not connected`, { context: { node } });
  }

  #join(stream: AgentStream, listener: FleetListener): void {
    let registration: Registration | null = null;
    const deadline = setTimeout(() => {
      stream.close(new VinetError('protocol', 'the agent did not register in time'));
    }, REGISTRATION_DEADLINE_MS);
    stream.listen({
      message: (message) => {
        clearTimeout(deadline);
        if (registration !== null) registration.take(message);
        else if (message.kind === 'register') registration = this.#register(stream, message.node, listener);
        else stream.close(new VinetError('protocol', 'the first message of an agent must be register'));
      },
      closed: () => {
        clearTimeout(deadline);
        registration?.end();
      },
    });
  }

  /** Null when the name is taken. */
  #register(stream: AgentStream, node: Node, listener: FleetListener): Registration | null {
    const { log } = this.#options;
    const { name } = node;
    if (this.#names.has(name)) {
      log.warn({ node: name, peer: stream.peer }, 'refused a second agent of the same name');
      stream.close(new VinetError('name-taken', `an agent of the name ${name} is connected already`));
      return null;
    }
    this.#names.add(name);
    const session = openAgentSession(stream, node);
    let over = false;
    this.#admit(stream, session, listener, () => over).catch((error: unknown) => {
      log.error({ node: name, err: error }, 'could not admit the agent');
      stream.close(new VinetError('internal', 'the controller could not admit the agent'));
    });
    return {
      take: (message) => this.#take(stream, session, message, listener),
      end: () => {
        over = true;
        this.#names.delete(name);
        session.end();
        if (this.#sessions.get(name) !== session) return;
        this.#sessions.delete(name);
        this.#statuses.delete(name);
        if (!this.#closing) listener.left(name);
      },
    };
  }

  async #admit(
    stream: AgentStream,
    session: AgentSession,
    listener: FleetListener,
    isOver: () => boolean,
  ): Promise<void> {
    const { name } = session.node;
    try {
      await listener.admit(session.node);
    } catch (error) {
      this.#options.log.warn({ node: name, reason: errorText(error) }, 'refused the agent');
      if (!(error instanceof VinetError)) throw error;
      stream.close(error);
      return;
    }
    if (isOver()) return;
    this.#sessions.set(name, session);
    stream.send({ kind: 'welcome', version: this.#options.version });
    listener.joined(name);
  }

  #take(stream: AgentStream, session: AgentSession, message: AgentMessage, listener: FleetListener): void {
    const { name } = session.node;
    switch (message.kind) {
      case 'reply':
        session.answer(message.id, message.reply);
        break;
      case 'status':
        if (this.#sessions.get(name) !== session) break;
        this.#statuses.set(name, message.status);
        listener.reported(name, message.status);
        break;
      case 'event':
        listener.happened(name, message.event);
        break;
      case 'register':
        stream.close(new VinetError('protocol', 'an agent registers once a stream'));
    }
  }
}

interface Registration {
  take(message: AgentMessage): void;
  end(): void;
}
