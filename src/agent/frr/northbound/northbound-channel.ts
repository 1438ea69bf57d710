import { setTimeout as delay } from 'node:timers/promises';
import { VinetError } from '../../../model/vinet-error.ts';
import type { YangEdit } from '../../../model/yang-edit.ts';
import type { NorthboundClient } from '../../../rpc/northbound-client.ts';
import type { RefusedLine, VtyClient } from '../vty-client.ts';
import type { VtyReply } from '../vty-protocol.ts';
import { type DaemonChannel, VtyChannel } from './daemon-channel.ts';
import { splitCommands } from './yang-edits.ts';

/** The module begins to listen only after the daemon has answered on its VTY. */
const LISTENS_WITHIN_MS = 2_000;
const LOOK_MS = 20;

export interface NorthboundChannelOptions {
  readonly daemon: string;
  readonly connect: (timeoutMs: number) => NorthboundClient;
  readonly vty: () => VtyClient;
  readonly log: (message: string) => void;
}

/**
 * What has words in YANG goes to the daemon in one transaction by gRPC, all else by VTY. What gRPC refuses VTY is
 * asked for as well, which says what is wrong in FRR's words and names the line.
 */
export class NorthboundChannel implements DaemonChannel {
  readonly #options: NorthboundChannelOptions;
  readonly #vty: VtyChannel;
  #commits = 0;

  constructor(options: NorthboundChannelOptions) {
    this.#options = options;
    this.#vty = new VtyChannel(options.vty);
  }

  /** Transactions that took effect by gRPC. */
  get commits(): number {
    return this.#commits;
  }

  async configure(
    commands: readonly string[],
    onRefusal: 'stop' | 'go-on',
    timeoutMs: number,
  ): Promise<RefusedLine[]> {
    const { edits, rest } = splitCommands(this.#options.daemon, commands);
    const isDone = edits.length > 0 && (await this.#commit(edits, timeoutMs));
    const left = isDone ? rest : commands;
    return left.length === 0 ? [] : this.#vty.configure(left, onRefusal, timeoutMs);
  }

  async readState(path: string, timeoutMs: number): Promise<string> {
    try {
      return await this.#visit(timeoutMs, (client) => client.read('STATE', path));
    } catch (error) {
      if (error instanceof VinetError) return this.#vty.readState(path, timeoutMs);
      throw error;
    }
  }

  ask(command: string, timeoutMs: number): Promise<VtyReply> {
    return this.#vty.ask(command, timeoutMs);
  }

  async #commit(edits: readonly YangEdit[], timeoutMs: number): Promise<boolean> {
    try {
      await this.#visit(timeoutMs, (client) => client.commit(edits));
      this.#commits += 1;
      return true;
    } catch (error) {
      if (!(error instanceof VinetError)) throw error;
      // FRR's own words may hold what it was told, such as a password; VTY will say them to whoever asked.
      this.#options.log(
        `${this.#options.daemon} is told by VTY what did not get through by gRPC (${error.code})`,
      );
      return false;
    }
  }

  async #visit<T>(timeoutMs: number, work: (client: NorthboundClient) => Promise<T>): Promise<T> {
    const client = await this.#open(timeoutMs);
    try {
      return await work(client);
    } finally {
      client.close();
    }
  }

  async #open(timeoutMs: number): Promise<NorthboundClient> {
    const until = performance.now() + LISTENS_WITHIN_MS;
    for (;;) {
      const client = this.#options.connect(timeoutMs);
      try {
        await client.readCapabilities();
        return client;
      } catch (error) {
        client.close();
        const isTooEarly = error instanceof VinetError && error.code === 'not-running';
        if (!isTooEarly || performance.now() > until) throw error;
      }
      await delay(LOOK_MS);
    }
  }
}
