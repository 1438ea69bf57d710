import type { Node } from '../model/node.ts';
import type { NodeState } from '../model/node-state.ts';
import type { NodeStatus } from '../model/status.ts';
import { connectFleet, type FleetClientOptions, type FleetSession } from '../rpc/fleet-client.ts';
import type { ReportedEvent } from '../rpc/report-codec.ts';
import type { FleetReply, FleetRequest } from '../rpc/request-codec.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3_000;

export interface ControllerLinkOptions {
  readonly address: string;
  readonly token: string;
  readonly tls: FleetClientOptions['tls'];
  readonly node: Node;
  readonly onDesired: (state: NodeState) => void;
  readonly onRequest: (request: FleetRequest, session: FleetSession) => Promise<FleetReply>;
  /** The session ended; reservations made in it are void. */
  readonly onLost: () => void;
  readonly log: (message: string) => void;
}

/** Stays registered with the controller: dials again whenever the stream ends, for as long as the agent lives. */
export class ControllerLink {
  private readonly options: ControllerLinkOptions;
  private session: FleetSession | null = null;
  private welcomed = false;
  private lastStatus: NodeStatus | null = null;
  private closed = false;
  private readonly stop = new AbortController();
  private readonly finished: Promise<void>;

  constructor(options: ControllerLinkOptions) {
    this.options = options;
    this.finished = this.run();
  }

  get connected(): boolean {
    return this.welcomed;
  }

  sendStatus(status: NodeStatus): void {
    this.lastStatus = status;
    if (this.welcomed) this.session?.sendStatus(status);
  }

  sendEvent(event: ReportedEvent): void {
    if (this.welcomed) this.session?.sendEvent(event);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.stop.abort();
    this.session?.close();
    await this.finished;
  }

  private async run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    let complaint = '';
    while (!this.closed) {
      const error = await this.runSession();
      if (this.closed) return;
      const reason = error ?? 'the controller went away';
      if (reason !== complaint) this.options.log(reason);
      complaint = reason;
      pauseMs = this.welcomed ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      this.welcomed = false;
      await this.pause(pauseMs);
    }
  }

  /** @returns why it ended; null when in good order. */
  private async runSession(): Promise<string | null> {
    const { address, token, tls, node, onDesired, onRequest, onLost, log } = this.options;
    const session = connectFleet({
      address,
      token,
      tls,
      node,
      onWelcome: (version) => {
        this.welcomed = true;
        log(`registered with the controller ${version} at ${address}`);
        if (this.lastStatus !== null) session.sendStatus(this.lastStatus);
      },
      onDesired,
      onRequest: (request) => onRequest(request, session),
    });
    this.session = session;
    const error = await session.closed;
    onLost();
    return error === null ? null : error.message;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.stop.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
