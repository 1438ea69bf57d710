import type { RefusedLine, VtyClient } from '../vty-client.ts';
import type { VtyReply } from '../vty-protocol.ts';

/** How a running daemon is told its configuration and asked what it knows, whatever way that takes. */
export interface DaemonChannel {
  /** As `VtyClient.configure`. */
  configure(
    commands: readonly string[],
    onRefusal: 'stop' | 'go-on',
    timeoutMs: number,
  ): Promise<RefusedLine[]>;

  /** What a daemon knows below a path of YANG, as JSON of RFC 7951; empty where it knows nothing. */
  readState(path: string, timeoutMs: number): Promise<string>;

  /** A command of FRR's own shell: most of what daemons know is in no YANG model. As `VtyClient.ask`. */
  ask(command: string, timeoutMs: number): Promise<VtyReply>;
}

/** All by the daemon's VTY socket. */
export class VtyChannel implements DaemonChannel {
  readonly #vty: () => VtyClient;

  constructor(vty: () => VtyClient) {
    this.#vty = vty;
  }

  configure(
    commands: readonly string[],
    onRefusal: 'stop' | 'go-on',
    timeoutMs: number,
  ): Promise<RefusedLine[]> {
    return this.#vty().configure(commands, onRefusal, timeoutMs);
  }

  async readState(path: string, timeoutMs: number): Promise<string> {
    return (await this.ask(`show yang operational-data ${path}`, timeoutMs)).text;
  }

  ask(command: string, timeoutMs: number): Promise<VtyReply> {
    return this.#vty().ask(command, timeoutMs);
  }
}
