import type { VtyClient } from '../vty-client.ts';
import type { Adjustment } from './calm-timers.ts';

/** After that whoever looks at the daemon takes them back, should nobody have done so. */
const LONGEST_MS = 60_000;

/** Lines that a running daemon has for a while, beside what is on record as its configuration. Calls may not overlap. */
export class PassingLines {
  readonly #connect: () => Promise<{ readonly client: Pick<VtyClient, 'configure'> }>;
  readonly #answerMs: number;
  #undo: readonly string[] = [];
  #givenAt = 0;

  constructor(connect: () => Promise<{ readonly client: Pick<VtyClient, 'configure'> }>, answerMs: number) {
    this.#connect = connect;
    this.#answerMs = answerMs;
  }

  /** Whether the daemon is to have other lines than those on record. */
  get inForce(): boolean {
    return this.#undo.length > 0 && performance.now() - this.#givenAt < LONGEST_MS;
  }

  async give({ commands, undo }: Adjustment): Promise<void> {
    this.#undo = [...undo, ...this.#undo];
    if (undo.length > 0) this.#givenAt = performance.now();
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
