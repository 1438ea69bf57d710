import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { errorText, VinetError } from '../model/vinet-error.ts';
import { type ExecChannel, openExecChannel } from './exec-channel.ts';
import type { AgentMessage, ControllerMessage, ExecInput, ExecOutput } from './fleet-message.ts';
import { CHANNEL_OPTIONS, loadFleetService } from './fleet-service.ts';
import { openOutbox } from './outbox.ts';
import { statusOf } from './stream-end.ts';

export interface FleetServerOptions {
  /** `unix:/run/vinet/controller.sock` or `host:port`; port 0 takes any. */
  readonly address: string;
  /** PEM texts; with `ca` agents must show a certificate of it. Null listens without TLS. */
  readonly tls: { readonly key: string; readonly cert: string; readonly ca: string | null } | null;
  /** Whether a stream with this `authorization` header may open; the header is empty when none was sent. */
  readonly authorize: (authorization: string) => boolean;
  readonly onJoin: (stream: AgentStream) => void;
  /** The first message names the ticket. */
  readonly onAttach: (channel: ExecChannel<ExecInput, ExecOutput>) => void;
}

/** The controller's end of an agent's stream. Nothing is received before `listen`. */
export interface AgentStream {
  readonly peer: string;
  /** False when the stream is gone. */
  send(message: ControllerMessage): boolean;
  /** For what replaces the message of its kind before it: only the newest waits for a slow agent. */
  sendLatest(message: ControllerMessage): boolean;
  /** `closed` is called once, after the last message. */
  listen(listener: { message(message: AgentMessage): void; closed(): void }): void;
  /** Ends the stream; the agent reads the error's code and words. */
  close(error?: VinetError): void;
}

export interface FleetServer {
  /** The port that was bound; 0 for a Unix socket. */
  readonly port: number;
  /** Ends all streams. */
  close(): void;
}

/** Fails with `listen-failed`. */
export async function startFleetServer(options: FleetServerOptions): Promise<FleetServer> {
  const server = new Server(CHANNEL_OPTIONS);
  server.addService(
    { ...loadFleetService() },
    {
      Join: guarded(options, (call: JoinCall) => options.onJoin(agentStream(call))),
      Attach: guarded(options, (call: AttachCall) => {
        options.onAttach(openExecChannel<ExecInput, ExecOutput>(call, () => refuse(call, GONE)));
      }),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(options.address, credentialsOf(options), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(listenFailure(options.address, error));
    });
  });
  return { port, close: () => server.forceShutdown() };
}

type JoinCall = ServerDuplexStream<AgentMessage, ControllerMessage>;
type AttachCall = ServerDuplexStream<ExecOutput, ExecInput>;

const GONE = new VinetError('unreachable', 'the controller broke the stream off');

function guarded<In, Out>(
  options: FleetServerOptions,
  handle: (call: ServerDuplexStream<In, Out>) => void,
): (call: ServerDuplexStream<In, Out>) => void {
  return (call) => {
    const [authorization = ''] = call.metadata.get('authorization');
    if (options.authorize(String(authorization))) handle(call);
    else refuse(call, new VinetError('unauthorized', "the controller's token is missing or wrong"));
  };
}

function agentStream(call: JoinCall): AgentStream {
  const outbox = openOutbox<ControllerMessage>(call);
  call.on('error', () => {});
  return {
    peer: call.getPeer(),
    send: outbox.send,
    sendLatest: outbox.sendLatest,
    listen(listener) {
      call.on('data', (message: AgentMessage) => listener.message(message));
      call.on('end', () => call.end());
      call.once('close', () => listener.closed());
    },
    close(error) {
      if (error === undefined) call.end();
      else refuse(call, error);
    },
  };
}

/** gRPC's way to end a stream with a status; the listener that its library adds turns the event into one. */
function refuse<In, Out>(call: ServerDuplexStream<In, Out>, error: VinetError): void {
  call.emit('error', statusOf(error));
}

function credentialsOf({ tls }: FleetServerOptions): ServerCredentials {
  if (tls === null) return ServerCredentials.createInsecure();
  const ca = tls.ca === null ? null : Buffer.from(tls.ca);
  const pair = { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) };
  return ServerCredentials.createSsl(ca, [pair], ca !== null);
}

function listenFailure(address: string, cause: Error): VinetError {
  const message = `cannot listen for agents on ${address} (${errorText(cause)}): stop what listens there, or choose another address with --grpc-listen`;
  return new VinetError('listen-failed', message, { cause, context: { address } });
}
