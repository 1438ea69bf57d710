import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import type { Node } from '../model/node.ts';
import type { NodeState } from '../model/node-state.ts';
import type { NodeStatus } from '../model/status.ts';
import { errorText, VinetError } from '../model/vinet-error.ts';
import { type ExecChannel, openExecChannel } from './exec-channel.ts';
import type { AgentMessage, ControllerMessage, ExecInput, ExecOutput } from './fleet-message.ts';
import { CHANNEL_OPTIONS, loadFleetService } from './fleet-service.ts';
import { openOutbox } from './outbox.ts';
import type { ReportedEvent } from './report-codec.ts';
import type { FleetReply, FleetRequest } from './request-codec.ts';
import { errorOfStatus } from './stream-end.ts';

export interface FleetClientOptions {
  /** `unix:/run/vinet/controller.sock` or `host:port`. */
  readonly address: string;
  /** Bearer token; empty for none (a Unix socket is guarded by its mode). */
  readonly token: string;
  /** PEM texts; null speaks without TLS. */
  readonly tls: {
    readonly ca: string | null;
    readonly key: string | null;
    readonly cert: string | null;
  } | null;
  /** What the node registers as. */
  readonly node: Node;
  /** The controller has accepted the registration. */
  readonly onWelcome: (controllerVersion: string) => void;
  readonly onDesired: (state: NodeState) => void;
  /** Requests run side by side. What is thrown becomes a failed reply with the VinetError's code and words. */
  readonly onRequest: (request: FleetRequest) => Promise<FleetReply>;
}

/** One registration with a controller, from dialling until either side goes away. */
export interface FleetSession {
  /** While the controller is slow only the newest status waits. Nothing happens on a session that is over. */
  sendStatus(status: NodeStatus): void;
  sendEvent(event: ReportedEvent): void;
  /** Opens the stream of a command, after an `open-exec` request with this ticket. */
  attach(ticket: string): ExecChannel<ExecOutput['body'], ExecInput>;
  /** Never rejects: null when either side ended it in good order, otherwise why it broke. */
  readonly closed: Promise<VinetError | null>;
  close(): void;
}

/**
 * Dials the controller and registers. Dials once: who wants to go on after `closed` calls it again, with
 * back-off. Errors of `closed`: `unreachable`, `unauthorized`, `name-taken`, `bad-message`,
 * `connection-lost` (also after 10 s without a sign of life).
 */
export function connectFleet(options: FleetClientOptions): FleetSession {
  const service = loadFleetService();
  const client = new Client(options.address, credentialsOf(options), CLIENT_OPTIONS);
  const metadata = () => {
    const values = new Metadata();
    if (options.token !== '') values.set('authorization', `Bearer ${options.token}`);
    return values;
  };
  const { Join, Attach } = service;
  const stream = client.makeBidiStreamRequest(
    Join.path,
    Join.requestSerialize,
    Join.responseDeserialize,
    metadata(),
  );
  const outbox = openOutbox<AgentMessage>(stream);
  stream.on('data', (message: ControllerMessage) => {
    receive(message, options, (id, reply) => outbox.send({ kind: 'reply', id, reply }));
  });
  const closed = endOf(stream).finally(() => client.close());
  outbox.send({ kind: 'register', node: options.node });

  return {
    sendStatus: (status) => void outbox.sendLatest({ kind: 'status', status }),
    sendEvent: (event) => void outbox.send({ kind: 'event', event }),
    attach(ticket) {
      const exec = client.makeBidiStreamRequest(
        Attach.path,
        Attach.requestSerialize,
        Attach.responseDeserialize,
        metadata(),
      );
      const channel = openExecChannel<ExecOutput, ExecInput>(exec, () => exec.cancel());
      void channel.send({ ticket, body: { kind: 'attached' } });
      return { ...channel, send: (body) => channel.send({ ticket, body }) };
    },
    closed,
    close: () => stream.end(),
  };
}

const CLIENT_OPTIONS = {
  ...CHANNEL_OPTIONS,
  // A shared subchannel would make a new session wait for the back-off of the one before.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};

function credentialsOf({ tls }: FleetClientOptions) {
  if (tls === null) return credentials.createInsecure();
  const pem = (text: string | null) => (text === null ? null : Buffer.from(text));
  return credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
}

function receive(
  message: ControllerMessage,
  options: FleetClientOptions,
  answer: (id: number, reply: FleetReply) => void,
): void {
  switch (message.kind) {
    case 'welcome':
      options.onWelcome(message.version);
      break;
    case 'desired':
      options.onDesired(message.state);
      break;
    case 'request':
      options.onRequest(message.request).then(
        (reply) => answer(message.id, reply),
        (error: unknown) => answer(message.id, failure(error)),
      );
  }
}

function failure(error: unknown): FleetReply {
  const code = error instanceof VinetError ? error.code : 'internal';
  return { kind: 'failed', code, message: errorText(error) };
}

function endOf(stream: ClientDuplexStream<AgentMessage, ControllerMessage>): Promise<VinetError | null> {
  return new Promise((resolve) => {
    stream.on('error', (error) => resolve(errorOfStatus(error)));
    stream.on('end', () => stream.end());
    stream.on('status', (status) => {
      if (status.code === 0) resolve(null);
    });
  });
}
