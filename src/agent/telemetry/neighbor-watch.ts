import type { Frr } from '../frr/frr.ts';

/** Every router's neighbours are asked for at least this often. */
const PERIOD_MS = 10_000;

/** OSPF neighbours by state (RFC 2328, 10.1), such as `Full`. */
export type NeighborTally = ReadonlyMap<string, number>;

/** Knows each router's OSPF neighbours: all are asked in turn, all the time, and one by one when there is a reason. */
export class NeighborWatch {
  private readonly frr: Frr;
  private readonly onChange: (namespace: string) => void;
  private readonly tallies = new Map<string, NeighborTally>();
  private turn: readonly string[] = [];
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(frr: Frr, onChange: (namespace: string) => void) {
    this.frr = frr;
    this.onChange = onChange;
  }

  follow(namespace: string): void {
    if (this.tallies.has(namespace)) return;
    this.tallies.set(namespace, new Map());
    this.schedule();
  }

  unfollow(namespace: string): void {
    this.tallies.delete(namespace);
  }

  tallyOf(namespace: string): NeighborTally {
    return this.tallies.get(namespace) ?? new Map();
  }

  /** Asks one router now. One whose daemon does not answer has no neighbours. */
  async ask(namespace: string): Promise<void> {
    if (!this.tallies.has(namespace)) return;
    const answer = await this.frr.ask(namespace, 'ospfd', 'show ip ospf neighbor json').catch(() => null);
    const before = this.tallies.get(namespace);
    if (before === undefined) return;
    const tally = tallyNeighbors(answer);
    this.tallies.set(namespace, tally);
    if ([...tally].join() !== [...before].join()) this.onChange(namespace);
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private schedule(): void {
    if (this.timer !== null || this.closed || this.tallies.size === 0) return;
    this.timer = setTimeout(() => void this.askNext(), PERIOD_MS / this.tallies.size);
    this.timer.unref();
  }

  private async askNext(): Promise<void> {
    if (this.turn.length === 0) this.turn = [...this.tallies.keys()];
    const [next, ...rest] = this.turn;
    this.turn = rest;
    if (next !== undefined) await this.ask(next);
    this.timer = null;
    this.schedule();
  }
}

/** From `show ip ospf neighbor json`: `{neighbors: {ROUTER-ID: [{nbrState: "Full/DR"}]}}`; FRR 8 says `state`. */
export function tallyNeighbors(answer: unknown): NeighborTally {
  const tally = new Map<string, number>();
  for (const list of Object.values(record(record(answer).neighbors)))
    for (const neighbor of Array.isArray(list) ? list : []) {
      const { nbrState, state } = record(neighbor);
      const name = String(nbrState ?? state ?? 'Unknown').split('/')[0] ?? 'Unknown';
      tally.set(name, (tally.get(name) ?? 0) + 1);
    }
  return tally;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
