import type { RoutingState } from '../../model/routing-state.ts';
import type { Frr } from '../frr/frr.ts';
import { type NeighborQuestion, type NeighborTally, questionsFor } from './neighbor-questions.ts';

/** Every router's neighbours are asked for at least this often. */
const PERIOD_MS = 10_000;

interface Followed {
  readonly questions: readonly NeighborQuestion[];
  readonly tally: NeighborTally;
}

/** Knows each router's neighbours: all are asked in turn, all the time, and one by one when there is a reason. */
export class NeighborWatch {
  private readonly frr: Pick<Frr, 'ask'>;
  private readonly onChange: (namespace: string) => void;
  private readonly followed = new Map<string, Followed>();
  private turn: readonly string[] = [];
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(frr: Pick<Frr, 'ask'>, onChange: (namespace: string) => void) {
    this.frr = frr;
    this.onChange = onChange;
  }

  /** What the router speaks may be new; what is known of its neighbours stays until it is asked again. */
  follow(namespace: string, routing: RoutingState): void {
    const questions = questionsFor(routing);
    if (questions.length === 0) return this.unfollow(namespace);
    this.followed.set(namespace, { questions, tally: this.tallyOf(namespace) });
    this.schedule();
  }

  unfollow(namespace: string): void {
    this.followed.delete(namespace);
  }

  tallyOf(namespace: string): NeighborTally {
    return this.followed.get(namespace)?.tally ?? new Map();
  }

  /** Asks one router now. One whose daemon does not answer has no neighbours. */
  async ask(namespace: string): Promise<void> {
    const asked = this.followed.get(namespace);
    if (asked === undefined) return;
    const answers = await Promise.all(
      asked.questions.map(async (question) => ({
        question,
        answer: await this.frr.ask(namespace, question.daemon, question.command).catch(() => null),
      })),
    );
    const before = this.followed.get(namespace);
    if (before === undefined) return;
    const tally = new Map<string, number>();
    for (const { question, answer } of answers)
      for (const state of question.states(answer)) {
        const key = `${question.protocol} ${state}`;
        tally.set(key, (tally.get(key) ?? 0) + 1);
      }
    this.followed.set(namespace, { ...before, tally });
    if ([...tally].join() !== [...before.tally].join()) this.onChange(namespace);
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private schedule(): void {
    if (this.timer !== null || this.closed || this.followed.size === 0) return;
    this.timer = setTimeout(() => void this.askNext(), PERIOD_MS / this.followed.size);
    this.timer.unref();
  }

  private async askNext(): Promise<void> {
    if (this.turn.length === 0) this.turn = [...this.followed.keys()];
    const [next, ...rest] = this.turn;
    this.turn = rest;
    if (next !== undefined) await this.ask(next);
    this.timer = null;
    this.schedule();
  }
}
