import type { VtyClient } from '../vty-client.ts';
import type { Adjustment } from './calm-timers.ts';

/** Lines that a running daemon has for a while, beside what is on record as its configuration. Calls may not overlap. */
export class PassingLines {
  readonly #connect: () => Promise<{ readonly client: Pick<VtyClient, 'configure'> }>;
  readonly #answerMs: number;
  #undo: readonly string[] = [];

  constructor(connect: () => Promise<{ readonly client: Pick<VtyClient, 'configure'> }>, answerMs: number) {
    this.#connect = connect;
    this.#answerMs = answerMs;
  }

  /** Whether the daemon has other lines than those on record. */
  get inForce(): boolean {
    return this.#undo.length > 0;
  }

  async give({ commands, undo }: Adjustment): Promise<void> {
    this.#undo = [...undo, ...this.#undo];
    await this.#tell(commands);
  }

  async takeBack(): Promise<void> {
    await this.#tell(this.#undo);
    this.#undo = [];
  }

  /** The daemon is another process now, which has none of them. */
  forget(): void {
    this.#undo = [];
  }

  async #tell(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const { client } = await this.#connect();
    await client.configure(lines, 'go-on', this.#answerMs);
  }
}
